"""Two runs of one kind side by side: what changed, and whether that can be told."""

from __future__ import annotations

import streamlit as st

import core
from core import TandemError, Workspace, kinds
from pages.parts import session, states
from pages.parts.lab import faces, runs
from pages.parts.safe_text import plain
from pages.parts.units import count

_PARAMETER = "with"


def wanted() -> str:
    """The id of the earlier run that the open one is to be compared with; empty for none."""
    found: str = st.query_params.get(_PARAMETER, "")
    return found


def against(run_id: str) -> None:
    """Compare the open run with this one; for callbacks. Empty ends the comparison."""
    if run_id:
        st.query_params[_PARAMETER] = run_id
    elif _PARAMETER in st.query_params:
        del st.query_params[_PARAMETER]


def draw(workspace: Workspace, now: kinds.Opened, before_id: str) -> None:
    """The comparison, or why there is none."""
    with st.container(border=True, key="comparison"):
        try:
            before = _open(workspace, before_id)
        except TandemError as error:
            _head("Compare")
            states.error(error)
            return
        _head(_title(before, now))
        try:
            found = kinds.compare(before, now)
        except TandemError as error:
            st.warning(plain(str(error)), icon=":material/balance:")
            return
        st.markdown(f"### {plain(found.summary)}", anchors=False)
        faces.FACES[now.summary.kind].changed(now.result, found)
        _circumstances(found)


def _open(workspace: Workspace, run_id: str) -> kinds.Opened:
    opened = runs.open_history(workspace)
    return core.run(core.get_loop().blocking(kinds.open_run, opened, run_id), checkpoint=session.checkpoint())


def _title(before: kinds.Opened, now: kinds.Opened) -> str:
    return f"{_named(now)} against the earlier {_named(before)}"


def _named(run: kinds.Opened) -> str:
    when = run.result.started_at[:16].replace("T", " ")
    return f"**{plain(run.summary.name)}** ({plain(when)} UTC)"


def _head(title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(title, width="stretch")
        st.button("Close", icon=":material/close:", type="tertiary", on_click=against, args=("",))


def _circumstances(found: kinds.Comparison) -> None:
    """What differs between the two besides the figures, where the kind knows it."""
    differences: tuple[str, ...] = getattr(found, "differences", ())
    if differences:
        total = count(len(differences), "difference")
        with st.expander(f"{total} of the circumstances", icon=":material/difference:"):
            st.markdown("\n".join(f"- {plain(text)}" for text in differences))
    for name, where in (("only_before", "earlier"), ("only_now", "later")):
        if labels := getattr(found, name, ()):
            st.caption(f"Only in the {where} run: {plain(', '.join(labels))}")
