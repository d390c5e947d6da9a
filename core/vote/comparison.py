"""Two votes on the same questions: whether the preference changed, and whether that can be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from core.bench.records import ErrorRate
from core.engines.base import ENGINE_LABELS, EngineName
from core.errors import UsageError
from core.vote.counting import Tally, interval, tally
from core.vote.records import VoteResult

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class VoteComparison:
    """An engine's share of the decided votes in the run `before` and in the run `now`, given by id.

    `p` is of Fisher's exact test, which takes the votes for independent. `differences` are what else
    differs between the two and could be the cause, as sentences.
    """

    before: str
    now: str
    engine: EngineName
    counted_before: Tally
    counted_now: Tally
    p: float
    differences: tuple[str, ...] = ()

    @property
    def share_before(self) -> ErrorRate:
        """The engine's share before, with its interval."""
        return self.counted_before.share(self.engine)

    @property
    def share_now(self) -> ErrorRate:
        """The engine's share now, with its interval."""
        return self.counted_now.share(self.engine)

    @property
    def different(self) -> bool:
        """Whether the change can be told from chance."""
        return self.p < SIGNIFICANCE

    @property
    def summary(self) -> str:
        """The finding."""
        name = ENGINE_LABELS[self.engine]
        shares = f"{interval(self.share_before)} before, {interval(self.share_now)} now"
        if not self.different:
            return f"No measurable change: {name} had {shares} of the decided votes."
        word = "gained" if self.share_now.rate > self.share_before.rate else "lost"
        return f"{name} {word}: {shares} of the decided votes."

    def to_json(self) -> dict[str, Any]:
        """JSON-ready fields."""
        shares = {"share_before": asdict(self.share_before), "share_now": asdict(self.share_now)}
        more = {"schema_version": 1, "different": self.different, "summary": self.summary}
        return {**asdict(self), **shares, **more}


def compare_votes(before: VoteResult, now: VoteResult) -> VoteComparison:
    """Compare two votes; `UsageError` with the reason when they must not be set side by side."""
    _check(before, now)
    from scipy import stats

    old, new = tally(before), tally(now)
    table = [[old.for_first, old.for_second], [new.for_first, new.for_second]]
    return VoteComparison(
        before=before.run_id,
        now=now.run_id,
        engine=new.first,
        counted_before=old,
        counted_now=new,
        p=float(stats.fisher_exact(table).pvalue),
        differences=tuple(_differences(before, now)),
    )


def _check(before: VoteResult, now: VoteResult) -> None:
    if before.plan.engines != now.plan.engines:
        raise UsageError("These two votes are not compared, for they are between different engines.")
    only_before, only_now = before.questions - now.questions, now.questions - before.questions
    if only_before or only_now:
        parts = [(len(only_before), "only in the earlier vote"), (len(only_now), "only in the later one")]
        told = ", ".join(f"{number} {where}" for number, where in parts if number)
        raise UsageError(
            f"These two votes are not compared, for people voted on different questions: {told}. Vote on "
            "the same question set to compare."
        )
    for result, which in ((before, "earlier"), (now, "later")):
        if not tally(result).decided:
            raise UsageError(f"These two votes are not compared: the {which} one has no decided vote yet.")


def _differences(before: VoteResult, now: VoteResult) -> Iterator[str]:
    old, new = _circumstances(before), _circumstances(now)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield f"{name}: {old.get(name) or 'none'} before, {new.get(name) or 'none'} now"


def _circumstances(result: VoteResult) -> dict[str, Any]:
    plan, where = result.plan, result.environment
    models = {name: (where.get(name) or {}).get("name") for name in ("model", "embedding")}
    return {
        "mode": plan.mode.value,
        "retrieval": plan.retrieval.value if plan.retrieval else "default",
        "top-k": plan.top_k,
        "documents": None if plan.documents is None else ", ".join(plan.documents),
        "voters": len(result.voters),
        "Milvus": (where.get("backend") or {}).get("label"),
        **models,
        **(where.get("packages") or {}),
    }
