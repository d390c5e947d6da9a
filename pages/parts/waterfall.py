"""Where the time of both answers went, on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import Answer, Timings
from pages.parts import palette
from pages.parts.units import percent, seconds

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Top to bottom, in the order in which they happen.
EMBED, SEARCH, FIRST, WRITE, OWN = "Embed", "Search", "First token", "Writing", "Framework"
STAGES = (EMBED, SEARCH, FIRST, WRITE, OWN)
_STAGE_OF = {"embed": EMBED, "search": SEARCH}
MEANING = {
    EMBED: "the question becomes a vector",
    SEARCH: "Milvus finds the chunks",
    FIRST: "from the request to the model's first token",
    WRITE: "the rest of the model's stream",
    OWN: "everything that was not a call: the framework's own work",
}

# Below this share of the slower answer, one question cannot tell the engines apart.
_NOTICEABLE = 0.10


@dataclass(frozen=True)
class Bar:
    """One stretch of one engine's time, in seconds from the question."""

    engine: str
    stage: str
    start: float
    length: float


def bars(engine: str, timings: Timings) -> list[Bar]:
    """Cut one answer's time into stages; stretches that no wire call covers are the framework's own."""
    found = [bar for span in timings.spans for bar in _cut(engine, span, timings.first_token)]
    return found + [Bar(engine, OWN, start, end - start) for start, end in _gaps(timings)]


def _cut(engine: str, span: tuple[str, float, float], first_token: float | None) -> list[Bar]:
    kind, start, end = span
    if kind != "generate":
        return [Bar(engine, _STAGE_OF.get(kind, OWN), start, end - start)]
    if first_token is None or not start < first_token <= end:
        return [Bar(engine, FIRST, start, end - start)]  # it was waited for in vain
    waited = Bar(engine, FIRST, start, first_token - start)
    return [waited, Bar(engine, WRITE, first_token, end - first_token)]


def _gaps(timings: Timings) -> list[tuple[float, float]]:
    """Stretches between 0 and the total that no span covers; those under 0.1 ms are left out."""
    gaps, reached = [], 0.0
    for _, start, end in sorted(timings.spans, key=lambda span: span[1]):
        gaps.append((reached, start))
        reached = max(reached, end)
    gaps.append((reached, timings.total))
    return [(start, end) for start, end in gaps if end - start >= 0.0001]


def finding(answers: Sequence[Answer]) -> str:
    """The sentence that the chart shows: who was sooner, and where the time went."""
    finished = sorted((a for a in answers if a.error is None), key=lambda answer: answer.timings.total)
    if not finished:
        return "Neither engine finished"
    share = _model_share(finished)
    if len(finished) == 1:
        only = finished[0]
        return f"{_label(only)} took {seconds(only.timings.total)}{share}"
    fast, slow = finished[0], finished[-1]
    gap = slow.timings.total - fast.timings.total
    if gap < _NOTICEABLE * slow.timings.total:
        return f"Both took about {seconds(slow.timings.total)}{share}"
    return f"{_label(fast)} finished {seconds(gap)} sooner, in {seconds(fast.timings.total)}{share}"


def _label(answer: Answer) -> str:
    return palette.engine(answer.engine).label


def _model_share(answers: Sequence[Answer]) -> str:
    total = sum(answer.timings.total for answer in answers)
    written = sum(answer.timings.generate or 0.0 for answer in answers)
    if not total or not written:
        return ""
    return f"; {percent(written / total)} of it went to the model"


def figure(answers: Sequence[Answer]) -> Figure:
    """The waterfall: a row a stage, a bar an engine, one axis in milliseconds or seconds."""
    import plotly.graph_objects as go

    longest = max((answer.timings.total for answer in answers), default=0.0)
    unit, factor = ("s", 1.0) if longest >= 2 else ("ms", 1000.0)
    drawing = go.Figure()
    for answer in reversed(answers):  # plotly stacks a group upwards
        drawing.add_trace(_trace(go, answer, factor))
    drawing.update_layout(
        barmode="group",
        bargap=0.35,
        height=90 + 52 * len(STAGES),
        margin={"l": 0, "r": 8, "t": 36, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "reversed"},
        dragmode=False,
        hoverlabel={"namelength": -1},
    )
    drawing.update_yaxes(
        categoryorder="array", categoryarray=list(reversed(STAGES)), title=None, fixedrange=True
    )
    drawing.update_xaxes(
        title=f"Time since the question ({unit})",
        # Room to the right for the figures that stand beside the bars.
        range=[0, longest * factor * 1.16],
        fixedrange=True,
        zeroline=True,
    )
    return drawing


def _trace(go: Any, answer: Answer, factor: float) -> Any:
    look = palette.engine(answer.engine)
    cut = bars(answer.engine, answer.timings)
    last = {bar.stage: place for place, bar in enumerate(cut)}
    spent = {stage: sum(bar.length for bar in cut if bar.stage == stage) for stage in STAGES}
    return go.Bar(
        name=look.label,
        orientation="h",
        y=[bar.stage for bar in cut],
        x=[bar.length * factor for bar in cut],
        base=[bar.start * factor for bar in cut],
        marker={
            "color": look.color,
            "line": {"color": look.color, "width": 1.5},
            "pattern": {"shape": ["/" if bar.stage == OWN else "" for bar in cut], "solidity": 0.35},
        },
        text=[seconds(spent[bar.stage]) if last[bar.stage] == n else "" for n, bar in enumerate(cut)],
        textposition="outside",
        cliponaxis=False,
        customdata=[[seconds(bar.length), seconds(bar.start), MEANING[bar.stage]] for bar in cut],
        hovertemplate="<b>%{y}</b> %{customdata[0]}, from %{customdata[1]}<br>%{customdata[2]}",
    )
