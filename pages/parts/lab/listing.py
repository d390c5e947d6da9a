"""Runs of the history as a list, and the head of one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import Any

import streamlit as st

from core import TandemError, Workspace, bench, history, kinds
from pages.parts import states
from pages.parts.lab import runs, shown, starting, words
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count, seconds

PAGE = "history"
PAGE_SIZE = 12
# What the list calls each kind, and its icon; only kinds that can be opened are offered as filters.
_FACES = {
    "benchmark": ("Benchmarks", "speed"),
    "comparison": ("Comparisons", "compare_arrows"),
    "evaluation": ("Evaluations", "fact_check"),
    "vote": ("Votes", "how_to_vote"),
}
KINDS = {name: _FACES.get(name, (name.capitalize(), "description")) for name in kinds.KINDS}
_DAY = 86_400


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed down to."""

    search: str = ""
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return bool(self.search or self.kinds or self.states)


def choose_filters() -> Filters:
    """The widgets that narrow the list down."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search",
            placeholder="Name or note",
            key="history-search",
            label_visibility="collapsed",
            width=260,
        )
        chosen_kinds = st.pills(
            "Kind",
            list(KINDS),
            selection_mode="multi",
            format_func=lambda kind: f":material/{KINDS[kind][1]}: {KINDS[kind][0]}",
            key="history-kinds",
            label_visibility="collapsed",
            wrap=True,
        )
        chosen = st.pills(
            "State",
            list(words.STATES),
            selection_mode="multi",
            format_func=str.capitalize,
            key="history-states",
            label_visibility="collapsed",
            wrap=True,
        )
    return Filters(search.strip(), tuple(chosen_kinds), tuple(chosen))


def page_of(workspace: Workspace, filters: Filters) -> history.RunPage:
    """The page of the list that is to be shown; draws the page numbers when there are several."""
    opened = runs.open_history(workspace)
    number = st.session_state.get("history-page", 1)
    found = _fetch(opened, workspace, filters, number)
    if not found.runs and found.total:
        found = _fetch(opened, workspace, filters, 1)
    return found


def _fetch(opened: history.History, workspace: Workspace, filters: Filters, number: int) -> history.RunPage:
    return opened.runs(
        workspace=workspace.name,
        kinds=filters.kinds,  # type: ignore[arg-type]  # the options are the kinds
        states=filters.states,  # type: ignore[arg-type]
        search=filters.search,
        offset=(number - 1) * PAGE_SIZE,
        limit=PAGE_SIZE,
    )


def turn(found: history.RunPage) -> None:
    """The page numbers below a long list."""
    pages = -(-found.total // PAGE_SIZE)
    if pages > 1:
        st.pagination(pages, key="history-page")


def rows(found: Sequence[history.RunSummary], page: str, *, tick: bool) -> list[str]:
    """Draw the runs, which this page opens; with `tick`, the ids of those that are ticked are returned."""
    ticked = []
    for summary in found:
        with st.container(
            border=True, horizontal=True, vertical_alignment="center", key=f"row-{summary.run_id}"
        ):
            if tick and st.checkbox(
                f"Select {plain(summary.name)}", key=f"tick-{summary.run_id}", label_visibility="collapsed"
            ):
                ticked.append(summary.run_id)
            with st.container(gap=None):
                _row(summary, page)
    return ticked


def _row(summary: history.RunSummary, page: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        icon = _FACES.get(summary.kind, ("", "description"))[1]
        st.button(
            f"**{plain(shorten(summary.name, 60))}**",
            icon=f":material/{icon}:",
            type="tertiary",
            key=f"open-{summary.run_id}",
            on_click=shown.show,
            args=(page, summary.run_id),
        )
        st.markdown(badges(summary))
    st.caption(" · ".join(_facts(summary)))
    if summary.headline:
        st.markdown(f":small[{plain(shorten(summary.headline, 170))}]")
    if summary.note:
        st.caption(f":material/sticky_note_2: {plain(shorten(summary.note, 220))}")


def badges(summary: history.RunSummary) -> str:
    """State and origin as badges."""
    imported = " :violet-badge[:material/upload_file: imported]" if summary.imported else ""
    return words.STATES.get(summary.state, plain(summary.state)) + imported


def _facts(summary: history.RunSummary) -> list[str]:
    backend = str((summary.environment.get("backend") or {}).get("label", ""))
    facts = [
        ago(summary.started_at),
        plain(backend),
        _size(summary),
        seconds(summary.seconds) if summary.seconds else "",
    ]
    return [fact for fact in facts if fact]


def _size(summary: history.RunSummary) -> str:
    """What the run consists of, and how much of it is done."""
    kind = kinds.KINDS.get(summary.kind)
    size = count(summary.cells, kind.part if kind else "part")
    torn = summary.finished < summary.cells
    asked = summary.config.get("asked")
    if isinstance(asked, int):
        return f"{count(asked, 'question')} × {size}{f', {summary.finished} whole' if torn else ''}"
    done = "measured" if summary.kind == "benchmark" else "finished"  # a cancelled cell is so in part
    return f"{summary.finished} of {size} {done}" if torn else size


def ago(moment: float) -> str:
    """How long ago, for what is recent; else the date (UTC)."""
    passed = time() - moment
    if passed < 90:
        return "just now"
    if passed < 5400:
        return f"{passed / 60:.0f} min ago"
    if passed < _DAY:
        return f"{passed / 3600:.0f} h ago"
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y, %H:%M UTC")


def recent(workspace: Workspace) -> None:
    """The last benchmarks of the workspace, to be opened; nothing when there is none."""
    try:
        found = runs.open_history(workspace).runs(workspace=workspace.name, kinds=("benchmark",), limit=4)
    except TandemError as error:
        states.error(error)
        return
    if not found.runs:
        return
    st.subheader("Recent runs", anchor=False)
    rows(found.runs, starting.PAGE, tick=False)
    if found.total > len(found.runs):
        st.page_link("pages/history.py", label=f"All {found.total} runs", icon=":material/history:")


def title(result: bench.RunResult) -> None:
    """Name, state and circumstances of an open benchmark."""
    head(result.plan.name, result, words.done(result))


def head(name: str, result: Any, done: str) -> None:
    """Name, state and circumstances of an open run; `done` is how far it came, if not to its end."""
    backend = result.environment.get("backend") or {}
    when = result.started_at.replace("T", " ").partition("+")[0]
    facts = [when and f"{when} UTC", plain(str(backend.get("label", ""))), f"took {seconds(result.seconds)}"]
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(plain(name), anchor=False, width="content")
            st.markdown(words.STATES[result.state])
        st.caption(" · ".join(fact for fact in facts if fact))
    if result.state not in ("complete", "open"):
        _say_incomplete(result, done)


def _say_incomplete(result: Any, done: str) -> None:
    end = "was cancelled" if result.state == "cancelled" else "did not come to its end"
    reason = f" {plain(result.warnings[-1])}" if result.warnings and result.state == "incomplete" else ""
    st.warning(
        f"This run {end}: {done}, and what follows rests on what was measured by then.{reason}",
        icon=":material/warning:",
    )


def watch(run_id: str) -> None:
    """Go to a run that is under way."""
    shown.show(starting.PAGE, run_id)
    st.switch_page("pages/benchmark.py", query_params={"run": run_id})
