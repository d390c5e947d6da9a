"""One browser session: its workspace, its settings, its questions, and what ends with it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import core
from core import DocumentRecord, Mode, Settings, TandemError, Workspace
from pages.parts.exchange import Exchange
from pages.parts.presence import Presence

if TYPE_CHECKING:
    from pages.parts.batch import Batch

_KEY = "tandem"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PRIVATE = "private-"

# An address typed in a page must not receive the operator's secret: each secret belongs to an address.
_SECRET_OF = {
    "milvus_uri": "milvus_token",
    "model_base_url": "model_key",
    "embedding_base_url": "embedding_key",
}


@dataclass
class Session:
    """What one browser session holds; it lives in that session's state and nowhere else.

    `overrides` are settings changed in a page, secrets among them. `exchanges` are its last questions,
    newest first; `shown` is the id of the one on the page. `question` is to be asked in the coming run,
    `first_question` once the sample is loaded. `put_away` are ids of jobs whose report was dismissed.
    `opened` remembers what opening the workspace gave, a failure included, so that a dead server is not
    waited for on every click. `announce` draws, once in a run, what the workspace is connected to.
    `refused` is a question that could not be asked, with the reason.
    """

    owner: str
    workspace_name: str
    overrides: dict[str, Any] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    shown: int | None = None
    question: str | None = None
    refused: tuple[str, str] | None = None
    first_question: str | None = None
    batch: Batch | None = None
    put_away: set[str] = field(default_factory=set)
    opened: tuple[object, Workspace | TandemError] | None = None
    announce: Callable[[], None] | None = None

    @property
    def private(self) -> bool:
        """Whether the workspace's name is one that nobody can guess."""
        return self.workspace_name.startswith(_PRIVATE)


def current() -> Session:
    """This browser session; a new one gets the workspace of its address, or a private one."""
    session = st.session_state.get(_KEY)
    if session is None:
        session = Session(owner="session-" + secrets.token_urlsafe(12), workspace_name=_first_name())
        st.session_state[_KEY] = session
    return session


def attach(announce: Callable[[], None]) -> None:
    """Call first in every run of the app: keeps the address and the sign of life up to date.

    `announce` is called once in this run: now, when the workspace is open, else as soon as it is.
    """
    session = current()
    session.announce = announce
    if st.query_params.get("workspace") != session.workspace_name:
        # Navigation drops the query; F5 and a bookmark need it to find the documents again.
        st.query_params["workspace"] = session.workspace_name
    _sign_of_life(session.owner, session.workspace_name)
    if is_open():
        tell()


def tell() -> None:
    """Announce now, unless this run has done so already."""
    session = current()
    announce, session.announce = session.announce, None
    if announce is not None:
        announce()


def move(name: str) -> None:
    """Go to another workspace; its questions start anew. Raises `UsageError` for a bad name."""
    session = current()
    core.check_workspace(name)
    for exchange in session.exchanges:
        exchange.stop()
    if session.batch is not None and session.batch.job is not None:
        session.batch.job.cancel()
    session.workspace_name, session.opened = name, None
    session.exchanges, session.shown, session.batch = [], None, None
    session.question = session.first_question = session.refused = None


def private_name() -> str:
    """A workspace name that nobody can guess: 128 random bits."""
    return _PRIVATE + secrets.token_hex(16)


def _first_name() -> str:
    asked = st.query_params.get("workspace", "")
    if _NAME.fullmatch(asked):
        return asked
    try:
        shared = settings_with({}).workspace
    except TandemError:
        shared = ""
    return shared or private_name()


def settings() -> Settings:
    """The settings in force for this session; raises `UsageError` when one is not usable."""
    return settings_with(current().overrides)


def settings_with(overrides: Mapping[str, Any]) -> Settings:
    """The settings with these of the session on top of `.streamlit/secrets.toml` and the environment."""
    return Settings.load({**operator_secrets(), **guarded(overrides)})


def guarded(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides in which no address of the session goes with a secret of the operator."""
    safe = dict(overrides)
    for address, secret in _SECRET_OF.items():
        if safe.get(address) is not None:
            safe.setdefault(secret, "")
    return safe


def operator_secrets() -> dict[str, Any]:
    """What `.streamlit/secrets.toml` sets: `TANDEM_...` at its top, or names under `[tandem]`."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.to_dict()
    named = {key[7:].lower(): value for key, value in found.items() if key.upper().startswith("TANDEM_")}
    table = found.get("tandem")
    known = {**named, **(table if isinstance(table, dict) else {})}
    return {key: value for key, value in known.items() if key in Settings.model_fields}


def workspace() -> Workspace:
    """This session's workspace, opened; raises `TandemError`. A failure is kept until `retry`."""
    session = current()
    if not is_open():
        key = _key()
        with st.skeleton(height=140):
            session.opened = (key, _open(*key))
        tell()
    assert session.opened is not None
    result = session.opened[1]
    if isinstance(result, TandemError):
        raise result
    return result


def is_open() -> bool:
    """Whether `workspace` answers at once: with the workspace, or with what kept it from opening."""
    opened = current().opened
    try:
        return opened is not None and opened[0] == _key()
    except TandemError:
        return True  # the settings themselves are at fault


def _key() -> tuple[Settings, str]:
    return settings(), current().workspace_name


def _open(in_force: Settings, name: str) -> Workspace | TandemError:
    try:
        return core.run(Workspace.open(in_force, name), checkpoint=checkpoint())
    except TandemError as error:
        return error


def documents(opened: Workspace, mode: Mode = Mode.CONTROLLED) -> tuple[DocumentRecord, ...]:
    """The documents that can be found, by name."""
    records = opened.catalogue.documents(opened.space(mode))
    return tuple(record for record in records if record.state == "indexed")


def retry() -> None:
    """Forget a failed connection, so that the next run tries again."""
    current().opened = None


def checkpoint() -> Callable[[], None] | None:
    """What a wait must call now and then, so that a click or a closed tab ends it."""
    context = get_script_run_ctx()
    return context.yield_check if context else None


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda seen: _gone(*seen))
def _sign_of_life(owner: str, workspace_name: str) -> tuple[str, str]:
    presence().enter(workspace_owner(workspace_name))
    return owner, workspace_name


def _gone(owner: str, workspace_name: str) -> None:
    core.cancel_owner(owner)
    presence().leave(workspace_owner(workspace_name))


def workspace_owner(name: str) -> str:
    """Owner of the long work on a workspace: whoever may open it may see and cancel it."""
    return f"workspace-{name}"


@cache
def presence() -> Presence:
    """One a process."""
    return Presence(core.cancel_owner)
