"""What the tests of ingest share: a corpus of small files, and a look into both collections."""

from __future__ import annotations

from collections import Counter

from core.ask import AskOptions, answers
from core.engines import ENGINE_NAMES
from core.engines.base import Mode, Retrieval
from core.errors import UsageError
from core.ingest import Upload
from core.loop import run

WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty"]


def text(topic: str, sentences: int = 30) -> str:
    """Some chunks about a topic, each sentence different."""
    return " ".join(
        f"The {topic} report number {number} names {WORDS[number % 10]}." for number in range(sentences)
    )


def upload(name: str, topic: str, sentences: int = 30) -> Upload:
    return Upload(name, text(topic, sentences).encode())


def stored(workspace, mode=Mode.CONTROLLED):
    """Every chunk id of each engine's collection, with how often it is there."""
    found = {}
    for name in ENGINE_NAMES:
        collection = workspace.collection(name, mode)
        rows = []
        if workspace.backend.has(collection):
            workspace.backend.wait_loaded(collection)
            rows = workspace.backend.controlled.sync.query(
                collection, filter="", output_fields=["id"], limit=10_000, consistency_level="Strong"
            )
        found[name] = Counter(row["id"] for row in rows)
    return found


def found(workspace, question, mode=Mode.CONTROLLED):
    """The texts that each engine finds for a question; nothing where the corpus is empty."""
    options = AskOptions(retrieval=Retrieval.DENSE, top_k=20, mode=mode, retrieve_only=True)
    try:
        both = run(answers(workspace, question, options))
    except UsageError:
        return {name: [] for name in ENGINE_NAMES}
    assert [answer.error for answer in both.values()] == [None, None]
    return {name: [hit.chunk.text for hit in answer.hits] for name, answer in both.items()}


def statuses(summary):
    return {file.name: file.status for file in summary.files}


def check_whole(workspace, summary):
    """Both engines hold every chunk of the corpus once, and nothing else."""
    both = stored(workspace)
    for name in ENGINE_NAMES:
        assert set(both[name].values()) <= {1}
        assert len(both[name]) == summary.engines[name].chunks
    assert both["llamaindex"].keys() == both["langchain"].keys()
    assert workspace.catalogue.hidden(workspace.space()) == ()
