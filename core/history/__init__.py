"""Runs that last, in SQL: benchmarks now, evaluations and votes as well. Blocking, but for the recorder."""

from core.history.recorder import Recorder, open_history, run_recorded
from core.history.records import KINDS, STATES, NewRun, RunKind, RunPage, RunState, RunSummary, new_run_id
from core.history.store import History
from core.history.writer import Writer

__all__ = [
    "KINDS",
    "STATES",
    "History",
    "NewRun",
    "Recorder",
    "RunKind",
    "RunPage",
    "RunState",
    "RunSummary",
    "Writer",
    "new_run_id",
    "open_history",
    "run_recorded",
]
