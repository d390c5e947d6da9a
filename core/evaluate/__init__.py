"""Evaluate: labelled questions under several settings, scored, compared, kept.

Names are imported when first used, so that importing this room costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.evaluate.changes import EvaluationComparison, Speed, VariantChange, compare_evaluations
    from core.evaluate.compare import Difference, Point, differences, pareto
    from core.evaluate.corpora import drop_copies
    from core.evaluate.drafting import accept, draft_questions
    from core.evaluate.events import Answered, Begun, Ended, Indexing, Progress, Warned
    from core.evaluate.exports import export_csv, export_json, export_variants_csv
    from core.evaluate.finding import findings
    from core.evaluate.imports import read_evaluation
    from core.evaluate.journal import Journal, LinesJournal, MemoryJournal, read_journal
    from core.evaluate.metrics import DEFINITIONS, Definition, definition, metric_title
    from core.evaluate.questions import (
        BadRow,
        Loaded,
        export_questions,
        gather,
        load_questions,
        question_to_json,
        questions_hash,
        read_questions,
        sample_questions,
    )
    from core.evaluate.recording import HistoryJournal, add_evaluation, load_evaluation, store_evaluation
    from core.evaluate.records import ChunkSize, EvaluationResult, Found, Outcome, Plan, Question, Variant
    from core.evaluate.report import export_html
    from core.evaluate.rows import Row
    from core.evaluate.runner import estimate, evaluate
    from core.evaluate.scoring import metric_value
    from core.evaluate.sets import SetSummary, delete_set, delete_sets, list_sets, load_set, save_set
    from core.evaluate.summary import (
        Estimate,
        VariantSummary,
        headlines,
        metric_names,
        points,
        sentences,
        summarize,
    )
    from core.evaluate.thresholds import Check, Threshold
    from core.evaluate.variants import Cost, Defaults, Grid, default_variants, parse_variants

_ROOMS = {
    "changes": ("EvaluationComparison", "Speed", "VariantChange", "compare_evaluations"),
    "compare": ("Difference", "Point", "differences", "pareto"),
    "corpora": ("drop_copies",),
    "drafting": ("accept", "draft_questions"),
    "events": ("Answered", "Begun", "Ended", "Indexing", "Progress", "Warned"),
    "exports": ("export_csv", "export_json", "export_variants_csv"),
    "finding": ("findings",),
    "imports": ("read_evaluation",),
    "journal": ("Journal", "LinesJournal", "MemoryJournal", "read_journal"),
    "metrics": ("DEFINITIONS", "Definition", "definition", "metric_title"),
    "questions": (
        *("BadRow", "Loaded", "export_questions", "gather", "load_questions"),
        *("question_to_json",),
        *("questions_hash", "read_questions", "sample_questions"),
    ),
    "report": ("export_html",),
    "recording": ("HistoryJournal", "add_evaluation", "load_evaluation", "store_evaluation"),
    "records": ("ChunkSize", "EvaluationResult", "Found", "Outcome", "Plan", "Question", "Variant"),
    "rows": ("Row",),
    "runner": ("estimate", "evaluate"),
    "scoring": ("metric_value",),
    "sets": ("SetSummary", "delete_set", "delete_sets", "list_sets", "load_set", "save_set"),
    "summary": (
        *("Estimate", "VariantSummary", "headlines", "metric_names", "points", "sentences", "summarize"),
    ),
    "thresholds": ("Check", "Threshold"),
    "variants": ("Cost", "Defaults", "Grid", "default_variants", "parse_variants"),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "DEFINITIONS",
    "Answered",
    "BadRow",
    "Begun",
    "Check",
    "ChunkSize",
    "Cost",
    "Defaults",
    "Definition",
    "Difference",
    "Ended",
    "Estimate",
    "EvaluationComparison",
    "EvaluationResult",
    "Found",
    "Grid",
    "HistoryJournal",
    "Indexing",
    "Journal",
    "LinesJournal",
    "Loaded",
    "MemoryJournal",
    "Outcome",
    "Plan",
    "Point",
    "Progress",
    "Question",
    "Row",
    "SetSummary",
    "Speed",
    "Threshold",
    "Variant",
    "VariantChange",
    "VariantSummary",
    "Warned",
    "accept",
    "add_evaluation",
    "compare_evaluations",
    "default_variants",
    "definition",
    "delete_set",
    "delete_sets",
    "differences",
    "draft_questions",
    "drop_copies",
    "estimate",
    "evaluate",
    "export_csv",
    "export_html",
    "export_json",
    "export_questions",
    "export_variants_csv",
    "findings",
    "gather",
    "headlines",
    "list_sets",
    "load_evaluation",
    "load_questions",
    "load_set",
    "metric_names",
    "metric_title",
    "metric_value",
    "pareto",
    "parse_variants",
    "points",
    "question_to_json",
    "questions_hash",
    "read_evaluation",
    "read_journal",
    "read_questions",
    "sample_questions",
    "save_set",
    "sentences",
    "store_evaluation",
    "summarize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
