"""An evaluation's results as they are read: worked out once, and looked up from then on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import streamlit as st

from core import evaluate

Standing = Literal["right", "wrong", "failed", "unmeasured"]
Key = tuple[str, str]
"""A question's id and a variant's key."""

_KEPT = "evaluation that is read"
# A value of a metric that is no plain yes or no counts as right from here on.
RIGHT = 0.5


class Reading:
    """What follows from the outcomes of one evaluation."""

    def __init__(self, result: evaluate.EvaluationResult) -> None:
        self.result = result
        self.variants = {variant.key: variant for variant in result.plan.variants}
        self.questions = {question.id: question for question in result.questions}
        self._values: dict[str, dict[Key, float]] = {}
        self._differences: dict[tuple[str, bool], tuple[evaluate.Difference, ...]] = {}

    @property
    def among(self) -> tuple[evaluate.Variant, ...]:
        """All variants."""
        return self.result.plan.variants

    @cached_property
    def lines(self) -> tuple[evaluate.VariantSummary, ...]:
        """The leaderboard, the best first."""
        return evaluate.summarize(self.result)

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that was measured."""
        return evaluate.metric_names(self.result)

    @cached_property
    def headlines(self) -> tuple[str, ...]:
        """The metrics to look at first."""
        return evaluate.headlines(self.result)

    @cached_property
    def outcomes(self) -> Mapping[Key, tuple[evaluate.Outcome, ...]]:
        """The outcomes of each question under each variant, one a repeat."""
        found: dict[Key, list[evaluate.Outcome]] = {}
        for outcome in self.result.outcomes:
            found.setdefault((outcome.question_id, outcome.variant), []).append(outcome)
        return {key: tuple(items) for key, items in found.items()}

    def values(self, metric: str) -> Mapping[Key, float]:
        """A metric of each question under each variant, the mean over repeats; without what lacks it."""
        if metric not in self._values:
            self._values[metric] = {
                key: value
                for key, items in self.outcomes.items()
                if (value := _mean(items, metric)) is not None
            }
        return self._values[metric]

    def differences(self, metric: str, *, every: bool = False) -> tuple[evaluate.Difference, ...]:
        """Pairs of variants compared in a metric: those that differ in one thing, or `every` pair."""
        key = metric, every
        if key not in self._differences:
            pairs: Literal["all", "one factor"] = "all" if every else "one factor"
            self._differences[key] = evaluate.differences(self.result, metric, pairs=pairs)
        return self._differences[key]

    def standing(self, question: str, variant: str, metric: str) -> Standing:
        """Whether a variant got a question right by this metric.

        Where an answer was to be refused, by that: the metrics of answers do not apply there.
        """
        key = question, variant
        value = self.values(metric).get(key)
        if value is None and _of_answers(metric):
            value = self.values("refusal").get(key)
        if value is not None:
            return "right" if value >= RIGHT else "wrong"
        failed = any(outcome.error is not None for outcome in self.outcomes.get(key, ()))
        return "failed" if failed else "unmeasured"


def of(result: evaluate.EvaluationResult) -> Reading:
    """The reading of this result, kept while the session looks at it."""
    mark = (result.run_id, result.state, len(result.outcomes), result.errors, result.started_at)
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] != mark:
        kept = (mark, Reading(result))
        st.session_state[_KEPT] = kept
    found: Reading = kept[1]
    return found


def _mean(outcomes: tuple[evaluate.Outcome, ...], metric: str) -> float | None:
    measured = [
        value for outcome in outcomes if (value := evaluate.metric_value(outcome.metrics, metric)) is not None
    ]
    return sum(measured) / len(measured) if measured else None


def _of_answers(metric: str) -> bool:
    found = evaluate.definition(metric)
    return found is not None and found.group != "retrieval"
