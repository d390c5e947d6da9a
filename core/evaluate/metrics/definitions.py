"""What each metric means: one plain sentence, its formula, and where it comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Group = Literal["retrieval", "answer", "judge"]

_TREC = "trec_eval, by which the TREC conferences compare searches since 1992"
_SQUAD = "SQuAD's evaluation script (Rajpurkar et al. 2016)"
_LLAMA = "llama_index.core.evaluation"
_NAME = re.compile(r"(hit|precision|recall|ndcg)@(\d{1,3})(/source|/passage)?|mrr(/source|/passage)?")


@dataclass(frozen=True)
class Definition:
    """A metric, from 0 to 1, higher is better. `binary`: one question gives 0 or 1, never between."""

    name: str
    title: str
    sentence: str
    formula: str
    source: str
    group: Group
    binary: bool = False


_ALL = (
    Definition(
        "hit@k",
        "Hit@k",
        "Whether any of the first k chunks shows a document or passage that the question is labelled with.",
        "1 if a chunk of rank 1..k shows a label, else 0",
        f"{_TREC} (success)",
        "retrieval",
        binary=True,
    ),
    Definition(
        "mrr",
        "Mean reciprocal rank",
        "How far up the first chunk stands that shows a label: 1 at the top, a half at rank 2, 0 if absent.",
        "1 / rank of the first chunk that shows a label, else 0",
        f"{_TREC} (recip_rank)",
        "retrieval",
    ),
    Definition(
        "ndcg@k",
        "nDCG@k",
        "How well the first k chunks are ordered, a label counting less the further down it first appears.",
        "sum over ranks i = 1..k of new labels(i) / log2(i + 1), over the same sum in the best order",
        f"{_TREC} (ndcg_cut; Järvelin and Kekäläinen 2002)",
        "retrieval",
    ),
    Definition(
        "recall@k",
        "Recall@k",
        "Which share of the question's labels the first k chunks show.",
        "labels shown by ranks 1..k / labels of the question",
        f"{_TREC} (recall)",
        "retrieval",
    ),
    Definition(
        "precision@k",
        "Precision@k",
        "Which share of the first k chunks shows a label; what a variant does not retrieve counts as wrong.",
        "chunks of ranks 1..k that show a label / k",
        f"{_TREC} (P)",
        "retrieval",
    ),
    Definition(
        "exact",
        "Exact match",
        "Whether the answer, citations apart, is an accepted answer word for word; case, punctuation and "
        "English articles do not count.",
        "1 if the normalized words are the same, else 0; the best accepted answer counts",
        _SQUAD,
        "answer",
        binary=True,
    ),
    Definition(
        "f1",
        "Token F1",
        "How many words the answer and an accepted answer have in common, long answers being charged for "
        "their length.",
        "2PR / (P + R), P = common words / words of the answer, R = common words / words of the accepted one",
        _SQUAD,
        "answer",
    ),
    Definition(
        "contains",
        "Contains the answer",
        "Whether an accepted answer stands word for word in the answer.",
        "1 if the normalized words of an accepted answer stand in a row in the answer, else 0",
        "usual for open-domain question answering, where answers are sentences",
        "answer",
        binary=True,
    ),
    Definition(
        "rouge_l",
        "ROUGE-L",
        "How much of an accepted answer appears in the answer in the same order, gaps allowed.",
        "2PR / (P + R), P = L / words of the answer, R = L / words of the accepted answer, "
        "L = length of their longest common subsequence of words",
        "Lin 2004, as the package rouge-score computes it (without stemming)",
        "answer",
    ),
    Definition(
        "similarity",
        "Semantic similarity",
        "How close the answer and an accepted answer are for the embedding model in force; comparable only "
        "between variants with the same embedding model.",
        "cosine of the two embeddings, not below 0; the best accepted answer counts, a refusal scores 0",
        "the embedding model of this workspace",
        "answer",
    ),
    Definition(
        "citation_precision",
        "Citation precision",
        "Which share of the chunks that the answer cites holds an accepted answer or a labelled passage.",
        "cited chunks that hold it / cited chunks; not measured where nothing is cited, nor in native mode",
        "after Gao et al. 2023 (ALCE), with text in place of a model's judgement",
        "answer",
    ),
    Definition(
        "citation_recall",
        "Citation recall",
        "Whether any chunk that the answer cites holds an accepted answer or a labelled passage.",
        "1 if a cited chunk holds it, else 0; not measured in native mode, which asks for no citations",
        "after Gao et al. 2023 (ALCE), with text in place of a model's judgement",
        "answer",
        binary=True,
    ),
    Definition(
        "refusal",
        "Refusal",
        "On questions that the corpus does not answer: whether the answer says so.",
        "1 if the answer is a refusal, else 0; unanswerable questions only",
        "SQuAD 2.0's questions without an answer (Rajpurkar et al. 2018)",
        "answer",
        binary=True,
    ),
    Definition(
        "answered",
        "Answered",
        "On questions that the corpus does answer: whether there is an answer rather than a refusal.",
        "1 if the answer is no refusal, else 0; answerable questions only",
        "the other side of refusal: what always refuses would score 1 there",
        "answer",
        binary=True,
    ),
    Definition(
        "faithfulness",
        "Faithfulness",
        "Whether the judging model finds the answer supported by the chunks that it was given.",
        "share of the judgements that say yes",
        f"{_LLAMA}.FaithfulnessEvaluator",
        "judge",
    ),
    Definition(
        "relevancy",
        "Relevancy",
        "Whether the judging model finds that answer and chunks fit the question.",
        "share of the judgements that say yes",
        f"{_LLAMA}.RelevancyEvaluator",
        "judge",
    ),
    Definition(
        "correctness",
        "Correctness",
        "How right the judging model finds the answer, compared with an accepted answer.",
        "mean of (score - 1) / 4, scores from 1 to 5",
        f"{_LLAMA}.CorrectnessEvaluator",
        "judge",
    ),
)

DEFINITIONS: dict[str, Definition] = {item.name: item for item in _ALL}
JUDGED = tuple(item.name for item in _ALL if item.group == "judge")


def definition(metric: str) -> Definition | None:
    """What a measured metric means; None for a name that is none.

    `hit@5` is by passage where a question has one, else by source; `hit@5/source` and
    `hit@5/passage` are by one of them only.
    """
    if metric in DEFINITIONS and "@" not in metric:
        return DEFINITIONS[metric]
    match = _NAME.fullmatch(metric)
    if match is None or match[2] == "0":
        return None
    base = DEFINITIONS[f"{match[1]}@k" if match[1] else "mrr"]
    by = (match[3] or match[4] or "").removeprefix("/")
    k = match[2] or "k"
    title = base.title.replace("@k", f"@{k}") + (f", by {by}" if by else "")
    return replace(
        base,
        name=metric,
        title=title,
        sentence=base.sentence.replace(" k ", f" {k} "),
        formula=base.formula.replace("..k", f"..{k}").replace("/ k", f"/ {k}"),
    )


def metric_title(metric: str) -> str:
    """A metric's name for people."""
    found = definition(metric)
    return found.title if found else metric
