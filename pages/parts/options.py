"""How a question is asked: retrieval, top-k, mode and documents, in a popover with a line that sums up."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import AskOptions, DocumentRecord, Mode, Retrieval, Workspace
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count

RETRIEVALS = {
    Retrieval.HYBRID: "Hybrid",
    Retrieval.DENSE: "Dense",
    Retrieval.MMR: "MMR",
}
_WORDS = {Retrieval.HYBRID: "hybrid", Retrieval.DENSE: "dense", Retrieval.MMR: "MMR"}
MEANING = (
    "**Hybrid** fuses vectors with BM25 keyword search. **Dense** uses vectors alone. "
    "**MMR** takes vectors that differ from each other."
)
MODES = {Mode.CONTROLLED: "Controlled", Mode.NATIVE: "Native"}
MODES_MEANING = (
    "**Controlled**: both frameworks get the same chunks, vectors, index, prompt and model, so what "
    "differs is the framework. **Native**: each uses its own splitter, prompt and defaults."
)


@dataclass(frozen=True)
class Chosen:
    """The options as chosen, and the line that sums them up (markdown)."""

    options: AskOptions
    summary: str


def choose(workspace: Workspace, documents: tuple[DocumentRecord, ...]) -> Chosen:
    """Draw the popover; returns what is chosen. Choices last for the session."""
    with st.popover("Options", icon=":material/tune:"):
        mode = _mode()
        retrieval = _retrieval(workspace, mode)
        top_k = _top_k(workspace, mode)
        names = _documents(documents)
    options = AskOptions(retrieval=retrieval, top_k=top_k, mode=mode, documents=names)
    return Chosen(options, summary(options, len(documents)))


def _mode() -> Mode:
    label = st.segmented_control(
        "Mode",
        list(MODES.values()),
        default=MODES[Mode.CONTROLLED],
        required=True,
        help=MODES_MEANING,
        key="mode",
        persist_state="session",
    )
    return next((mode for mode, shown in MODES.items() if shown == label), Mode.CONTROLLED)


def _retrieval(workspace: Workspace, mode: Mode) -> Retrieval:
    offered = [kind for kind in RETRIEVALS if kind is not Retrieval.HYBRID or _has_hybrid(workspace, mode)]
    usual = workspace.default_retrieval(mode)
    label = st.segmented_control(
        "Retrieval",
        [RETRIEVALS[kind] for kind in offered],
        default=RETRIEVALS[usual],
        required=True,
        help=MEANING,
        key=f"retrieval-{mode.value}-{len(offered)}",
        persist_state="session",
    )
    if not _has_hybrid(workspace, mode):
        st.caption(
            "Native mode has no hybrid search: it is not among the frameworks' defaults."
            if mode is Mode.NATIVE
            else f"{workspace.backend.label} has no hybrid search."
        )
    return next((kind for kind in offered if RETRIEVALS[kind] == label), usual)


def _has_hybrid(workspace: Workspace, mode: Mode) -> bool:
    return mode is Mode.CONTROLLED and workspace.backend.capabilities.hybrid


def _top_k(workspace: Workspace, mode: Mode) -> int | None:
    if mode is Mode.NATIVE:
        st.caption("Each framework retrieves as many chunks as it does by default.")
        return None
    return st.slider(
        "Chunks per question (top-k)",
        1,
        20,
        min(workspace.settings.top_k, 20),
        key="top-k",
        persist_state="session",
    )


def _documents(documents: tuple[DocumentRecord, ...]) -> tuple[str, ...] | None:
    names = sorted({record.name for record in documents})
    chosen = st.multiselect(
        "Only these documents",
        names,
        placeholder="All documents",
        key="only documents",
        persist_state="session",
    )
    known = tuple(name for name in chosen if name in names)
    return known or None


def summary(options: AskOptions, total: int | None = None) -> str:
    """The options in a line (markdown); `total` is how many documents there are, when that matters."""
    parts = [MODES[options.mode]]
    if options.retrieval:
        parts.append(f"{_WORDS[options.retrieval]} search")
    parts.append("own top-k" if options.top_k is None else f"top {options.top_k}")
    if options.documents is None:
        if total is not None:
            parts.append(f"all {count(total, 'document')}" if total != 1 else "1 document")
    elif len(options.documents) == 1:
        parts.append(f"only {plain(shorten(options.documents[0], 40))}")
    else:
        parts.append(f"only {count(len(options.documents), 'document')}")
    return " · ".join(parts)
