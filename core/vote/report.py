"""A vote as one HTML file that needs nothing else: no script, no request, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.engines.base import ENGINE_LABELS, Mode
from core.history.layout import backend_label, date_and_time, template, where
from core.history.texts import duration
from core.vote.counting import BallotTally, Tally, by_ballot, by_voter, interval, sentences, tally
from core.vote.exports import CHOICES
from core.vote.records import LETTERS, Ballot, VoteResult

_DEFAULT_CHUNKS = {Mode.CONTROLLED: "the default number", Mode.NATIVE: "each framework's own number"}
_LEFT, _WIDTH = 20, 520


def export_html(result: VoteResult, *, note: str = "") -> str:
    """The vote as a self-contained page: verdict first, then the score, voters, and every question."""
    whole, names = tally(result), result.voters
    found = sentences(result)
    return template(Path(__file__).with_name("vote.html.j2")).render(
        run=result,
        title=result.name,
        backend=backend_label(result.environment),
        warnings=(),
        note=note,
        labels=ENGINE_LABELS,
        state="closed" if result.closed else "still open: this is how it stands",
        started=date_and_time(result.started_at),
        took=duration(result.seconds),
        verdict=[("Which one do people prefer?", found)],
        tally=whole,
        score=_score(whole) if whole.decided else None,
        voters=[(names[voter], _counts(item)) for voter, item in by_voter(result).items()],
        questions=[_question(result, item) for item in by_ballot(result)],
        setting=_setting(result),
    )


def _score(whole: Tally) -> dict[str, Any]:
    """Where the bar of the score lies, in pixels."""
    ahead, behind = whole.order
    share = whole.share(ahead)
    at = [round(_LEFT + _WIDTH * value, 1) for value in (share.low, share.rate, share.high)]
    return {
        "sides": [(name, ENGINE_LABELS[name], whole.count(name)) for name in (ahead, behind)],
        "left": _LEFT,
        "width": _WIDTH,
        "low": at[0],
        "split": at[1],
        "high": at[2],
        "ticks": [(_LEFT + _WIDTH * value / 100, f"{value}%") for value in (0, 25, 50, 75, 100)],
        "hint": f"{ENGINE_LABELS[ahead]} {interval(share)} of {whole.decided} decided votes",
    }


def _counts(found: Tally) -> list[str]:
    share = interval(found.share(found.first)) if found.decided else "–"
    numbers = (found.for_first, found.for_second, found.ties, found.bad, found.skipped)
    return [*(f"{number:,}" for number in numbers), share]


def _question(result: VoteResult, item: BallotTally) -> dict[str, Any]:
    ballot, names = item.ballot, result.voters
    return {
        "number": ballot.number + 1,
        "text": ballot.question,
        "outcome": _outcome(ballot, item.tally),
        "sides": [(letter.upper(), ballot.side(letter)) for letter in LETTERS],
        "votes": [(names[vote.voter], CHOICES[vote.choice]) for vote in result.of(ballot.id)],
        "identical": ballot.identical,
    }


def _outcome(ballot: Ballot, found: Tally) -> str:
    if ballot.error is not None:
        return "not voted on: an answer failed"
    if not found.votes:
        return "nobody voted"
    leader = found.leader
    if leader is not None:
        return f"{ENGINE_LABELS[leader]} preferred"
    return "level" if found.decided else "undecided"


def _setting(result: VoteResult) -> list[tuple[str, str]]:
    plan, model = result.plan, result.environment.get("model") or {}
    rows = [
        ("Blindness", "both answers shown at once under A and B; who was A drawn by lot for each question"),
        ("Mode", plan.mode.value),
        ("Retrieval", plan.retrieval.value if plan.retrieval else "the default of this Milvus"),
        ("Chunks", f"{plan.top_k} a question" if plan.top_k else _DEFAULT_CHUNKS[plan.mode]),
        ("Documents", "all" if plan.documents is None else ", ".join(plan.documents)),
        ("Answered by", str(model.get("label") or model.get("name") or "")),
    ]
    return rows + where(result.environment)
