"""The waterfall says where the time went, and never more than one question can tell."""

import pytest

from core import Answer, Timings
from pages.parts import waterfall

SPANS = (("embed", 0.01, 0.02), ("search", 0.03, 0.05), ("generate", 0.06, 0.16))


def timings(total=0.17, first_token=0.08, spans=SPANS, generate=0.1):
    return Timings(first_token=first_token, generate=generate, total=total, spans=spans)


def answer(engine, total, **changes):
    return Answer(engine, timings=timings(total=total), **changes)


def stretches(bars, stage):
    return [(round(bar.start, 3), round(bar.start + bar.length, 3)) for bar in bars if bar.stage == stage]


def test_every_moment_belongs_to_exactly_one_stage():
    bars = waterfall.bars("langchain", timings())
    assert sum(bar.length for bar in bars) == pytest.approx(0.17)
    assert stretches(bars, waterfall.OWN) == [(0.0, 0.01), (0.02, 0.03), (0.05, 0.06), (0.16, 0.17)]


def test_the_model_call_is_cut_at_its_first_token():
    bars = waterfall.bars("langchain", timings())
    assert stretches(bars, waterfall.FIRST) == [(0.06, 0.08)]
    assert stretches(bars, waterfall.WRITE) == [(0.08, 0.16)]


def test_a_first_token_that_never_came_was_waited_for_all_along():
    bars = waterfall.bars("langchain", timings(first_token=None))
    assert stretches(bars, waterfall.FIRST) == [(0.06, 0.16)]
    assert stretches(bars, waterfall.WRITE) == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            [answer("llamaindex", 1.0), answer("langchain", 2.0)],
            "LlamaIndex finished 1.00 s sooner, in 1.00 s",
        ),
        ([answer("llamaindex", 1.0), answer("langchain", 0.95)], "Both took about 1.00 s"),
        ([answer("llamaindex", 1.0, error="down"), answer("langchain", 0.5)], "LangChain took 500 ms"),
        ([answer("llamaindex", 1.0, error="down")], "Neither engine finished"),
    ],
    ids=["clear", "too close to tell", "one failed", "both failed"],
)
def test_the_title_states_the_finding(answers, said):
    assert waterfall.finding(answers).startswith(said)


@pytest.mark.parametrize(("total", "unit"), [(0.17, "(ms)"), (2.5, "(s)")])
def test_the_axis_has_its_unit_and_each_engine_its_colour(total, unit):
    drawing = waterfall.figure([answer("llamaindex", total), answer("langchain", total)])
    assert drawing.layout.xaxis.title.text.endswith(unit)
    colors = {trace.name: trace.marker.color for trace in drawing.data}
    assert colors == {"LlamaIndex": "#7450C8", "LangChain": "#C4620F"}
