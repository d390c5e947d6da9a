"""Variants, metrics and figures of an evaluation in plain words."""

from __future__ import annotations

import html
from collections.abc import Sequence

from core import Mode, Retrieval, evaluate
from pages.parts import palette
from pages.parts.safe_text import plain

RETRIEVALS = {Retrieval.DENSE: "dense", Retrieval.HYBRID: "hybrid", Retrieval.MMR: "MMR"}
_MANY = 3


def setting(variant: evaluate.Variant, among: Sequence[evaluate.Variant]) -> str:
    """What tells a variant from those among which it stands, its framework apart: `hybrid · top 5`.

    Native mode brings its own top-k and chunks, so these are not named there.
    """
    parts = []
    if len({item.retrieval for item in among}) > 1:
        parts.append(RETRIEVALS[variant.retrieval])
    if variant.top_k is not None and len({item.top_k for item in among} - {None}) > 1:
        parts.append(f"top {variant.top_k}")
    if len({item.chunk for item in among if item.mode is Mode.CONTROLLED}) > 1:
        parts.append(_chunks(variant))
    if variant.mode is Mode.NATIVE and len({item.mode for item in among}) > 1:
        parts.append("native")
    return " · ".join(part for part in parts if part)


def _chunks(variant: evaluate.Variant) -> str:
    if variant.mode is Mode.NATIVE:
        return ""
    return f"chunks of {variant.chunk.size:,}" if variant.chunk else "chunks as indexed"


def brief(variant: evaluate.Variant, among: Sequence[evaluate.Variant]) -> str:
    """The framework, and what tells it from the others."""
    told = setting(variant, among)
    label = palette.engine(variant.engine).label
    return f"{label} · {told}" if told else label


def pair(first: evaluate.Variant, second: evaluate.Variant, among: Sequence[evaluate.Variant]) -> str:
    """Two variants, what they share named once: `LlamaIndex against LangChain, hybrid`."""
    one, other = setting(first, among), setting(second, among)
    if first.engine == second.engine:
        return f"{palette.engine(first.engine).label}, {one} against {other}"
    if one == other:
        label = f"{palette.engine(first.engine).label} against {palette.engine(second.engine).label}"
        return f"{label}, {one}" if one else label
    return f"{brief(first, among)} against {brief(second, among)}"


def tag(variant: evaluate.Variant, among: Sequence[evaluate.Variant]) -> str:
    """The same as markdown, with the framework's coloured mark."""
    told = setting(variant, among)
    look = palette.engine(variant.engine)
    return f"{look.tag} :small[{plain(told)}]" if told else look.tag


def metric(name: str) -> str:
    """A metric's title."""
    found = evaluate.definition(name)
    return found.title if found else name


def quoted(name: str) -> str:
    """A metric's title within a sentence."""
    return f"“{metric(name)}”"


def points(value: float | None) -> str:
    """A metric in points of a hundred: `92.5`; a dash for None."""
    return "–" if value is None else f"{value * 100:.1f}"


def signed(value: float | None) -> str:
    """A difference in points, with its sign."""
    return "–" if value is None else f"{round(value * 100, 1) + 0.0:+.1f}".replace("-", "−")


def interval(low: float | None, high: float | None) -> str:
    """`81.0 to 97.2`; empty without an interval."""
    return "" if low is None or high is None else f"{points(low)}\u00a0to\u00a0{points(high)}"


def price(value: float | None) -> str:
    """A cost in the currency of the prices that are set: `0.0042`; a dash for None."""
    return "–" if value is None else f"{value:,.4f}" if value < 1 else f"{value:,.2f}"


def listed(items: Sequence[str]) -> str:
    """A few names in a row; of many, the first ones and how many more."""
    if len(items) <= _MANY:
        return ", ".join(items)
    return f"{', '.join(items[:_MANY])} and {len(items) - _MANY} more"


def in_chart(text: str) -> str:
    """A text that is not ours, fit for a chart, where tags and entities would act."""
    return html.escape(text, quote=False)
