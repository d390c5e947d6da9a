"""Citations like [2] in an answer: links that open the quoted chunk where it stands in its page."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

_CITED = re.compile(r"\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")

# The links lead to `#cite-...`; the browser's own jump is replaced by a message to the page.
_JS = """
export default function ({ setTriggerValue }) {
  const clicked = (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#cite-"]');
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    setTriggerValue('cite', link.getAttribute('href').slice(6));
  };
  document.addEventListener('click', clicked, true);
  return () => document.removeEventListener('click', clicked, true);
}
"""

_listener = st.components.v2.component("tandem_citations", js=_JS)


def numbers(text: str, count: int) -> list[int]:
    """The passages that `text` cites, each once, in order; numbers outside 1..`count` are no citation."""
    found = [int(number) for group in _CITED.findall(text) for number in group.split(",")]
    return [number for number in dict.fromkeys(found) if 1 <= number <= count]


def link(text: str, engine: str, count: int) -> str:
    """Turn the citations in markdown that is already safe into links."""

    def replace(found: re.Match[str]) -> str:
        cited = [int(number) for number in found.group(1).split(",")]
        if not all(1 <= number <= count for number in cited):
            return found.group()
        return "".join(rf"[\[{number}\]](#cite-{engine}-{number})" for number in cited)

    return _CITED.sub(replace, text)


def parse(target: str | None) -> tuple[str, int] | None:
    """Read what a link says: engine and number."""
    found = re.fullmatch(r"([a-z]{1,20})-(\d{1,2})", target or "")
    return (found.group(1), int(found.group(2))) if found else None


def listen(key: str, clicked: Callable[[str, int], None]) -> None:
    """Call `clicked(engine, number)` when a citation on this page is followed."""

    def changed() -> None:
        target = parse(st.session_state[key].cite)
        if target:
            clicked(*target)

    _listener(key=key, on_cite_change=changed, height=1)
