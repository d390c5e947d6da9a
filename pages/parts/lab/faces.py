"""How each kind of run is drawn once it is open; what can be done with it is in `core.kinds`.

A new kind is one more entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core import Workspace, bench, evaluate, history, vote
from pages.parts.lab import changes, results, words
from pages.parts.quality import changes as quality_changes
from pages.parts.quality import results as quality_results
from pages.parts.voting import comparing as voting_changes
from pages.parts.voting import results as voting_results


@dataclass(frozen=True)
class Face:
    """`draw` draws what a run found, `changed` what changed from an earlier one.

    `done` says how far a run came that is not whole, as the beginning of a sentence.
    """

    draw: Callable[[Workspace, Any], None]
    changed: Callable[[Any, Any], None]
    done: Callable[[Any], str]


def _benchmark(workspace: Workspace, result: bench.RunResult) -> None:
    results.draw(result)


def _asked(result: evaluate.EvaluationResult) -> str:
    return f"{len(result.outcomes):,} of {result.expected:,} answers are there"


def _voted(result: vote.VoteResult) -> str:
    return f"{len(result.ballots):,} questions were put to the vote"


FACES: Mapping[history.RunKind, Face] = {
    "benchmark": Face(_benchmark, changes.draw, words.done),
    "evaluation": Face(quality_results.draw, quality_changes.draw, _asked),
    "vote": Face(voting_results.draw, voting_changes.draw, _voted),
}
