"""The question set of the Evaluate page: chosen, uploaded, drafted, edited, saved, sent out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Literal

import streamlit as st

from core import DocumentRecord, TandemError, Workspace, evaluate
from pages.parts import states
from pages.parts.quality import drafts, working
from pages.parts.quality.working import Checked, Working
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count

_SHOWN = 50
_FORMATS: dict[str, tuple[Literal["csv", "jsonl", "json"], str]] = {
    "CSV": ("csv", "text/csv"),
    "JSON Lines": ("jsonl", "application/jsonl"),
    "JSON": ("json", "application/json"),
}


def draw(workspace: Workspace, documents: tuple[DocumentRecord, ...]) -> tuple[evaluate.Question, ...]:
    """Draw everything about the questions; returns those that can be asked."""
    names = sorted({record.name for record in documents})
    job = drafts.under_way(workspace)
    drafts.collect(workspace)
    now = working.current(workspace) or _first(workspace, names)
    st.subheader("Questions", anchor=False)
    actions = st.container(horizontal=True, vertical_alignment="bottom")
    if job is not None:
        drafts.watch(workspace, job)
    if now is None:
        with actions:
            _actions(workspace, names, None)
        if job is None:
            _none(workspace)
        return ()
    above = st.container()
    _edit(now)
    # All else comes after the editor, so that it sees what was typed a moment before a click.
    checked = now.checked(workspace.settings)
    _problems("row", checked.problems, "Correct the rows above, or delete them: the others run.")
    with actions:
        _actions(workspace, names, now)
    with above:
        _sum_up(now, checked, names)
        drafts.review(now)
    return checked.questions


def _first(workspace: Workspace, names: Sequence[str]) -> Working | None:
    """What to begin with: the sample's questions where the sample is, else the set saved last."""
    saved = evaluate.list_sets(workspace)
    if working.sample_is_there(names):
        working.take_sample(workspace)
    elif saved:
        working.take_set(workspace, max(saved, key=lambda item: item.saved_at).name)
    return working.current(workspace)


def _none(workspace: Workspace) -> None:
    box = states.empty(
        "quiz",
        "There are no questions yet",
        "Upload labelled ones, write some, or have them drafted from your documents: that takes seconds.",
    )
    with box.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            f"Draft {drafts.USUAL} questions",
            type="primary",
            icon=":material/edit_note:",
            on_click=drafts.start,
            args=(workspace,),
        )
        st.button("Write my own", icon=":material/edit:", on_click=_own, args=(workspace,))


# What can be done with a set


def _actions(workspace: Workspace, names: Sequence[str], now: Working | None) -> None:
    _choose(workspace, names, now)
    # A new version of the set closes them: what they were opened for is done.
    version = now.version if now else "none"
    with st.popover("Upload", icon=":material/upload_file:", key=f"upload-{version}", on_change="rerun"):
        _upload(workspace)
    with st.popover("Draft", icon=":material/edit_note:", key=f"draft-{version}", on_change="rerun"):
        drafts.choose(workspace)
    if now is not None:
        st.button("New", icon=":material/add:", help="Write your own", on_click=_own, args=(workspace,))
        with st.popover("Save", icon=":material/save:", key=f"save-{version}", on_change="rerun"):
            _save(workspace, now)
        with st.popover("Export", icon=":material/download:"):
            _export(now, now.checked(workspace.settings).questions)


def _choose(workspace: Workspace, names: Sequence[str], now: Working | None) -> None:
    offered: dict[str, str] = {}
    if working.sample_is_there(names):
        offered[working.SAMPLE] = "The sample's questions"
    for item in evaluate.list_sets(workspace):
        offered[working.SET + item.name] = f"{item.name} ({item.size:,})"
    if now is not None:
        offered.setdefault(now.origin, f"{now.name} (not saved)")
    if not offered:
        return
    origins = list(offered)
    chosen = st.selectbox(
        "Question set",
        origins,
        index=origins.index(now.origin) if now else None,
        format_func=lambda origin: shorten(offered[origin], 60),
        placeholder="Choose a set",
        key=f"set-{now.version if now else 'none'}-{now.origin if now else ''}",
        label_visibility="collapsed",
        width=330,
    )
    if chosen is not None and (now is None or chosen != now.origin):
        _open(workspace, chosen)


def _open(workspace: Workspace, origin: str) -> None:
    try:
        if origin == working.SAMPLE:
            working.take_sample(workspace)
        else:
            working.take_set(workspace, origin.removeprefix(working.SET))
    except TandemError as error:
        states.error(error)
        return
    st.rerun()


def _own(workspace: Workspace) -> None:
    working.take(workspace, working.OWN, "My questions", ())


def _upload(workspace: Workspace) -> None:
    turn = st.session_state.setdefault("round of question files", 0)
    file = st.file_uploader(
        "CSV, JSON Lines or JSON",
        type=["csv", "tsv", "jsonl", "ndjson", "json"],
        max_upload_size=ceil(workspace.settings.max_file_mb),
        key=f"question-file-{turn}",
    )
    st.caption(
        "Columns: **question**; optionally **answers** (one or several), **source** (a document's name), "
        "**passage** (a text that a right chunk contains), **answerable** (false where the documents do not "
        "answer it)."
    )
    if file is None:
        return
    try:
        loaded = evaluate.read_questions(file.name, file.getvalue(), workspace.settings)
    except TandemError as error:
        states.error(error)
        return
    st.session_state["round of question files"] = turn + 1
    working.take(workspace, working.FILE, file.name, loaded.questions, loaded.bad)
    st.rerun()


