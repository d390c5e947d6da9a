"""The extractive answerer: quotes the sentences of the context that best fit the question.

It writes nothing of its own, so instructions inside a document can at most be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.models.offline.ranking import Ranking, rank
from core.models.offline.sentences import is_heading, split_sentences
from core.models.prompt import NO_ANSWER, Block, parse_context, parse_prompt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Embed = Callable[[Sequence[str]], NDArray[np.float32]]

MOST_QUOTES = 3

# Evidence (ranking.Ranking) that the best quote must reach. With hybrid top 5 on squad_a this refuses
# 3% of all questions, 89% of those asked of other articles, 30% where just the answer is taken out,
# and 0.82 of all find a gold answer (tests/perf/test_answer_quality.py).
LEAST_EVIDENCE = 0.34
# Share of the best quote's evidence that a further quote must reach.
LEAST_SHARE = 0.5


def reply(messages: Sequence[tuple[str, str]], embed: Embed) -> str:
    """Answer a chat given as (role, text) pairs: the last user message, with its context.

    `embed` turns texts into unit vectors, shape (texts, dimension).
    """
    user = next((text for role, text in reversed(messages) if role == "user"), "")
    blocks, question = parse_prompt(user)
    if not blocks:
        systems = [text for role, text in messages if role in ("system", "developer")]
        blocks = parse_context(systems[0]) if systems else ()
    return answer(blocks, question, embed)


def answer(blocks: Sequence[Block], question: str, embed: Embed) -> str:
    """Quote at most three sentences, each with its passage's number, or say that none answers."""
    found = [
        (piece, place)
        for place, block in enumerate(blocks)
        for piece in split_sentences(block.text)
        if not is_heading(piece)
    ]
    if not found or not question or not _years(question) <= _years(*(block.text for block in blocks)):
        return NO_ANSWER
    sentences = [piece for piece, _ in found]
    vectors = embed([question, *sentences]).astype("float64")
    ranking = rank(question, sentences, [place for _, place in found], vectors[1:] @ vectors[0])
    chosen = _choose(ranking, sentences)
    return " ".join(_quote(sentences[index], blocks[found[index][1]].number) for index in chosen) or NO_ANSWER


def pieces(text: str) -> list[str]:
    """Cut an answer into word-sized pieces that join to it again."""
    return re.findall(r"\S+\s*", text)


def _choose(ranking: Ranking, sentences: Sequence[str]) -> list[int]:
    """The best sentences with evidence enough; none that another one repeats (chunks overlap)."""
    best = float(ranking.evidence[ranking.order[:MOST_QUOTES]].max())
    if best < LEAST_EVIDENCE:
        return []
    chosen: list[int] = []
    for index in ranking.order:
        if len(chosen) == MOST_QUOTES:
            break
        sentence = sentences[index]
        repeated = any(sentence in sentences[other] or sentences[other] in sentence for other in chosen)
        if not repeated and ranking.evidence[index] >= LEAST_SHARE * best:
            chosen.append(index)
    return chosen


def _years(*texts: str) -> set[str]:
    """The years named. What a question asks of a year is not answered by passages that never name it."""
    return set(re.findall(r"(?<![\d.,])(?:1\d|20)\d\d(?!\d|[.,]\d)", " ".join(texts)))


def _quote(sentence: str, number: int | None) -> str:
    return f"“{sentence}”" + (f" [{number}]" if number is not None else "")
