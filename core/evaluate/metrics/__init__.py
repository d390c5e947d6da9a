"""Metrics: pure functions of questions, chunks and answers, each with its definition."""

from core.evaluate.metrics.definitions import DEFINITIONS, JUDGED, Definition, definition, metric_title

__all__ = ["DEFINITIONS", "JUDGED", "Definition", "definition", "metric_title"]
