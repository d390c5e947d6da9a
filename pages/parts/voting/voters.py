"""Who votes in this browser: an id without meaning in a cookie, so that a reload finds the same voter.

Not in the address, which is what people send around: whoever opened it would vote in their name.
"""

from __future__ import annotations

import hashlib
import re
import secrets

import streamlit as st

from core import vote

_COOKIE, _KEPT, _NAME = "tandem_voter", "voter token", "voter name"
_TOKEN = re.compile(r"[0-9a-f]{32}")

_JS = """
export default function ({ data }) {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${data.name}=${data.token}; path=/; max-age=31536000; SameSite=Lax${secure}`;
}
"""

_keeper = st.components.v2.component("tandem_voter", js=_JS)


def current() -> str:
    """The id that this browser votes under; records hold it, and it does not lead back to the cookie."""
    return hashlib.sha256(_token().encode()).hexdigest()[:16]


def remember() -> None:
    """Keep the voter in the browser; call once in a run."""
    _keeper(key="voter-cookie", data={"name": _COOKIE, "token": _token()}, height=1)


def somebody_else() -> None:
    """The next one votes on this device, under another id; for callbacks."""
    st.session_state[_KEPT] = secrets.token_hex(16)
    st.session_state[_NAME] = ""


def name(result: vote.VoteResult | None = None) -> str:
    """What this voter wants to be called; after a reload, what the earlier votes say."""
    if _NAME not in st.session_state:
        mine = [item.name for item in result.votes if item.voter == current()] if result else []
        st.session_state[_NAME] = next(filter(None, reversed(mine)), "")
    found: str = st.session_state[_NAME]
    return found


def ask_name(result: vote.VoteResult | None = None) -> None:
    """The field for the voter's name."""
    given = st.text_input(
        "Your name",
        name(result),
        max_chars=60,
        placeholder="Optional: shown beside your votes",
        key=f"name-{current()}",
    )
    st.session_state[_NAME] = given.strip()


def _token() -> str:
    if _KEPT not in st.session_state:
        sent = str(st.context.cookies.get(_COOKIE, ""))
        st.session_state[_KEPT] = sent if _TOKEN.fullmatch(sent) else secrets.token_hex(16)
    found: str = st.session_state[_KEPT]
    return found
