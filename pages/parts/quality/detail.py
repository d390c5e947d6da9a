"""One question: two answers and what they rest on, side by side, with what was right and wrong in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from core import evaluate
from pages.parts.quality import marking, words
from pages.parts.quality.reading import Reading, Standing
from pages.parts.safe_text import plain, shorten
from pages.parts.units import count, seconds

_BADGES: dict[Standing, str] = {
    "right": ":green-badge[:material/check: right]",
    "wrong": ":red-badge[:material/close: wrong]",
    "failed": ":red-badge[:material/error: failed]",
    "unmeasured": ":gray-badge[not measured]",
}
_YES, _NO = ":green[:material/check:]", ":red[:material/close:]"


def draw(reading: Reading, a: str, b: str, identity: str, metric: str) -> None:
    """The question, what counts as right, and each variant's column."""
    question = reading.questions[identity]
    st.markdown(f"#### {plain(shorten(question.question, 1200))}", anchors=False)
    st.markdown("  \n".join(f":small[{line}]" for line in wanted(question)))
    keys = list(dict.fromkeys((a, b)))
    repeat = _repeat(reading, identity, keys)
    shown = {key: _outcome(reading, identity, key, repeat) for key in keys}
    for column, (key, outcome) in zip(st.columns(len(keys)), shown.items(), strict=True):
        with column.container(border=True, height="stretch", gap="small"):
            _head(reading, key, identity, metric, outcome)
            if outcome is not None:
                _side(reading, question, outcome, key)
    with st.expander("Every metric of this question", icon=":material/table:"):
        st.table(
            records(reading, shown), border="horizontal", hide_index=True, alt="Metrics of this question"
        )


def wanted(question: evaluate.Question) -> list[str]:
    """What counts as right (markdown)."""
    lines = []
    if not question.answerable:
        lines.append(":gray[The documents do not answer it:] the right answer is to say so")
    for name, values in (
        ("Accepted answers", question.answers),
        ("Source", question.sources),
        ("Passage", question.passages),
    ):
        if values:
            lines.append(f":gray[{name}:] {plain(shorten(' / '.join(values), 600))}")
    if question.drafted:
        lines.append(":violet[:material/edit_note:] drafted by a program, not accepted yet")
    return lines or [":gray[It has no label: only time is measured.]"]


def _repeat(reading: Reading, identity: str, keys: Sequence[str]) -> int:
    times = reading.result.plan.repeats
    if times == 1:
        return 0
    chosen: int = st.segmented_control(
        "Repeat",
        list(range(times)),
        default=0,
        required=True,
        format_func=lambda place: f"Time {place + 1}",
        key=f"repeat-{reading.result.run_id}-{identity}",
    )
    return chosen


def _outcome(reading: Reading, identity: str, key: str, repeat: int) -> evaluate.Outcome | None:
    mine = reading.outcomes.get((identity, key), ())
    return next((item for item in mine if item.repeat == repeat), None)


def _head(reading: Reading, key: str, identity: str, metric: str, outcome: evaluate.Outcome | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(words.tag(reading.variants[key], reading.among), width="stretch")
        st.markdown(_BADGES[reading.standing(identity, key, metric)])
    if outcome is None:
        st.caption("It was not asked before the run ended.")
    else:
        st.caption(f"{seconds(outcome.timings.total)} · {count(len(outcome.found), 'chunk')}")


def _side(reading: Reading, question: evaluate.Question, outcome: evaluate.Outcome, key: str) -> None:
    if outcome.error:
        st.error(plain(outcome.error), icon=":material/error:")
    if outcome.text:
        st.markdown(marking.markdown(outcome.text, question.answers))
    elif not reading.result.plan.retrieval_only and not outcome.error:
        st.caption("The answer is empty.")
    st.markdown("  \n".join(f":small[{line}]" for line in verdicts(question, outcome)))
    for rank, found in enumerate(outcome.found, 1):
        _chunk(reading, question, found, rank)


def verdicts(question: evaluate.Question, outcome: evaluate.Outcome) -> Iterator[str]:
    """What was right and wrong in an outcome, a line each (markdown)."""
    told = {
        "contains": ("holds an accepted answer", "holds no accepted answer"),
        "refusal": ("says that the documents do not answer it", "answers what the documents do not hold"),
        "citation_recall": ("cites a chunk that holds the answer", "cites no chunk that holds the answer"),
    }
    for name, (good, bad) in told.items():
        if name in outcome.metrics:
            right = outcome.metrics[name] >= 1
            yield f"{_YES if right else _NO} The answer {good if right else bad}"
    if outcome.metrics.get("answered") == 0:
        yield f"{_NO} It refuses, though the documents hold the answer"
    yield from _searches(question, outcome)


def _searches(question: evaluate.Question, outcome: evaluate.Outcome) -> Iterator[str]:
    """What was found of the labels, and how far up."""
    if outcome.error and not outcome.found:
        return
    for what, labels, flags in (
        ("passage", question.passages, [item.right_passage for item in outcome.found]),
        ("source", question.sources, [item.right_source for item in outcome.found]),
    ):
        if labels and question.answerable:
            rank = next((place for place, flag in enumerate(flags, 1) if flag), None)
            told = f"The right {what} is at rank {rank}" if rank else f"The right {what} was not found"
            yield f"{_YES if rank else _NO} {told}"


def _chunk(reading: Reading, question: evaluate.Question, found: evaluate.Found, rank: int) -> None:
    chunk = reading.result.chunks.get(found.chunk_id)
    if chunk is None:
        st.caption(f"{rank}: the text of this chunk was not kept.")
        return
    where = f", page {chunk.page}" if chunk.page else ""
    name = f"{rank} · {plain(shorten(chunk.source, 44))}{where}"
    with st.expander(f"{name} {badges(found)}", expanded=bool(found.right_passage and rank <= 3)):
        st.markdown(
            f":small[{marking.markdown(' '.join(chunk.text.split()), question.answers, question.passages)}]"
        )


def badges(found: evaluate.Found) -> str:
    """What was right about a chunk."""
    told = (
        (found.right_passage, "green", "right passage"),
        (found.right_source and not found.right_passage, "blue", "right source"),
        (found.holds_answer, "green", "holds the answer"),
        (found.cited, "violet", "cited"),
    )
    return (
        " ".join(f":{color}-badge[{text}]" for flag, color, text in told if flag) or ":gray[:small[no label]]"
    )


def records(reading: Reading, shown: dict[str, evaluate.Outcome | None]) -> list[dict[str, str]]:
    """A row a metric, a column a variant."""
    titles = {key: words.tag(reading.variants[key], reading.among) for key in shown}
    rows = []
    for name in reading.metrics:
        values = {titles[key]: _value(outcome, name) for key, outcome in shown.items()}
        if set(values.values()) != {"–"}:
            rows.append({"Metric": words.metric(name), **values})
    return rows


def _value(outcome: evaluate.Outcome | None, name: str) -> str:
    if outcome is None:
        return "–"
    told = words.points(evaluate.metric_value(outcome.metrics, name))
    given = outcome.judgements.get(name, ())
    return f"{told} :small[:gray[judged {', '.join(map(words.points, given))}]]" if len(given) > 1 else told
