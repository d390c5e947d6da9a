"""The verdict of a run, as a page shows it: the answer large, then what to do and why."""

from __future__ import annotations

import re

import streamlit as st

from core import bench
from pages.parts.safe_text import plain

_CARDS = {
    "advice": ("What to do", "lightbulb"),
    "cause": ("Why", "troubleshoot"),
    "overhead": ("What the frameworks add", "layers"),
}
# In text that `plain` has escaped.
_INTERVAL = re.compile(r"\\\(((?:95% interval|one round)[^()]*?)\\\)")
_FACTOR = re.compile(r"((?:\d[\d,]*(?:\\\.\d+)?) times (?:as fast|as long|slower))")
_SAME = re.compile(r"(no measurable difference)")


def draw(result: bench.RunResult, *, otherwise: str = "") -> None:
    """The sentences of the verdict; when there is none, `otherwise`, or why there is none."""
    topics: dict[str, list[str]] = {}
    for item in result.verdict:
        topics.setdefault(item.topic, []).append(item.text)
    for text in topics.get("quality", ()):
        st.warning(plain(text), icon=":material/warning:")
    _answers(topics.get("winner", []))
    for text in topics.get("backend", ()):
        st.info(plain(text), icon=":material/info:")
    cards = {topic: topics[topic] for topic in _CARDS if topic in topics}
    if cards:
        _cards(cards)
    if not result.verdict:
        st.markdown(f"### {otherwise or nothing_said(result)}", anchors=False)


def nothing_said(result: bench.RunResult) -> str:
    """Why there is no verdict."""
    if not any(cell.valid for cell in result.cells):
        return "Nothing was measured, so there is nothing to say"
    return "No two cells of this run can be compared: measure several modes or frameworks"


def _answers(texts: list[str]) -> None:
    """The first sentence on each operation large, the others below it."""
    seen: set[str] = set()
    for text in texts:
        subject = text.partition(":")[0].partition(" (")[0]
        if subject in seen:
            st.markdown(f":material/subdirectory_arrow_right: {styled(text)}")
        else:
            st.markdown(f"### {styled(text, bold=False)}", anchors=False)
            seen.add(subject)


def _cards(cards: dict[str, list[str]]) -> None:
    with st.grid(len(cards), min_column_width=300):
        for topic, texts in cards.items():
            title, icon = _CARDS[topic]
            with st.container(border=True, height="stretch", gap="small"):
                st.markdown(f":material/{icon}: **{title}**")
                st.markdown("\n".join(f"- {styled(text)}" for text in texts))


def styled(text: str, *, bold: bool = True) -> str:
    """A sentence made safe, with its factor standing out and its interval standing back."""
    safe = _INTERVAL.sub(r":small[:gray[(\1)]]", plain(text))
    if not bold:
        return safe
    return _SAME.sub(r"**\1**", _FACTOR.sub(r"**\1**", safe))
