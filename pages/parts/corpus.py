"""The table of the corpus, and deleting from it."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core import SUPPORTED, DocumentRecord, Workspace
from pages.parts import states, work
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count

_STATES = {
    "indexed": "Ready",
    "indexing": "Being indexed",
    "retired": "Being deleted",
    "lost": "Lost by Milvus: index again",
}


def records(workspace: Workspace) -> tuple[DocumentRecord, ...]:
    """Every document with its state; a replaced revision is left out where the new one is ready."""
    found = workspace.catalogue.documents(workspace.space())
    ready = {record.name for record in found if record.state == "indexed"}
    return tuple(record for record in found if record.state == "indexed" or record.name not in ready)


def draw(workspace: Workspace, found: tuple[DocumentRecord, ...], *, busy: bool) -> None:
    """The table with its buttons, or what to do when there is nothing."""
    if not found:
        if not busy:
            states.empty(
                "folder_open",
                "No documents yet",
                "Drop files above: each is cut and embedded once, and indexed in both engines. "
                "Or load the sample corpus to look around.",
            )
        return
    chunks = sum(record.chunks for record in found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader(
            f"{count(len(found), 'document')}, {count(chunks, 'chunk')} in each engine",
            anchor=False,
            width="stretch",
        )
        if st.button("Delete…", icon=":material/delete:", disabled=busy):
            _delete(workspace, found)
    st.dataframe(
        [_row(record) for record in found],
        hide_index=True,
        key="corpus",
        height="content" if len(found) <= 12 else 460,
        column_config={
            "Characters": st.column_config.NumberColumn(format="localized"),
            "Chunks": st.column_config.NumberColumn(format="localized"),
            "Added": st.column_config.DatetimeColumn(format="distance"),
            "Cut by": st.column_config.TextColumn(
                help="Splitter, largest chunk and overlap of neighbours, in characters"
            ),
        },
    )


def _row(record: DocumentRecord) -> dict[str, object]:
    return {
        "Document": record.name,
        "State": _STATES[record.state],
        "Type": SUPPORTED.get(record.kind, record.kind.upper()),
        "Characters": record.characters,
        "Chunks": record.chunks,
        "Added": datetime.fromtimestamp(record.added_at, UTC),
        "Cut by": cut_by(record.splitter),
    }


def cut_by(label: str) -> str:
    """A splitter's label in short: `shared, 1,000 / 150`."""
    name, _, rest = label.partition(":")
    size, _, overlap = rest.partition(":")
    if not overlap:
        return label
    return f"{name}, {int(size):,} / {int(overlap):,}"


@st.dialog("Delete documents", icon=":material/delete:")
def _delete(workspace: Workspace, found: tuple[DocumentRecord, ...]) -> None:
    names = sorted({record.name for record in found})
    everything = st.checkbox(f"All {count(len(names), 'document')}", key="delete everything")
    chosen = names if everything else st.multiselect("Documents to delete", names, key="delete these")
    if chosen:
        what = plain(shorten(chosen[0], 60)) if len(chosen) == 1 else count(len(chosen), "document")
        st.caption(f"{what} and all chunks go from both engines. This cannot be undone.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep them", key="keep"):
            st.rerun()
        label = f"Delete {count(len(chosen), 'document')}" if chosen else "Delete"
        if st.button(label, type="primary", key="delete", disabled=not chosen):
            work.remove(workspace, chosen)
            st.rerun()
