"""How documents are cut: the settings, and a live preview of the chunks that they give."""

from __future__ import annotations

from statistics import median
from typing import Any

import streamlit as st

from core import Chunk, Document, DocumentRecord, Mode, Page, Settings, Splitter, Workspace, split
from pages.parts import marked_text, palette, session, work
from pages.parts.marked_text import Segment
from pages.parts.safe_text import shorten
from pages.parts.units import count, percent

_NAMES = {
    "shared": "Tandem's own (sentences, exact offsets)",
    "llamaindex": "LlamaIndex SentenceSplitter",
    "langchain": "LangChain RecursiveCharacterTextSplitter",
}
_SHOWN = 6000


def draw(workspace: Workspace, records: tuple[DocumentRecord, ...], *, busy: bool) -> None:
    """The settings side by side with the preview."""
    ready = [record for record in records if record.state == "indexed"]
    st.subheader("How documents are cut", anchor=False)
    controls, view = st.columns([2, 3], gap="large")
    with controls:
        splitter = _settings(workspace.settings)
        stale = [record for record in ready if record.splitter != splitter.label]
        if stale:
            st.caption(
                f"{count(len(stale), 'document was', 'documents were')} cut in another way. These settings "
                "apply to what is added from now on."
            )
            if st.button("Cut all documents anew", icon=":material/content_cut:", disabled=busy):
                work.rebuild(workspace, Mode.CONTROLLED)
                st.rerun()
    with view:
        _preview(workspace, ready, splitter)


def _settings(settings: Settings) -> Splitter:
    st.selectbox(
        "Splitter",
        list(_NAMES),
        index=list(_NAMES).index(settings.splitter),
        format_func=_NAMES.__getitem__,
        key="cut-splitter",
        on_change=_changed,
        help="One splitter for both engines, so that they get the same chunks. TANDEM_SPLITTER",
    )
    st.slider(
        "Largest chunk, in characters",
        100,
        max(4000, settings.chunk_size),
        settings.chunk_size,
        50,
        key="cut-size",
        on_change=_changed,
        help="TANDEM_CHUNK_SIZE",
    )
    st.slider(
        "Overlap of neighbours, in characters",
        0,
        max(settings.chunk_size // 2, settings.chunk_overlap, 10),
        settings.chunk_overlap,
        10,
        key="cut-overlap",
        on_change=_changed,
        help="TANDEM_CHUNK_OVERLAP",
    )
    return Splitter.of(settings)


def _changed() -> None:
    state: Any = st.session_state
    size = int(state["cut-size"])
    session.current().overrides.update(
        splitter=state["cut-splitter"],
        chunk_size=size,
        chunk_overlap=min(int(state["cut-overlap"]), size // 2),
    )


def _preview(workspace: Workspace, ready: list[DocumentRecord], splitter: Splitter) -> None:
    if not ready:
        st.caption("The preview shows how a document of the corpus is cut. Add one first.")
        return
    names = {record.document_id: record for record in ready}
    choice, number = st.columns([4, 1])
    picked = choice.selectbox(
        "Preview",
        list(names),
        index=_long_one(ready),
        format_func=lambda key: shorten(names[key].name, 80),
        key="preview",
    )
    record = names[picked]
    pages = workspace.catalogue.pages(workspace.name, record.content_hash, record.kind)
    document = Document(record.name, record.content_hash, record.kind, pages)
    with number:
        page = _pick_page(document)
    chunks = split(document, splitter)
    st.markdown(f"**{finding(chunks)}**")
    marked_text.show(
        segments(document.pages[page], page, chunks),
        label=f"Chunks of {record.name}",
        color=palette.NEUTRAL,
        height=380,
        key="chunks",
    )
    st.caption("Neighbouring chunks alternate in colour; what two of them share is striped.")


def _long_one(ready: list[DocumentRecord]) -> int:
    """Place of a document of running text, which shows more of the cutting than slides or tables do."""
    running = ("docx", "html", "md", "txt")
    return max(range(len(ready)), key=lambda n: (ready[n].kind in running, ready[n].characters))


def _pick_page(document: Document) -> int:
    last = max(1, len(document.pages))
    return st.number_input("Page", 1, last, disabled=last == 1, key=f"page-{document.content_hash[:8]}") - 1


def finding(chunks: list[Chunk]) -> str:
    """What the settings give, in a sentence."""
    if not chunks:
        return "No text to cut"
    lengths = [len(chunk.text) for chunk in chunks]
    covered: dict[int, int] = {}
    shared = 0
    for chunk in chunks:
        shared += max(0, covered.get(chunk.page_index, 0) - chunk.start)
        covered[chunk.page_index] = chunk.end
    return (
        f"{count(len(chunks), 'chunk')}, median {median(lengths):,.0f} characters, "
        f"{percent(shared / sum(lengths))} of the text twice"
    )


def segments(page: Page, index: int, chunks: list[Chunk]) -> list[Segment]:
    """The chunks of one page, marked; a page longer than 6,000 characters is shown up to there."""
    text = page.text[:_SHOWN]
    spans = [
        (chunk.position + 1, chunk.start, min(chunk.end, len(text)))
        for chunk in chunks
        if chunk.page_index == index and chunk.start < len(text)
    ]
    marked = marked_text.boundaries(text, spans)
    if len(page.text) > _SHOWN:
        marked.append(Segment("label", f"{len(page.text) - _SHOWN:,} more characters"))
    return marked
