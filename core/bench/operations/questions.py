"""Whole questions: retrieve and answer through each engine, against the built-in endpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from core.bench.drivers import Work
from core.bench.operations.base import Operation, Stage
from core.bench.plan import Plan
from core.documents.records import Chunk
from core.engines.base import Query, Retrieved, Token
from core.settings import Consistency, Settings

if TYPE_CHECKING:
    from core.models import ModelClient


def endpoint_settings(settings: Settings, plan: Plan, consistency: Consistency = "Bounded") -> Settings:
    """Settings under which whole questions run: the built-in endpoint, with the plan's latency.

    Never the user's own endpoint: hundreds of questions at once would cost money and hit its limits.
    """
    return settings.model_copy(
        update={
            "model_base_url": "offline",
            "embedding_base_url": "",
            "chat_model": "",
            "embedding_model": "",
            "embedding_dimension": 0,
            "offline_first_token_ms": plan.first_token_ms,
            "offline_token_ms": plan.token_ms,
            "consistency": consistency,
            "metric": plan.metric,
            "top_k": plan.top_k,
        }
    )


def open_model(settings: Settings, plan: Plan) -> ModelClient:
    """Clients of the built-in endpoint; blocks."""
    from core.models import ModelClient, resolve

    chosen = endpoint_settings(settings, plan)
    return ModelClient(resolve(chosen), chosen)


class QuestionKit:
    """One engine over a collection of the sample corpus's passages; the store is the engine."""

    def __init__(self, name: Literal["llamaindex", "langchain"]) -> None:
        self._name = name

    def open(self, stage: Stage) -> Any:
        """See `Kit.open`."""
        from core.engines import Setup, load

        settings = endpoint_settings(stage.backend.settings, stage.plan, stage.key.consistency)
        backend = replace(stage.backend, controlled=stage.target.clients, settings=settings)
        engine = load(self._name, Setup(backend, stage.model, settings, stage.collection))
        engine.open()
        return engine

    def fill(self, store: Any, stage: Stage) -> None:
        """See `Kit.fill`."""
        chunks = _chunks()
        store.add_sync(chunks, stage.model.embed_sync([chunk.text for chunk in chunks]))


def _chunks() -> list[Chunk]:
    from core import sample

    passages = dict.fromkeys(
        (item.source, item.page, item.passage)
        for question in sample.questions()
        for item in question.evidence
    )
    return [
        Chunk(id=f"passage-{index}", document_id=source, source=source, position=index, text=text, page=page)
        for index, (source, page, text) in enumerate(passages)
    ]


def _question(engine: Any, stage: Stage) -> Work:
    from core import sample

    asked = [Query(item.question, top_k=stage.plan.top_k) for item in sample.questions()]

    def call(index: int) -> list[Any]:
        events: list[Any] = []
        engine.answer_sync(asked[index % len(asked)], events.append)
        return events

    async def acall(index: int) -> list[Any]:
        events: list[Any] = []
        await engine.answer(asked[index % len(asked)], events.append)
        return events

    return Work(stage.count, call, acall, check=_check)


def _check(_: int, events: list[Any]) -> str:
    if not any(isinstance(event, Retrieved) and event.hits for event in events):
        return "nothing retrieved"
    return "" if any(isinstance(event, Token) for event in events) else "no answer"


OPERATIONS = tuple(
    Operation(
        name,
        "question",
        "question",
        QuestionKit(name),
        _question,
        round_trips=3,
        most=5000,
        needs="model",
        shape="question",
        note="Against the built-in endpoint, over the passages of the sample corpus.",
    )
    for name in ("llamaindex", "langchain")
)
