"""Tandem's core, and its one public door: pages and the command line take what they need from here.

Importing it brings in no framework, no pymilvus, no pandas: adapters import theirs when used.
"""

from core.ask import AskOptions, answers, ask, check_question
from core.catalogue import DocumentRecord
from core.doctor import Check, diagnose
from core.engines.base import (
    ENGINE_LABELS,
    ENGINE_NAMES,
    Answer,
    EngineName,
    Event,
    Failed,
    Finished,
    Hit,
    Mode,
    Retrieval,
    Retrieved,
    Timings,
    Token,
    Usage,
)
from core.errors import TandemError, UsageError, redact
from core.loop import Progress, Snapshot, cancel_owner, get_loop, run, stream, submit
from core.parity import Overlap, ParityRow, overlap, parity
from core.serialize import answer_result, ask_result
from core.settings import Settings
from core.workspace import Workspace

__all__ = [
    "ENGINE_LABELS",
    "ENGINE_NAMES",
    "Answer",
    "AskOptions",
    "Check",
    "DocumentRecord",
    "EngineName",
    "Event",
    "Failed",
    "Finished",
    "Hit",
    "Mode",
    "Overlap",
    "ParityRow",
    "Progress",
    "Retrieval",
    "Retrieved",
    "Settings",
    "Snapshot",
    "TandemError",
    "Timings",
    "Token",
    "Usage",
    "UsageError",
    "Workspace",
    "answer_result",
    "answers",
    "ask",
    "ask_result",
    "cancel_owner",
    "check_question",
    "diagnose",
    "get_loop",
    "overlap",
    "parity",
    "redact",
    "run",
    "stream",
    "submit",
]
