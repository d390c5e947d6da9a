"""Text of a document with stretches marked: the quoted chunk in its page, or chunk boundaries.

A component, because the text must be shown letter by letter (its script only ever sets `textContent`,
so nothing in a document can become an element) and because the view has to scroll to the mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import streamlit as st

Kind = Literal["plain", "quote", "even", "odd", "overlap", "label"]

_CSS = """
.text {
  white-space: pre-wrap; overflow-wrap: anywhere; overflow-y: auto; box-sizing: border-box;
  font-family: var(--st-font); font-size: 0.95rem; line-height: 1.6; color: var(--st-text-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  padding: 0.75rem 1rem;
}
.text:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.text > * { color: inherit; border-radius: 3px; }
mark { background: color-mix(in srgb, var(--mark) 32%, transparent); }
.faint { opacity: 0.72; }
.even { background: color-mix(in srgb, #3391F5 16%, transparent); }
.odd { background: color-mix(in srgb, #A99132 20%, transparent); }
.overlap {
  background: repeating-linear-gradient(-45deg, color-mix(in srgb, #3391F5 30%, transparent) 0 6px,
    color-mix(in srgb, #A99132 34%, transparent) 6px 12px);
}
.label {
  font-family: var(--st-code-font); font-size: 0.7rem; padding: 0.05rem 0.35rem; margin: 0 0.3rem;
  border: 1px solid var(--st-border-color); background: var(--st-secondary-background-color);
  white-space: nowrap; user-select: none; vertical-align: 1px;
}
"""

_JS = """
export default function ({ data, parentElement }) {
  const holder = document.createElement('div');
  holder.className = 'text';
  holder.tabIndex = 0;
  holder.setAttribute('role', 'region');
  holder.setAttribute('aria-label', data.label);
  holder.style.maxHeight = data.height + 'px';
  holder.style.setProperty('--mark', data.color);
  for (const [kind, text] of data.segments) {
    const piece = document.createElement(kind === 'quote' ? 'mark' : 'span');
    piece.className = kind === 'plain' ? data.plain : kind;
    piece.textContent = text;
    holder.append(piece);
  }
  parentElement.querySelectorAll('.text').forEach((old) => old.remove());
  parentElement.append(holder);
  const mark = holder.querySelector('mark');
  if (mark) requestAnimationFrame(() => {
    holder.scrollTop = Math.max(0, mark.offsetTop - holder.offsetTop - 48);
  });
}
"""

_component = st.components.v2.component("tandem_marked_text", css=_CSS, js=_JS)


@dataclass(frozen=True)
class Segment:
    """A stretch of text and how it is marked."""

    kind: Kind
    text: str


def show(segments: Sequence[Segment], *, label: str, color: str, height: int = 420, key: str) -> None:
    """Draw the text, scrolled to its first quote; `label` names the region to a screen reader."""
    quoted = any(segment.kind == "quote" for segment in segments)
    _component(
        key=key,
        data={
            "segments": [[segment.kind, segment.text] for segment in segments],
            "label": label,
            "color": color,
            "height": height,
            "plain": "faint" if quoted else "whole",
        },
    )


def quote(page: str, start: int, end: int, text: str) -> list[Segment]:
    """Mark one chunk in its page; a chunk that is not found there is shown alone."""
    if page[start:end] != text:
        start = page.find(text)
        end = start + len(text)
    if not text or start < 0:
        return [Segment("quote", text)]
    parts = [("plain", page[:start]), ("quote", page[start:end]), ("plain", page[end:])]
    return [Segment(kind, part) for kind, part in parts if part]  # type: ignore[arg-type]


def boundaries(page: str, spans: Sequence[tuple[int, int, int]]) -> list[Segment]:
    """Mark chunks in their page: `spans` are (number, start, end) in order of start.

    Neighbours alternate in colour, what two chunks share is striped, and a label opens each.
    """
    edges = sorted({0, len(page), *(edge for _, start, end in spans for edge in (start, end))})
    segments: list[Segment] = []
    for left, right in pairwise(edges):
        segments += [Segment("label", f"chunk {number}") for number, start, _ in spans if start == left]
        inside = [number for number, start, end in spans if start < right and end > left]
        segments.append(Segment(_shade(inside), page[left:right]))
    return segments


def _shade(inside: list[int]) -> Kind:
    if len(inside) > 1:
        return "overlap"
    if not inside:
        return "plain"
    return "odd" if inside[0] % 2 else "even"
