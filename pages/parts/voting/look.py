"""How a vote looks: the buttons stay in sight, and a presentation fills a screen that many look at.

Style sheets of our own: nothing of a document, a model or a person is ever in them.
"""

from __future__ import annotations

import streamlit as st

from pages.parts.palette import DARK_PAGE, LIGHT_PAGE

_ALWAYS = """
.st-key-vote-unseen { position: absolute; height: 0; overflow: hidden; }
[data-testid="stLayoutWrapper"]:has(> .st-key-ballot-buttons) { position: sticky; bottom: 0; z-index: 20;
  padding: 0.6rem 0 0.7rem; background: var(--vote-page); }
.st-key-ballot-choices button, .st-key-next-ballot button { min-height: 3.4rem; }
.st-key-ballot-choices button p, .st-key-next-ballot button p { font-size: 1.05rem; font-weight: 600; }
.st-key-ballot-after, .st-key-ballot-hint { min-height: 2.6rem; }
@media (max-width: 640px) {
  .st-key-ballot-choices [data-testid="stHorizontalBlock"] { display: grid; grid-template-columns: 1fr 1fr;
    gap: 0.5rem; }
  .st-key-ballot-choices [data-testid="stColumn"] { min-width: 0; width: auto; }
  .st-key-ballot-choices button { min-height: 2.9rem; }
  .st-key-ballot-hint { display: none; }
}
"""

_PRESENT = """
[data-testid="stHeader"], [data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 1rem 2.6rem 0; max-width: none; }
.st-key-stage h3 { font-size: 2.1rem; line-height: 1.25; padding: 0 0 0.4rem; }
.st-key-stage h4 { font-size: 1.7rem; padding: 0 0 0.5rem; }
.st-key-stage [data-testid="stMarkdownContainer"] { font-size: 1.3rem; line-height: 1.5; }
.st-key-stage [data-testid="stMarkdownContainer"] :is(p, li) { font-size: inherit; }
.st-key-stage [data-testid="stCaptionContainer"] { font-size: 1.05rem; }
.st-key-stage input { font-size: 1.3rem; }
.st-key-stage .stButton [data-testid="stMarkdownContainer"] { font-size: 1.05rem; }
.st-key-ballot-choices button, .st-key-next-ballot button { min-height: 4.6rem; }
.st-key-stage :is(.st-key-ballot-choices, .st-key-next-ballot) button p { font-size: 1.5rem; }
@media (min-width: 900px) {
  .st-key-stage { --room: 22rem; }
  .st-key-stage:has(.st-key-skip-ballot) { --room: 26.5rem; }
  .st-key-stage:has(.st-key-revealed) { --room: 40.5rem; }
  .st-key-answer-a, .st-key-answer-b { overflow-y: auto;
    min-height: max(14rem, calc(100dvh - var(--room))); max-height: max(14rem, calc(100dvh - var(--room))); }
}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding: 0.8rem 1rem 0; }
  .st-key-stage h3 { font-size: 1.5rem; }
  .st-key-stage [data-testid="stMarkdownContainer"] { font-size: 1.1rem; }
  .st-key-ballot-choices button, .st-key-next-ballot button { min-height: 3.2rem; }
  .st-key-stage .st-key-ballot-choices button p, .st-key-stage .st-key-next-ballot button p {
    font-size: 1.1rem; }
}
"""


def dress(*, presenting: bool) -> None:
    """Put the style in place."""
    page = DARK_PAGE if st.context.theme.type == "dark" else LIGHT_PAGE
    root = f":root {{ --vote-page: {page}; }}"
    st.html(f"<style>{root}{_ALWAYS}{_PRESENT if presenting else ''}</style>")
