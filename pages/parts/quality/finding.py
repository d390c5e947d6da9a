"""What an evaluation found, in a sentence: which framework answers better, and whether that is certain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import evaluate
from pages.parts import palette
from pages.parts.quality import words
from pages.parts.quality.reading import Reading
from pages.parts.safe_text import plain
from pages.parts.units import count, seconds

_OTHERS = {"retrieval": "Retrieval", "top_k": "Top-k", "chunk": "Chunk size", "mode": "Mode"}


@dataclass(frozen=True)
class Card:
    """A number that stands large, what above it, and what below it."""

    title: str
    number: str
    meaning: str


def draw(reading: Reading) -> None:
    """The sentence, what else can be told, and the numbers."""
    # Seconds, where a thousand questions were put to a dozen variants and nobody has looked before.
    with st.spinner("Working out what can be told from chance", show_time=True):
        first, *others = said(reading)
    st.markdown(f"### {plain(first)}", anchors=False)
    for text in others:
        st.markdown(f":material/subdirectory_arrow_right: {plain(text)}")
    with st.grid(4, min_column_width=230):
        for card in cards(reading):
            with st.container(border=True, gap=None, height="stretch"):
                st.caption(card.title)
                st.markdown(f"# {card.number}", anchors=False)
                st.caption(card.meaning)


def said(reading: Reading) -> list[str]:
    """The finding, then what is behind it and what else differs."""
    if not reading.headlines:
        return _nothing(reading.result)
    told = {name: [item for item in reading.differences(name) if item.n > 1] for name in telling(reading)}
    between = {name: _between(reading, items, "engine") for name, items in told.items()}
    first = reading.headlines[0]
    if not between[first]:
        return _without_frameworks(reading, first, told[first])
    clear = [name for name, items in between.items() if any(item.different for item in items)]
    if not clear:
        return [*_no_difference(reading, between), *_settings(reading, told)]
    return [*_frameworks(reading, clear[0], between[clear[0]]), *_settings(reading, told)]


def _nothing(result: evaluate.EvaluationResult) -> list[str]:
    """Why nothing was measured."""
    failures = [outcome.error for outcome in result.outcomes if outcome.error]
    if failures:
        return [
            f"Nothing could be compared: {count(len(failures), 'answer')} failed",
            f"The first so: {failures[0]}",
        ]
    return ["These questions measure nothing but time: label them with answers, sources or passages"]


def telling(reading: Reading) -> list[str]:
    """The metrics that the finding is about: the first of the answers and the first of retrieval."""
    groups: dict[str, str] = {}
    for name in reading.headlines:
        if found := evaluate.definition(name):
            groups.setdefault(found.group, name)
    return list(groups.values())


def _between(reading: Reading, items: Sequence[evaluate.Difference], thing: str) -> list[evaluate.Difference]:
    return [item for item in items if _apart(reading, item) == thing]


def _frameworks(reading: Reading, metric: str, pairs: Sequence[evaluate.Difference]) -> list[str]:
    """The greatest clear difference between the frameworks."""
    clear = [_forward(item) for item in pairs if item.different]
    most = max(clear, key=_size)
    contrary = [item for item in clear if _engine(reading, item.first) != _engine(reading, most.first)]
    better, worse = (_engine(reading, key) for key in (most.first, most.second))
    verb = "finds" if _retrieval(metric) else "answers"
    settings = len(clear) - len(contrary)
    where = f", in {settings} of {len(pairs)} settings" if len(pairs) > 1 else ""
    against = [f"The other way round: {_difference(reading, item)}" for item in contrary[:1]]
    return [
        f"{better} {verb} better than {worse}: {abs(most.difference) * 100:.1f} points{where}",
        f"{words.metric(metric)}: {_difference(reading, most)}",
        *against,
    ]


def _no_difference(reading: Reading, between: Mapping[str, Sequence[evaluate.Difference]]) -> list[str]:
    every = [item for items in between.values() for item in items]
    found = [f"No measurable difference between {' and '.join(_engines(reading, every))}"]
    for metric, items in between.items():
        if not items:
            continue
        widest, title = max(items, key=_size), words.metric(metric)
        if all(item.wins == item.losses == 0 for item in items):
            where = ", in every setting" if len(items) > 1 else ""
            found.append(f"{title} is the same on each of {count(widest.n, 'question')}{where}.")
        else:
            found.append(f"{title}: {_difference(reading, widest)}")
    return [*found, *_more(every)]


def _settings(reading: Reading, told: Mapping[str, Sequence[evaluate.Difference]]) -> list[str]:
    """For each other thing that was varied, the greatest clear difference that it makes."""
    found = []
    for thing, name in _OTHERS.items():
        for metric, items in told.items():
            clear = [item for item in _between(reading, items, thing) if item.different]
            if clear:
                most = max(clear, key=_size)
                found.append(f"{name} matters for {words.quoted(metric)}: {_difference(reading, most)}")
    return found


def _more(pairs: Sequence[evaluate.Difference]) -> list[str]:
    """How many questions it takes to see 5 points."""
    needed = max((item.needed or 0 for item in pairs), default=0)
    asked = max(item.n for item in pairs)
    if needed <= asked:
        return [
            f"A difference of 5 points would probably have been seen: that takes about {needed:,} questions."
        ]
    return [f"To see a difference of 5 points takes about {needed:,} questions; {asked:,} were asked."]


def _without_frameworks(reading: Reading, metric: str, told: Sequence[evaluate.Difference]) -> list[str]:
    title = words.metric(metric)
    if told:
        clear = [item for item in told if item.different]
        if clear:
            return [f"{title}: {_difference(reading, max(clear, key=_size))}"]
        return ["No measurable difference between the variants", *_more(told)]
    best = reading.lines[0]
    value = best.metrics.get(metric)
    if value is None:
        return ["Too few questions were answered to say anything"]
    told_interval = words.interval(value.low, value.high) or "no interval"
    name = words.brief(reading.variants[best.variant], reading.among)
    return [f"{name}: {title} is {words.points(value.mean)} ({told_interval}, {count(value.n, 'question')})"]


def _difference(reading: Reading, item: evaluate.Difference) -> str:
    """A comparison from its better side, in words."""
    item = _forward(item)
    first, second = (words.brief(reading.variants[key], reading.among) for key in (item.first, item.second))
    return f"{first} against {second}: {without_need(item.sentence)}"


def without_need(sentence: str) -> str:
    """A comparison's sentence without how many questions it takes, which stands elsewhere."""
    return sentence.partition(" To see ")[0]


