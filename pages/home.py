"""Home: what Tandem is, what it is connected to, and one button to see it work."""

from __future__ import annotations

import streamlit as st

from core import Workspace, sample
from pages.parts import asking, frame, palette, session, states, who, work
from pages.parts.safe_text import plain
from pages.parts.units import count

_ENGINES = (palette.engine("llamaindex").tag, palette.engine("langchain").tag)
_SENTENCES = (
    f"Tandem puts one question to {_ENGINES[0]} and {_ENGINES[1]} at once, over your documents in your "
    "Milvus, and shows both answers as they are written. Each comes with the passages it rests on and with "
    "where its time went, so you can see what the framework itself changes. Then it measures: how much "
    "faster async, threads and batches really are on your Milvus, and which framework answers better."
)

_STEPS = (
    (
        "pages/documents.py",
        "Add documents",
        "folder_open",
        (
            "PDF, Word, PowerPoint, web pages, tables and text. Each is cut and embedded once, and "
            "indexed in both engines."
        ),
    ),
    (
        "pages/compare.py",
        "Ask and compare",
        "compare_arrows",
        (
            "Both frameworks answer at once: citations, shared chunks, where the time went. Or hold a blind "
            "vote: which answer do people prefer?"
        ),
    ),
    (
        "pages/evaluate.py",
        "Evaluate the answers",
        "fact_check",
        (
            "Questions with known answers, under several settings: which one answers better, by how much, "
            "and can that be told from chance?"
        ),
    ),
    (
        "pages/benchmark.py",
        "Benchmark async",
        "speed",
        (
            "One by one, threads, asyncio, batches: what each buys on your Milvus, by how much, and why. "
            "Both tutorials are presets."
        ),
    ),
    (
        "pages/history.py",
        "Keep and share the results",
        "history",
        "Every run is kept as it goes. Compare two, send one as a single HTML page, import a colleague's.",
    ),
    (
        "pages/settings.py",
        "Use your own Milvus and model",
        "tune",
        "Any Milvus or Zilliz Cloud, any OpenAI-compatible endpoint. Keys stay in your browser session.",
    ),
)


def main() -> None:
    """Draw the page."""
    with st.container(width=780):
        st.markdown(_SENTENCES)
    with states.guarded():
        workspace = session.workspace()
        asking.when_loaded()
        busy = work.running()
        _start(workspace, busy=busy is not None)
        place = st.container(width=780)
        ended = work.finished()
        if busy is None and ended is not None and ended.state != "done":
            with place:
                work.report(ended)
        _connected(workspace)
        _steps()
        if busy is not None:
            with place:
                work.watch(busy)


def _start(workspace: Workspace, *, busy: bool) -> None:
    has_documents = bool(session.documents(workspace))
    with st.container(horizontal=True):
        if has_documents and st.button(
            "Ask your documents", type="primary", icon=":material/compare_arrows:", disabled=busy
        ):
            st.switch_page("pages/compare.py")
        if st.button(
            "Try it on the sample corpus",
            type="secondary" if has_documents else "primary",
            icon=":material/play_arrow:",
            disabled=busy,
        ):
            asking.ask_first(workspace)
            st.rerun()
        if st.button("Add your own documents", icon=":material/upload_file:", type="tertiary"):
            st.switch_page("pages/documents.py")
    if not has_documents:
        st.caption(
            f"Loads {count(len(sample.documents()), 'document')} and asks: “{plain(sample.FIRST_QUESTION)}”"
        )


def _connected(workspace: Workspace) -> None:
    st.subheader("Connected to", anchor=False)
    documents = session.documents(workspace)
    chunks = sum(record.chunks for record in documents)
    private = session.current().private
    corpus = (
        "folder_open",
        count(len(documents), "document"),
        f"{count(chunks, 'chunk')} in each engine, in {'a private' if private else 'a shared'} workspace",
    )
    facts = {
        "Vectors": who.stored_in(workspace),
        "Answers": who.answers_with(workspace),
        "Embeddings": ("scatter_plot", who.embeds_with(workspace), "One model for both engines"),
        "Corpus": corpus,
    }
    with st.grid(4, min_column_width=230):
        for label, (icon, name, meaning) in facts.items():
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.caption(f":material/{icon}: {label}")
                st.markdown(f"**{name}**")
                st.caption(meaning)


def _steps() -> None:
    st.subheader("How it works", anchor=False)
    with st.grid(3, min_column_width=260):
        for page, label, icon, text in _STEPS:
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.page_link(page, label=f"**{label}**", icon=f":material/{icon}:")
                st.caption(text)


frame.page(main)
