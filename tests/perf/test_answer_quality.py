"""The extractive answerer on squad_a: 1,278 questions over 294 passages, hybrid top 5 as context."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.models.offline.answerer import reply
from core.models.offline.embedder import Embedder
from core.models.prompt import BLOCK_SEPARATOR, NO_ANSWER, context_block, user_prompt

DATA = Path(__file__).parents[3] / "shared" / "data"
TOP_K = 5

pytestmark = [
    pytest.mark.perf,
    pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here"),
]


class Corpus:
    """Passages and questions, with dense and BM25 scores of each question for each passage."""

    def __init__(self) -> None:
        self.passages = _read("squad_a_passages.jsonl")
        self.questions = _read("squad_a_questions.jsonl")
        self.embedder = Embedder()
        texts = [passage["text"] for passage in self.passages]
        asked = [question["question"] for question in self.questions]
        self.dense = self.embedder.embed(asked)[0] @ self.embedder.embed(texts)[0].T
        self.lexical = _bm25(asked, texts)

    def top(self, question: int, allowed: np.ndarray) -> list[int]:
        """The best passages among those allowed, dense and BM25 fused by reciprocal rank."""
        fused = sum(
            1 / (60 + _ranks(np.where(allowed, scores[question], -np.inf)))
            for scores in (self.dense, self.lexical)
        )
        return [int(place) for place in np.argsort(-fused, kind="stable")[:TOP_K]]

    def answers(self, allowed: np.ndarray) -> list[str]:
        """The answer to every question; `allowed` is a mask of passages for each."""
        return [
            self._answer(item["question"], self.top(place, allowed[place]))
            for place, item in enumerate(self.questions)
        ]

    def _answer(self, question: str, places: list[int]) -> str:
        blocks = [
            context_block(number, self.passages[place]["title"], None, self.passages[place]["text"])
            for number, place in enumerate(places, 1)
        ]
        prompt = user_prompt(BLOCK_SEPARATOR.join(blocks), question)
        return reply([("user", prompt)], lambda texts: self.embedder.embed(texts)[0])


@pytest.fixture(scope="module")
def corpus():
    return Corpus()


def test_three_quotes_hold_a_gold_answer_for_three_questions_in_four(corpus, record_property):
    everything = np.ones((len(corpus.questions), len(corpus.passages)), bool)
    answers = corpus.answers(everything)
    right = [
        any(gold in answer for gold in question["answers"])
        for question, answer in zip(corpus.questions, answers, strict=True)
    ]
    refused = np.mean([answer == NO_ANSWER for answer in answers])
    record_property("containment", float(np.mean(right)))
    record_property("refused", float(refused))
    assert all(len(re.findall(r"” \[\d\]", answer)) <= 3 for answer in answers)
    assert np.mean(right) >= 0.75
    assert refused <= 0.05


def test_what_other_articles_cannot_answer_is_refused(corpus, record_property):
    titles = np.array([passage["title"] for passage in corpus.passages])
    home = {passage["id"]: passage["title"] for passage in corpus.passages}
    elsewhere = np.array([titles != home[question["paragraph"]] for question in corpus.questions])
    refused = np.mean([answer == NO_ANSWER for answer in corpus.answers(elsewhere)])
    record_property("refused", float(refused))
    assert refused >= 0.8


def _read(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def _ranks(scores: np.ndarray) -> np.ndarray:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return ranks


def _bm25(questions: list[str], texts: list[str], k1: float = 1.5, b: float = 0.75) -> np.ndarray:
    """Plain BM25 scores, shape (questions, texts)."""
    counts = [Counter(re.findall(r"\w+", text.lower())) for text in texts]
    lengths = np.array([sum(count.values()) for count in counts], float)
    spread = k1 * (1 - b + b * lengths / lengths.mean())
    weighed: dict[str, np.ndarray] = {}

    def weight(word: str) -> np.ndarray:
        if word not in weighed:
            found = np.array([count[word] for count in counts], float)
            holders = np.count_nonzero(found)
            rarity = math.log(1 + (len(texts) - holders + 0.5) / (holders + 0.5))
            weighed[word] = rarity * found * (k1 + 1) / (found + spread)
        return weighed[word]

    return np.array(
        [
            sum(map(weight, re.findall(r"\w+", question.lower())), np.zeros(len(texts)))
            for question in questions
        ]
    )
