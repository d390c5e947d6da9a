"""Under the answers: where the time went, what was retrieved, what was held equal."""

from __future__ import annotations

import streamlit as st

import core
from core import Hit, Mode, Workspace
from pages.parts import overlap, palette, waterfall
from pages.parts.exchange import Exchange
from pages.parts.safe_text import plain


def draw(workspace: Workspace, exchange: Exchange) -> None:
    """Draw all three for an exchange that is over."""
    if any(answer.timings.spans for answer in exchange.answers):
        _times(exchange)
    if any(side.hits for side in exchange.sides.values()):
        _retrieved(exchange)
    _parity(workspace, exchange)


def _times(exchange: Exchange) -> None:
    first = " It was the first here, so it includes one-time set-up." if exchange.first else ""
    st.subheader("Where the time went", anchor=False)
    st.markdown(f"**{waterfall.finding(exchange.answers)}**")
    st.plotly_chart(
        waterfall.figure(exchange.answers),
        key=f"waterfall-{exchange.id}",
        config={"displayModeBar": False},
        alt=waterfall.finding(exchange.answers),
    )
    st.caption(
        "Measured at the wire, on one axis for both. Framework is what no call to Milvus or the model "
        f"covers. One question is one sample, not a verdict.{first}"
    )


def _retrieved(exchange: Exchange) -> None:
    left, right = (_hits(exchange, name) for name in ("llamaindex", "langchain"))
    st.subheader("What each retrieved", anchor=False)
    if exchange.options.mode is Mode.NATIVE:
        st.markdown("**Each engine cut the documents its own way, so no chunk can be shared**")
    else:
        st.markdown(f"**{overlap.finding(left, right)}**")
    st.table(overlap.records(left, right), border="horizontal", hide_header=False)


def _hits(exchange: Exchange, name: str) -> tuple[Hit, ...]:
    side = exchange.sides.get(name)  # type: ignore[call-overload]
    return side.hits if side else ()


def _parity(workspace: Workspace, exchange: Exchange) -> None:
    rows = core.parity(workspace, exchange.options.mode, exchange.options.retrieval)
    equal = sum(row.equal for row in rows)
    with st.expander(f"What is held equal: {equal} of {len(rows)}", icon=":material/balance:"):
        st.table(
            [
                {
                    "": ":green[:material/check:]" if row.equal else ":orange[:material/close:]",
                    "What": f"**{plain(row.what)}** {_note(row.note)}".strip(),
                    palette.engine("llamaindex").label: plain(row.llamaindex),
                    palette.engine("langchain").label: plain(row.langchain) if not row.equal else "the same",
                }
                for row in rows
            ],
            border="horizontal",
            hide_index=True,
        )


def _note(note: str) -> str:
    return f":small[:gray[{plain(note)}]]" if note else ""
