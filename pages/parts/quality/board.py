"""The leaderboard: every variant with its metrics, their intervals, errors, latency and cost."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core import evaluate
from pages.parts.quality import words
from pages.parts.quality.reading import Reading
from pages.parts.safe_text import plain
from pages.parts.units import seconds

_GROUPS = {"answer": "Answers", "retrieval": "Retrieval", "judge": "Judged by a language model"}


def draw(reading: Reading) -> None:
    """The table, the meanings one click away, and all metrics behind one more."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Leaderboard", anchor=False, width="stretch")
        definitions(reading.metrics)
    st.table(records(reading), border="horizontal", hide_index=True, alt="The leaderboard")
    st.caption(
        "In points of a hundred; below each figure its 95% interval. Latency is of answers that did not fail."
    )
    if len(reading.metrics) > len(reading.headlines):
        with st.expander(f"All {len(reading.metrics)} metrics", icon=":material/table:"):
            _every(reading)


def records(reading: Reading) -> list[dict[str, str]]:
    """A row a variant, the best first."""
    priced = any(line.cost is not None for line in reading.lines)
    long = any(line.p95_ms is not None for line in reading.lines)
    return [_record(reading, line, priced=priced, long=long) for line in reading.lines]


def _record(reading: Reading, line: evaluate.VariantSummary, *, priced: bool, long: bool) -> dict[str, str]:
    failed = f":red[{line.errors.errors:,}]\u00a0of\u00a0{line.errors.n:,}" if line.errors.errors else "0"
    row = {"Variant": words.tag(reading.variants[line.variant], reading.among)}
    row |= {words.metric(name): _estimate(line.metrics.get(name)) for name in reading.headlines}
    row["Median"] = _time(line.latency_ms)
    if long:
        row["p95"] = _time(line.p95_ms)
    row["Failed"] = failed
    return row | ({"Cost": words.price(line.cost)} if priced else {})


def _time(milliseconds: float | None) -> str:
    return seconds(None if milliseconds is None else milliseconds / 1000).replace(" ", "\u00a0")


def _estimate(found: evaluate.Estimate | None) -> str:
    if found is None:
        return "–"
    told = words.interval(found.low, found.high)
    spread = f" ±\u00a0{words.points(found.spread)} judge" if found.spread is not None else ""
    return f"**{words.points(found.mean)}**" + (f"  \n:small[:gray[{told}{spread}]]" if told else "")


def _every(reading: Reading) -> None:
    number = st.column_config.NumberColumn
    st.dataframe(
        [
            {"Variant": words.brief(reading.variants[line.variant], reading.among)}
            | {name: _hundred(line.value(name)) for name in reading.metrics}
            for line in reading.lines
        ],
        hide_index=True,
        placeholder="–",
        alt="Every metric of every variant",
        column_config={
            "Variant": st.column_config.TextColumn(pinned=True),
            **{
                name: number(found.title, format="%.1f", help=f"{found.sentence} {found.formula}")
                for name in reading.metrics
                if (found := evaluate.definition(name))
            },
        },
    )


def _hundred(value: float | None) -> float | None:
    return None if value is None else value * 100


def definitions(metrics: Iterable[str]) -> None:
    """What each of these metrics means, behind a button."""
    found = {item.title: item for name in metrics if (item := evaluate.definition(_base(name)))}
    with st.popover("What the metrics mean", icon=":material/help:"), st.container(height=420, border=False):
        for group, title in _GROUPS.items():
            mine = [item for item in found.values() if item.group == group]
            if mine:
                st.markdown(f"##### {title}", anchors=False)
            for item in mine:
                st.markdown(
                    f"**{plain(item.title)}** {plain(item.sentence)}  \n:small[:gray[{plain(item.formula)} "
                    f"({plain(item.source)})]]"
                )


def _base(name: str) -> str:
    """`hit@5/source` is explained with `hit@k`."""
    name = name.partition("/")[0]
    return f"{name.partition('@')[0]}@k" if "@" in name else name
