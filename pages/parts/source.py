"""The dialog that shows a retrieved chunk where it stands in its document."""

from __future__ import annotations

import streamlit as st

from core import Hit, Page, Workspace
from pages.parts import marked_text, palette
from pages.parts.exchange import Exchange
from pages.parts.safe_text import plain


def show(workspace: Workspace, exchange: Exchange, engine: str, number: int) -> None:
    """Open the dialog for passage `number` of an engine's answer; nothing when there is no such passage."""
    side = exchange.sides.get(engine)  # type: ignore[call-overload]
    hit = next((hit for hit in side.hits if hit.rank == number), None) if side else None
    if hit is not None:
        _dialog(workspace, exchange, engine, hit)


@st.dialog("Source", width="large", icon=":material/format_quote:")
def _dialog(workspace: Workspace, exchange: Exchange, engine: str, hit: Hit) -> None:
    look = palette.engine(engine)
    st.markdown(f"**\\[{hit.rank}\\] {plain(hit.chunk.source)}**")
    st.caption(" · ".join(_facts(exchange, hit)))
    page = _page(workspace, exchange, hit)
    if page is None:
        st.caption("The document is no longer in the corpus; this is the chunk as it was retrieved.")
    text = page.text if page else hit.chunk.text
    segments = marked_text.quote(text, hit.chunk.start, hit.chunk.end, hit.chunk.text)
    marked_text.show(
        segments,
        label=f"Passage {hit.rank} in {hit.chunk.source}",
        color=look.color,
        key=f"passage-{exchange.id}-{engine}-{hit.rank}",
    )


def _page(workspace: Workspace, exchange: Exchange, hit: Hit) -> Page | None:
    space = workspace.space(exchange.options.mode)
    return workspace.catalogue.page(space, hit.chunk.document_id, hit.chunk.page_index)


def _facts(exchange: Exchange, hit: Hit) -> list[str]:
    facts = [] if hit.chunk.page is None else [f"page {hit.chunk.page}"]
    facts.append(f"chunk {hit.chunk.position + 1}")
    for name, side in exchange.sides.items():
        same = next((other for other in side.hits if other.chunk.id == hit.chunk.id), None)
        label = palette.engine(name).label
        if same is None:
            facts.append(f"not retrieved by {label}")
        else:
            score = "" if same.score is None else f" (score {same.score:.3f})"
            facts.append(f"rank {same.rank} in {label}{score}")
    return facts
