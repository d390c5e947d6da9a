"""Settings: every knob, for this session only; connection tests; the workspace."""

from __future__ import annotations

import streamlit as st

import core
from core import Check, Settings, TandemError
from pages.parts import frame, knobs, session, states
from pages.parts.safe_text import plain


def main() -> None:
    """Draw the page."""
    with st.container(width=980), states.guarded():
        st.caption(
            "Changes here last for this browser session and are seen by nobody else. To make one last, set "
            "its variable where Tandem starts, or in `.streamlit/secrets.toml`."
        )
        in_force = _in_force()
        _test(in_force)
        for group, names in knobs.GROUPS.items():
            _group(group, names, in_force)
        _workspace()
        _everything(in_force)


def _in_force() -> Settings:
    """The settings; when this session's changes are at fault they are dropped, with the reason shown."""
    try:
        return session.settings()
    except TandemError as error:
        if not session.current().overrides:
            raise
        session.current().overrides.clear()
        states.error(f"{error} This session's changes were dropped.")
        return session.settings()


def _test(in_force: Settings) -> None:
    with st.container(horizontal=True):
        tested = st.button("Test connections", type="primary", icon=":material/network_check:")
        cancel = st.empty()
    if tested:
        # Any click ends this run, and with it the wait: so the button needs no code of its own.
        cancel.button("Cancel", icon=":material/close:")
        with st.spinner("Trying Milvus, the model, the catalogue and the disk", show_time=True):
            checks = core.run(core.diagnose(in_force), checkpoint=session.checkpoint())
        cancel.empty()
        session.retry()
        st.session_state["checks"] = checks
    if "checks" in st.session_state:
        _checks(st.session_state["checks"])


def _checks(checks: tuple[Check, ...]) -> None:
    with st.container(border=True, gap="xsmall", key="checks"):
        for check in checks:
            mark = ":green[:material/check_circle:]" if check.ok else ":red[:material/error:]"
            st.markdown(f"{mark} **{plain(check.name)}** {plain(check.detail)}")


def _group(group: str, names: tuple[str, ...], in_force: Settings) -> None:
    mine = [name for name in names if name in session.current().overrides]
    st.subheader(group, anchor=False)
    with st.form(group, border=True, enter_to_submit=False):
        with st.grid(2, min_column_width=300):
            for name in names:
                knobs.draw(name, in_force)
        with st.container(horizontal=True, vertical_alignment="center"):
            saved = st.form_submit_button("Use for this session", icon=":material/check:")
            reset = st.form_submit_button("Back to defaults", type="tertiary", disabled=not mine)
            if mine:
                st.caption(
                    "Changed in this session: " + ", ".join(f"`{knobs.variable(name)}`" for name in mine)
                )
    if saved:
        _save(names, in_force)
    if reset:
        _forget(names)


def _save(names: tuple[str, ...], in_force: Settings) -> None:
    try:
        changed = knobs.read(names, in_force)
        candidate = {**session.current().overrides, **changed}
        session.settings_with(candidate)
    except TandemError as error:
        states.error(error)
        return
    session.current().overrides = candidate
    _clear_widgets(names)
    st.rerun()


def _forget(names: tuple[str, ...]) -> None:
    for name in names:
        session.current().overrides.pop(name, None)
    _clear_widgets(names)
    st.rerun()


def _clear_widgets(names: tuple[str, ...]) -> None:
    """Let the widgets start from what is now in force; a typed key is not kept in its widget."""
    for name in names:
        st.session_state.pop(f"knob-{name}", None)


def _workspace() -> None:
    here = session.current()
    st.subheader("Workspace", anchor=False)
    with st.container(border=True):
        if here.private:
            st.markdown(
                "This is a **private workspace**: its documents are found only through this page's address. "
                "Bookmark it to come back."
            )
        else:
            st.markdown(
                f"This is the workspace **{plain(here.workspace_name)}**. Anyone who knows its name can "
                "open it, see its documents, and add or delete some."
            )
        with st.form("workspace", border=False, enter_to_submit=True):
            name = st.text_input(
                "Open a named workspace", placeholder="team-demo", max_chars=40, key="workspace-name"
            )
            st.caption("Anyone who knows the name can open it. Letters, digits, hyphens and underscores.")
            opened = st.form_submit_button("Open workspace", icon=":material/group:")
        if opened:
            _move(name.strip())
        if not here.private and st.button("Start a new private workspace", icon=":material/lock:"):
            _move(session.private_name())


def _move(name: str) -> None:
    try:
        session.move(name)
    except TandemError as error:
        states.error(error)
        return
    st.rerun()


def _everything(in_force: Settings) -> None:
    with st.expander("Everything in force", icon=":material/list_alt:"):
        st.dataframe(
            [
                {
                    "Variable": knobs.variable(name),
                    "Value": _shown(value),
                    "From": knobs.origin(name),
                    "Meaning": Settings.model_fields[name].description,
                }
                for name, value in in_force.masked().items()
            ],
            hide_index=True,
            column_config={"Meaning": st.column_config.TextColumn(width="large")},
        )


def _shown(value: object) -> str:
    return "" if value is None else str(value)


frame.page(main)
