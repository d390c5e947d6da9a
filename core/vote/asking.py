"""Both engines asked under equal terms, and lots drawn for who is A."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from time import time
from typing import TYPE_CHECKING

from core.ask import AskOptions, answers
from core.engines.base import Answer, EngineName
from core.errors import UsageError
from core.vote.records import Ballot, Plan, Side

if TYPE_CHECKING:
    from core.workspace import Workspace

_SILENT = "One of the two engines gave no answer."


async def ask_ballot(workspace: Workspace, plan: Plan, question: str, number: int) -> Ballot:
    """Ask both engines and wait for both, so that neither's speed gives it away.

    A question that cannot be asked, or one that an engine fails on, gives a ballot with its `error`.
    """
    options = AskOptions(plan.engines, plan.retrieval, plan.top_k, plan.mode, plan.documents)
    try:
        found = await answers(workspace, question, options)
    except UsageError as error:
        found = {name: Answer(name, error=str(error)) for name in plan.engines}
    return make_ballot(question, number, plan, found)


def make_ballot(question: str, number: int, plan: Plan, found: Mapping[EngineName, Answer]) -> Ballot:
    """A ballot of two answers. Who is A is drawn by lot from the system's own secret source."""
    first, second = (_side(name, found.get(name)) for name in plan.engines)
    if secrets.randbits(1):
        first, second = second, first
    return Ballot(secrets.token_hex(8), number, question, first, second, time())


def _side(name: EngineName, answer: Answer | None) -> Side:
    if answer is None:
        return Side(name, error=_SILENT)
    chunks = tuple(hit.chunk for hit in sorted(answer.hits, key=lambda hit: hit.rank))
    return Side(name, answer.text, chunks, answer.timings.total, answer.error)
