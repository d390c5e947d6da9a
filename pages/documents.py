"""Documents: add files, watch them being indexed, see how they are cut, delete them."""

from __future__ import annotations

from math import ceil

import streamlit as st

import core
from core import SUPPORTED, Workspace
from pages.parts import asking, chunking, corpus, frame, session, states, work
from pages.parts.units import count


def main() -> None:
    """Draw the page."""
    with states.guarded():
        workspace = session.workspace()
        busy = work.running()
        _add(workspace, busy=busy is not None)
        # The progress stands above the corpus, but is drawn last: it goes on until the job ends.
        place = st.container()
        ended = work.finished()
        if busy is None and ended is not None:
            with place:
                work.report(ended)
        records = corpus.records(workspace)
        corpus.draw(workspace, records, busy=busy is not None)
        chunking.draw(workspace, records, busy=busy is not None)
        if busy is not None:
            with place:
                work.watch(busy)


def _add(workspace: Workspace, *, busy: bool) -> None:
    limit = workspace.settings.max_file_mb
    round_of_uploads = st.session_state.setdefault("round of uploads", 0)
    files = st.file_uploader(
        f"Add documents: {', '.join(sorted(SUPPORTED))}, up to {limit:g} MB each",
        accept_multiple_files=True,
        max_upload_size=ceil(limit),
        key=f"uploads-{round_of_uploads}",
        disabled=busy,
    )
    with st.container(horizontal=True):
        if files and st.button(
            f"Add {count(len(files), 'document')}", type="primary", icon=":material/upload:", disabled=busy
        ):
            work.add(workspace, [core.Upload(file.name, file.getvalue()) for file in files])
            # A new key empties the uploader: the files are the job's now.
            st.session_state["round of uploads"] = round_of_uploads + 1
            st.rerun()
        if st.button("Load the sample corpus", icon=":material/auto_stories:", disabled=busy):
            asking.load_sample(workspace)
            st.rerun()


frame.page(main)