def _save(workspace: Workspace, now: Working) -> None:
    checked = now.checked(workspace.settings)
    questions = checked.questions
    suggested = now.saved_as or ("" if now.origin in (working.SAMPLE, working.OWN) else now.name)
    with st.form("save set", border=False):
        name = st.text_input("Name", suggested, max_chars=80, placeholder="Questions of the help desk")
        saved = st.form_submit_button(
            f"Save {count(len(questions), 'question')}", type="primary", icon=":material/check:"
        )
    st.caption("Saved with this workspace. A set of the same name is replaced.")
    if checked.problems:
        told = count(len(checked.problems), "row that is no question", "rows that are no questions")
        st.caption(f":orange[:material/warning:] {told} will not be saved.")
    if saved:
        _keep(workspace, now, name, questions)
    if now.saved_as:
        st.button(
            f"Delete the saved set “{plain(shorten(now.saved_as, 40))}”",
            icon=":material/delete:",
            type="tertiary",
            key="delete set",
            on_click=_delete,
            args=(workspace, now),
        )


def _keep(workspace: Workspace, now: Working, name: str, questions: tuple[evaluate.Question, ...]) -> None:
    try:
        evaluate.save_set(workspace, name, questions)
        working.take_set(workspace, " ".join(name.split()))
    except TandemError as error:
        states.error(error)
        return
    st.toast(f"Saved {count(len(questions), 'question')}.", icon=":material/save:")
    st.rerun()


def _delete(workspace: Workspace, now: Working) -> None:
    """The questions stay on the page, unsaved, so that a slip costs nothing."""
    evaluate.delete_set(workspace, now.saved_as)
    now.origin = working.OWN


def _export(now: Working, questions: tuple[evaluate.Question, ...]) -> None:
    name = re.sub(r"[^a-z0-9]+", "-", now.name.lower()).strip("-")[:40] or "questions"
    for label, (suffix, mime) in _FORMATS.items():
        st.download_button(
            label,
            partial(evaluate.export_questions, questions, suffix),
            f"{name}.{suffix}",
            mime,
            icon=":material/download:",
            on_click="ignore",
            key=f"questions-{suffix}",
        )
    st.caption("Each can be uploaded here again, and goes with `python -m core evaluate`.")


# What is in it


def _sum_up(now: Working, checked: Checked, names: Sequence[str]) -> None:
    st.markdown(described(checked.questions))
    if strangers := unknown(checked.questions, names):
        st.caption(
            f":orange[:material/warning:] {count(len(strangers), 'source')} not among the documents, such as "
            f"“{plain(shorten(strangers[0], 60))}”: it cannot be found."
        )
    if now.saved_as and now.changed:
        st.caption(":material/edit: Changed since it was saved.")
    told = f"Rows of {plain(shorten(now.name, 60))} that are no questions; all others are below."
    _problems("line", now.bad, told)


def unknown(questions: Sequence[evaluate.Question], names: Sequence[str]) -> list[str]:
    """The sources of the questions that are none of these documents."""
    known = {name.casefold() for name in names}
    sources = dict.fromkeys(source for question in questions for source in question.sources)
    return [source for source in sources if re.split(r"[/\\]", source)[-1].casefold() not in known]


def described(questions: Sequence[evaluate.Question]) -> str:
    """How many there are, and what they are labelled with (markdown)."""
    kinds = (
        ("with answers", sum(bool(item.answers) for item in questions)),
        ("with a source", sum(bool(item.sources) for item in questions)),
        ("with a passage", sum(bool(item.passages) for item in questions)),
        ("not answered by the documents", sum(not item.answerable for item in questions)),
        ("without any label", sum(not item.labelled for item in questions)),
        ("drafted, not accepted yet", sum(item.drafted for item in questions)),
    )
    told = " · ".join(f"{number:,} {text}" for text, number in kinds if number)
    return f"**{count(len(questions), 'question')}**" + (f" :small[:gray[{told}]]" if told else "")


def _problems(unit: str, bad: Sequence[evaluate.BadRow], what_to_do: str) -> None:
    if not bad:
        return
    with st.container(border=True, key=f"bad-{unit}s"):
        st.markdown(f":orange[:material/warning:] **{count(len(bad), 'row')} left out.** {what_to_do}")
        lines = [f"- {unit.capitalize()} {item.line:,}: {plain(item.reason)}" for item in bad[:_SHOWN]]
        if len(bad) > _SHOWN:
            lines.append(f"- and {len(bad) - _SHOWN:,} more")
        with st.container(height=180 if len(bad) > 6 else "content", border=False):
            st.markdown("\n".join(lines))


def _edit(now: Working) -> None:
    text, check = st.column_config.TextColumn, st.column_config.CheckboxColumn
    opened = now.origin == working.OWN
    with st.expander("Read and edit the questions", icon=":material/edit:", expanded=opened):
        found = st.data_editor(
            now.base,
            key=f"questions-{now.version}",
            num_rows="dynamic",
            hide_index=True,
            height=38 + 35 * min(max(len(now.base), 3) + 1, 12),
            column_order=working.COLUMNS,
            column_config={
                "question": text("Question", width="large", required=True),
                "answers": text("Answers", width="medium", help="Several: one | another; any will do"),
                "source": text("Source", width="medium", help="The document that holds it; several: a | b"),
                "passage": text("Passage", width="medium", help="A text that a right chunk contains"),
                "answerable": check("Answerable", default=True, help="Whether the documents answer it"),
                "drafted": check("Drafted", default=False, help="Untick what you have read and found good"),
            },
            alt="The questions of this set, one a row",
        )
        st.caption("Add rows at the end; tick rows at the left to delete them. Save to keep the changes.")
    now.edited([working.clean(record) for record in records(found)])


def records(found: object) -> list[dict[str, object]]:
    """What the editor gave, row by row."""
    if isinstance(found, list):
        return found
    rows: list[dict[str, object]] = found.to_dict("records")  # type: ignore[attr-defined]
    return rows