def _apart(reading: Reading, item: evaluate.Difference) -> str:
    """The one thing in which two variants differ."""
    first, second = reading.variants[item.first], reading.variants[item.second]
    for thing in ("engine", "mode", "retrieval", "top_k", "chunk"):
        if getattr(first, thing) != getattr(second, thing):
            return thing
    return ""


def _engines(reading: Reading, pairs: Sequence[evaluate.Difference]) -> list[str]:
    keys = [key for item in pairs for key in (item.first, item.second)]
    return list(dict.fromkeys(_engine(reading, key) for key in keys))


def _engine(reading: Reading, key: str) -> str:
    """The name of a variant's framework."""
    return palette.engine(reading.variants[key].engine).label


def _forward(item: evaluate.Difference) -> evaluate.Difference:
    return item.reversed() if item.difference < 0 else item


def _size(item: evaluate.Difference) -> float:
    return abs(item.difference)


def _retrieval(metric: str) -> bool:
    found = evaluate.definition(metric)
    return found is not None and found.group == "retrieval"


# The numbers


def cards(reading: Reading) -> list[Card]:
    """The best of answers and of retrieval, the fastest, and how much was asked."""
    made = [_best(reading, name) for name in telling(reading)[:2]]
    return [*made, *_fastest(reading), _asked(reading)]


def _best(reading: Reading, metric: str) -> Card:
    lines = [line for line in reading.lines if metric in line.metrics]
    best = max(lines, key=lambda line: line.metrics[metric].mean)
    value = best.metrics[metric]
    same = [line for line in lines if line.metrics[metric].mean == value.mean]
    if len(same) == len(lines) > 1:
        who = f"all {len(lines)} variants"
    else:
        who = words.listed([words.brief(reading.variants[line.variant], reading.among) for line in same])
    told = words.interval(value.low, value.high)
    return Card(
        f"{words.metric(metric)}, the best",
        words.points(value.mean),
        f"{who}{f' ({told})' if told else ''}",
    )


def _fastest(reading: Reading) -> list[Card]:
    timed = [(line.latency_ms, line.variant) for line in reading.lines if line.latency_ms is not None]
    if not timed:
        return []
    fast, key = min(timed)
    slow = max(timed)[0]
    name = words.brief(reading.variants[key], reading.among)
    return [
        Card(
            "Median latency, the shortest",
            seconds(fast / 1000),
            f"{name}; the longest is {seconds(slow / 1000)}",
        )
    ]


def _asked(reading: Reading) -> Card:
    result = reading.result
    failed = f"{result.errors:,} failed" if result.errors else "none failed"
    return Card(
        "Answered" if not result.plan.retrieval_only else "Searched",
        f"{len(result.outcomes):,}",
        f"{count(len(result.questions), 'question')} under {count(len(reading.among), 'variant')}, {failed}",
    )
