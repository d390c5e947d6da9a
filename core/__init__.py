"""Tandem's core, and its one public door: pages and the command line take what they need from here.

Importing it brings in no framework, no pymilvus, no pandas: adapters import theirs when used.
"""

from core import bench, evaluate, history, kinds, sample, vote
from core.ask import AskOptions, answers, ask, check_question
from core.catalogue import DocumentRecord
from core.doctor import Check, diagnose
from core.documents import SUPPORTED, Chunk, Document, Page, Splitter, split
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
from core.imports import import_alone
from core.ingest import FileResult, IngestSummary, Upload, ingest, reindex, remove
from core.jobs import Job, get_jobs
from core.loop import Handle, Item, Progress, Snapshot, cancel_owner, get_loop, run, stream, submit
from core.milvus import check_workspace
from core.parity import Overlap, ParityRow, overlap, parity
from core.serialize import answer_result, ask_result
from core.settings import Settings
from core.workspace import Workspace

__all__ = [
    "ENGINE_LABELS",
    "ENGINE_NAMES",
    "SUPPORTED",
    "Answer",
    "AskOptions",
    "Check",
    "Chunk",
    "Document",
    "DocumentRecord",
    "EngineName",
    "Event",
    "Failed",
    "FileResult",
    "Finished",
    "Handle",
    "Hit",
    "IngestSummary",
    "Item",
    "Job",
    "Mode",
    "Overlap",
    "Page",
    "ParityRow",
    "Progress",
    "Retrieval",
    "Retrieved",
    "Settings",
    "Snapshot",
    "Splitter",
    "TandemError",
    "Timings",
    "Token",
    "Upload",
    "Usage",
    "UsageError",
    "Workspace",
    "answer_result",
    "answers",
    "ask",
    "ask_result",
    "bench",
    "cancel_owner",
    "check_question",
    "check_workspace",
    "diagnose",
    "evaluate",
    "get_jobs",
    "get_loop",
    "history",
    "import_alone",
    "ingest",
    "kinds",
    "overlap",
    "parity",
    "redact",
    "reindex",
    "remove",
    "run",
    "sample",
    "split",
    "stream",
    "submit",
    "vote",
]
