"""Where and over what an evaluation happened, JSON-ready; and what its readers should be warned of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.bench.environment import environment as machine
from core.documents import clean_name
from core.evaluate.corpora import Corpus, Place
from core.evaluate.records import Question

if TYPE_CHECKING:
    from core.workspace import Workspace


def environment(
    workspace: Workspace, corpora: Mapping[Place, Corpus], concurrency: int, *, retrieval_only: bool
) -> dict[str, Any]:
    """Machine, packages, Milvus, models and corpora; blocks. No secret is in it."""
    endpoint, settings = workspace.model.endpoint, workspace.settings
    how = "in advance, in batches: not part of the latency" if retrieval_only else "with each question"
    return machine(workspace.backend, {}) | {
        "model": {"name": endpoint.chat_model, "kind": endpoint.kind, "label": endpoint.label},
        "embedding": {
            "name": endpoint.embedding_model,
            "kind": endpoint.embedding_kind,
            "dimension": endpoint.dimension,
            "questions": how,
        },
        "corpora": [corpus.to_json() for corpus in corpora.values()],
        "index": {
            "type": settings.index_type,
            "metric": settings.metric,
            "consistency": settings.consistency,
        },
        "concurrency": concurrency,
        "prices": {"input": settings.price_input, "output": settings.price_output},
    }


def caveats(questions: Sequence[Question], corpora: Mapping[Place, Corpus]) -> Iterator[str]:
    """Sentences about labels that cannot be met, and questions that measure nothing."""
    names = {record.name.casefold() for corpus in corpora.values() for record in corpus.documents}
    strangers = [
        question
        for question in questions
        if any(clean_name(source).casefold() not in names for source in question.sources)
    ]
    if strangers:
        example = next(s for s in strangers[0].sources if clean_name(s).casefold() not in names)
        yield (
            f"The corpus lacks a document that {_count(strangers)} labelled with, such as “{example[:80]}”: "
            "it cannot be found."
        )
    unlabelled = [question for question in questions if not question.labelled]
    if unlabelled:
        yield f"{_count(unlabelled)} without any label: only time is measured there."
    drafted = [question for question in questions if question.drafted]
    if drafted:
        yield f"{_count(drafted)} drafted by a program, and no person has accepted them yet."
    for (_, chunk), corpus in corpora.items():
        long = [q for q in questions if any(chunk and len(text) > chunk.size for text in q.passages)]
        if long:
            yield f"{_count(long)} labelled with a passage longer than {corpus.label}: none holds it whole."


def _count(questions: Sequence[Question]) -> str:
    return "1 question is" if len(questions) == 1 else f"{len(questions):,} questions are"
