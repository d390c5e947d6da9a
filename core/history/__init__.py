"""Runs that last, in SQL: benchmarks now, evaluations and votes as well. Blocking, but for the recorder."""

from core.history.comparison import CellChange, Comparison, check_comparable, compare
from core.history.exports import export_csv, export_json, export_samples_csv
from core.history.imports import import_json, read_file, read_json
from core.history.recorder import Recorder, open_history, run_recorded
from core.history.records import KINDS, STATES, NewRun, RunKind, RunPage, RunState, RunSummary, new_run_id
from core.history.report import export_html
from core.history.store import History
from core.history.writer import Writer

__all__ = [
    "KINDS",
    "STATES",
    "CellChange",
    "Comparison",
    "History",
    "NewRun",
    "Recorder",
    "RunKind",
    "RunPage",
    "RunState",
    "RunSummary",
    "Writer",
    "check_comparable",
    "compare",
    "export_csv",
    "export_html",
    "export_json",
    "export_samples_csv",
    "import_json",
    "new_run_id",
    "open_history",
    "read_file",
    "read_json",
    "run_recorded",
]
