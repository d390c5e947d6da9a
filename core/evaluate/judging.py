"""A language model's judgement of answers, asked several times so that its spread shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core import models
from core.errors import ModelError, TandemError, UsageError
from core.evaluate.metrics.texts import refuses, without_citations
from core.evaluate.records import Question
from core.imports import import_alone
from core.loop import get_loop

if TYPE_CHECKING:
    from core.evaluate.llama_judge import LlamaJudge
    from core.workspace import Workspace

Scores = dict[str, tuple[float, ...]]


class Judge:
    """The connected chat model as a judge. `failures` keeps the sentence of each judgement that failed."""

    def __init__(self, workspace: Workspace, judge: LlamaJudge, times: int) -> None:
        self.failures: list[str] = []
        self._workspace = workspace
        self._judge = judge
        self._times = times

    @classmethod
    async def open(cls, workspace: Workspace, times: int) -> Judge:
        """Make it; raises `UsageError` when there is no language model to ask."""
        check_judge(workspace)
        return cls(workspace, await get_loop().blocking(_make, workspace), times)

    async def scores(self, question: Question, answer: str, contexts: Sequence[str]) -> Scores:
        """The scores of one answer by metric, from 0 to 1; without those that failed."""
        found: Scores = {}
        for metric, given in _wanted(question, answer, contexts).items():
            scores = [await self._ask(metric, given) for _ in range(self._times)]
            if kept_scores := tuple(score for score in scores if score is not None):
                found[metric] = kept_scores
        return found

    async def _ask(self, metric: str, given: tuple[object, ...]) -> float | None:
        try:
            score: float | None = await get_loop().blocking(getattr(self._judge, metric), *given)
        except Exception as error:  # noqa: BLE001 - a judgement that fails must not cost the answer
            self.failures.append(str(_explain(error, self._workspace)))
            return None
        if score is None:
            self.failures.append(f"The judge's reply about {metric} holds no score.")
        return score


def check_judge(workspace: Workspace) -> None:
    """Raise `UsageError` unless a language model is connected: the built-in answerer cannot judge."""
    if workspace.model.endpoint.kind == "offline":
        raise UsageError(
            "Judging needs a language model, and the built-in answerer is none: set TANDEM_MODEL_BASE_URL "
            "or TANDEM_MODEL_KEY, or leave the judge out."
        )


def judgements_each(question: Question) -> int:
    """How many metrics a judge is asked about for one answer to this question, at most."""
    return len(_wanted(question, "x", ()))


def _wanted(question: Question, answer: str, contexts: Sequence[str]) -> Mapping[str, tuple[object, ...]]:
    """What to ask about an answer: nothing of a refusal but whether that was right."""
    text = without_citations(answer)
    found: dict[str, tuple[object, ...]] = {}
    if not refuses(answer):
        found["faithfulness"] = (question.question, text, contexts)
        found["relevancy"] = (question.question, text, contexts)
    if question.answers:
        found["correctness"] = (question.question, text, " / ".join(question.answers))
    return found


def _make(workspace: Workspace) -> LlamaJudge:
    import_alone("core.evaluate.llama_judge")
    from core.evaluate.llama_judge import LlamaJudge

    return LlamaJudge(workspace.model, workspace.settings.model_timeout)


def _explain(error: Exception, workspace: Workspace) -> TandemError:
    if isinstance(error, TandemError):
        return error
    if models.is_model_error(error):
        return models.explain(error, workspace.model.endpoint)
    return ModelError(f"The judge failed with {type(error).__name__}: run `python -m core doctor`.")
