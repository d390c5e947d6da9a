"""Plans to start from, and the figures that the tutorials published, to be drawn beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.bench.plan import Plan
from core.errors import UsageError


@dataclass(frozen=True)
class Published:
    """One line of a tutorial's table; seconds for `count` calls."""

    framework: Literal["llamaindex", "langchain"]
    operation: str
    count: int
    asynchronous: float
    sequential: float

    @property
    def ratio(self) -> float:
        """How many times faster the tutorial found async."""
        return self.sequential / self.asynchronous


@dataclass(frozen=True)
class Preset:
    """A named plan. `purpose` is one sentence for the person who chooses."""

    name: str
    title: str
    purpose: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    published: tuple[Published, ...] = ()

    def plan(self, **changes: Any) -> Plan:
        """The preset's plan, with changes; None leaves a field as the preset has it."""
        given = {name: value for name, value in changes.items() if value is not None}
        return Plan.make(**{"name": self.title, "preset": self.name, **self.fields, **given})


_LLAMAINDEX = (
    Published("llamaindex", "add", 10, 0.19, 0.56),
    Published("llamaindex", "add", 100, 0.48, 5.85),
    Published("llamaindex", "add", 1000, 3.22, 62.91),
    Published("llamaindex", "query", 10, 0.55, 3.29),
    Published("llamaindex", "query", 100, 1.39, 30.80),
    Published("llamaindex", "query", 1000, 8.81, 308.80),
)
_LANGCHAIN = (
    Published("langchain", "add_documents", 10, 1.74, 5.36),
    Published("langchain", "add_documents", 100, 2.77, 65.60),
    Published("langchain", "similarity_search", 10, 2.31, 6.07),
    Published("langchain", "similarity_search", 100, 3.72, 54.22),
    Published("langchain", "delete", 10, 0.58, 2.82),
    Published("langchain", "delete", 100, 0.61, 29.21),
)

PRESETS: dict[str, Preset] = {
    item.name: item
    for item in (
        Preset(
            "quick-look",
            "Quick look",
            "Every framework and mode on inserts and searches, in under half a minute.",
            {
                "counts": (50,),
                "rounds": 5,
                "dimension": 256,
                "rows": 500,
                "warmup_calls": 10,
                "time_budget_s": 25.0,
            },
        ),
        Preset(
            "llamaindex-tutorial",
            "LlamaIndex tutorial",
            "The steps, counts and consistency level of the tutorial, its figures beside ours.",
            {
                "frameworks": ("llamaindex",),
                "operations": ("add", "query"),
                "modes": ("sequential", "asyncio"),
                "counts": (10, 100, 1000),
                "consistencies": ("Strong",),
                "dimension": 768,
                "top_k": 3,
                "rounds": 3,
            },
            _LLAMAINDEX,
        ),
        Preset(
            "langchain-tutorial",
            "LangChain tutorial",
            "The steps, counts and consistency level of the tutorial, its figures beside ours.",
            {
                "frameworks": ("langchain",),
                "operations": ("add_documents", "similarity_search", "delete"),
                "modes": ("sequential", "asyncio"),
                "counts": (10, 100),
                "consistencies": ("Session",),
                "dimension": 1536,
                "top_k": 3,
                "rows": 1000,
            },
            _LANGCHAIN,
        ),
        Preset(
            "why-async-wins",
            "Why async wins",
            "Consistency level times network round trip times mode: where the waiting is that async hides.",
            {
                "frameworks": ("pymilvus", "llamaindex", "langchain"),
                "operations": ("insert", "search"),
                "counts": (50,),
                "consistencies": ("Strong", "Bounded"),
                "rtts_ms": (0.0, 50.0),
                "rounds": 3,
                "time_budget_s": 900.0,
            },
        ),
        Preset(
            "find-the-knee",
            "Find the knee",
            "Throughput against concurrency, and the point beyond which more callers gain nothing.",
            {
                "frameworks": ("pymilvus", "llamaindex", "langchain"),
                "operations": ("search",),
                "modes": ("threads", "asyncio"),
                "counts": (512,),
                "concurrencies": (1, 2, 4, 8, 16, 32, 64, 128, 256),
                "rounds": 5,
                "time_budget_s": 300.0,
            },
        ),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name; `UsageError` names those that exist."""
    try:
        return PRESETS[name]
    except KeyError:
        raise UsageError(f"There is no preset {name!r}: choose from {', '.join(PRESETS)}.") from None


def published(framework: str, operation: str, count: int) -> Published | None:
    """The tutorial's figures for a cell, if it has any."""
    lines = (*_LLAMAINDEX, *_LANGCHAIN)
    wanted = (framework, operation, count)
    return next((item for item in lines if (item.framework, item.operation, item.count) == wanted), None)
