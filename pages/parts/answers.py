"""The two answers side by side, drawn while they are written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from core import Answer, Hit
from pages.parts import citations, palette
from pages.parts.exchange import Exchange, Side
from pages.parts.overlap import place
from pages.parts.safe_text import markdown, plain, shorten
from pages.parts.units import count, seconds

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

# Each drawing sends an answer's whole text again: at every token 7 MB for two long answers, so, 0.9 MB.
TICK = 0.08

_STATES = {
    "stopped": ":gray-badge[:material/stop_circle: Stopped]",
    "failed": ":red-badge[:material/error: Failed]",
}


def draw(exchange: Exchange) -> None:
    """Draw both answers, and go on drawing until no more comes; then their sources and figures."""
    cards = {
        name: _Card(side, column)
        for (name, side), column in zip(exchange.sides.items(), st.columns(len(exchange.sides)), strict=True)
    }
    drawn = None
    while True:
        still_open, version = exchange.open, exchange.version
        for card in cards.values():
            card.tick(seconds(time.perf_counter() - exchange.asked))
            if version != drawn:
                card.text()
        drawn = version
        if not still_open:
            break
        time.sleep(TICK)
    for card in cards.values():
        card.finish(exchange)


class _Card:
    """One engine's column."""

    def __init__(self, side: Side, column: DeltaGenerator) -> None:
        self._side = side
        self._look = palette.engine(side.engine)
        card = column.container(border=True, key=f"answer-{side.engine}")
        head = card.container(horizontal=True, vertical_alignment="center")
        head.markdown(f"#### {self._look.dot} {self._look.label}", width="stretch")
        self._state = head.empty()
        self._text = card.empty()
        self._foot = card.container(gap="small")

    def tick(self, elapsed: str) -> None:
        """Say what the engine is doing right now."""
        side = self._side
        if side.state == "waiting":
            doing = (
                f"{count(len(side.hits), 'chunk')} found, waiting for the model" if side.hits else "Searching"
            )
            self._state.markdown(f":gray[:shimmer[{doing}] · {elapsed}]")
        elif side.state == "writing":
            self._state.markdown(f":gray[:shimmer[Writing] · {elapsed}]")
        elif side.state == "done" and side.answer:
            self._state.markdown(f":green-badge[:material/check: {seconds(side.answer.timings.total)}]")
        else:
            self._state.markdown(_STATES[side.state])

    def text(self) -> None:
        """Draw the answer's text as it stands."""
        side = self._side
        shown = citations.link(markdown(side.text), side.engine, len(side.hits))
        if shown.strip():
            self._text.markdown(shown)
        elif side.open:
            self._text.markdown(":gray[…]")
        elif side.state == "done":
            self._text.markdown(":gray[The model returned an empty answer.]")
        else:
            self._text.empty()

    def finish(self, exchange: Exchange) -> None:
        """What belongs under a finished answer: why it failed, its sources, its figures."""
        side = self._side
        with self._foot:
            if side.answer and side.answer.error:
                st.error(plain(side.answer.error), icon=":material/error:")
            _sources(exchange, side)
            if side.answer:
                st.caption(figures(side.answer))


def _sources(exchange: Exchange, side: Side) -> None:
    """A button a chunk: those that the answer cites by name, the others by number."""
    cited = citations.numbers(side.text, len(side.hits))
    named = [hit for hit in side.hits if hit.rank in cited]
    others = [hit for hit in side.hits if hit.rank not in cited]
    if named:
        with st.container(gap="xsmall"):
            for hit in named:
                _source(exchange, side, hit, f"\\[{hit.rank}\\] {plain(place(hit))}")
    if others:
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            st.caption("Also retrieved" if named else "Retrieved, not cited", width="content")
            for hit in others:
                _source(exchange, side, hit, f"\\[{hit.rank}\\]")


def _source(exchange: Exchange, side: Side, hit: Hit, label: str) -> None:
    st.button(
        label,
        key=f"source-{exchange.id}-{side.engine}-{hit.rank}",
        type="tertiary",
        icon=":material/format_quote:" if len(label) > 8 else None,
        help=f"{plain(place(hit))}: {plain(shorten(hit.chunk.text, 140))}",
        on_click=point_at,
        args=(side.engine, hit.rank),
    )


def point_at(engine: str, number: int) -> None:
    """Ask for the source dialog in the coming run."""
    st.session_state["source asked for"] = (engine, number)


def pointed_at() -> tuple[str, int] | None:
    """What `point_at` asked for, once."""
    wanted: tuple[str, int] | None = st.session_state.pop("source asked for", None)
    return wanted


def figures(answer: Answer) -> str:
    """The answer's wire timings and tokens in one line."""
    times = answer.timings
    parts = [
        f"{label} {seconds(value)}"
        for label, value in (
            ("embed", times.embed),
            ("search", times.search),
            ("first token after", times.first_token),
            ("model", times.generate),
            ("framework", times.overhead),
        )
        if value is not None
    ]
    if answer.usage and answer.usage.output_tokens:
        parts.append(f"{answer.usage.input_tokens:,} tokens in, {answer.usage.output_tokens:,} out")
        if answer.usage.cost is not None:
            parts.append(f"cost {answer.usage.cost:.4f}")
    return " · ".join(parts)
