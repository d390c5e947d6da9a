"""LlamaIndex's evaluators over the connected chat model, as plain blocking calls.

Importing this module imports LlamaIndex (several seconds): do it on a thread.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from llama_index.core import Settings as LlamaSettings
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse
from llama_index.core.evaluation import CorrectnessEvaluator, FaithfulnessEvaluator, RelevancyEvaluator
from llama_index.core.schema import BaseNode, TransformComponent
from llama_index.llms.openai_like import OpenAILike

from core.models import ModelClient

_CONTEXT_WINDOW = 128_000
_SCORE = re.compile(r"(?<![\d.])([1-5](?:\.\d+)?)(?![\d.]*\d)")


class LlamaJudge:
    """Scores from 0 to 1; None where the model's reply holds no score. Never call it on the event loop."""

    def __init__(self, model: ModelClient, timeout: float) -> None:
        endpoint = model.endpoint
        llm = _Blocking(
            model=endpoint.chat_model,
            api_base=endpoint.base_url,
            api_key=endpoint.key,
            is_chat_model=True,
            context_window=_CONTEXT_WINDOW,
            temperature=0.0,
            max_retries=0,
            timeout=timeout,
            http_client=model.http_sync(),
        )
        # The evaluators index their contexts, and by default cut them with nltk, whose data cannot be
        # read in a hard-linked install. Nothing else here leaves cutting to LlamaIndex's settings.
        LlamaSettings.transformations = [_Keep()]
        self._faithfulness = FaithfulnessEvaluator(llm=llm)
        self._relevancy = RelevancyEvaluator(llm=llm)
        self._correctness = CorrectnessEvaluator(llm=llm, parser_function=read_score)

    def faithfulness(self, question: str, answer: str, contexts: Sequence[str]) -> float | None:
        """Whether the contexts support the answer."""
        return _asked(self._faithfulness, query=question, response=answer, contexts=list(contexts))

    def relevancy(self, question: str, answer: str, contexts: Sequence[str]) -> float | None:
        """Whether answer and contexts fit the question."""
        return _asked(self._relevancy, query=question, response=answer, contexts=list(contexts))

    def correctness(self, question: str, answer: str, reference: str) -> float | None:
        """How right the answer is: LlamaIndex's score from 1 to 5, brought to 0..1."""
        score = _asked(self._correctness, query=question, response=answer, reference=reference)
        return None if score is None else (score - 1) / 4


def read_score(reply: str) -> tuple[float | None, str | None]:
    """The first number from 1 to 5 and the whole reply; LlamaIndex's own parser fails on a lone `4`."""
    found = _SCORE.search(reply)
    score = float(found[1]) if found else None
    return (score if score is not None and score <= 5 else None), reply.strip()


class _Keep(TransformComponent):  # type: ignore[misc]  # LlamaIndex is not followed by the type checker
    """Leaves contexts whole."""

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        return nodes


class _Blocking(OpenAILike):  # type: ignore[misc]  # LlamaIndex is not followed by the type checker
    """Blocks in its async methods as well.

    Evaluators have async methods only, and run here each on a loop of its own that ends with it; the
    shared async client belongs to the event-loop thread, the blocking one to nobody.
    """

    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return self.chat(messages, **kwargs)

    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return self.complete(prompt, formatted, **kwargs)


def _asked(evaluator: Any, **given: Any) -> float | None:
    score = asyncio.run(evaluator.aevaluate(**given)).score
    return None if score is None else float(score)
