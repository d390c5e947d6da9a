"""Ingest: parse, cut, embed once, index in every engine; and what keeps the corpus in order."""

from core.ingest.records import (
    SCHEMA_VERSION,
    STAGES,
    EngineResult,
    FileResult,
    IngestSummary,
    Progress,
    Upload,
)
from core.ingest.run import copy, ingest, pending, reindex, remove, sweep

__all__ = [
    "SCHEMA_VERSION",
    "STAGES",
    "EngineResult",
    "FileResult",
    "IngestSummary",
    "Progress",
    "Upload",
    "copy",
    "ingest",
    "pending",
    "reindex",
    "remove",
    "sweep",
]
