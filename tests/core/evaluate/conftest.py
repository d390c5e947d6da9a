"""One small corpus on one Milvus Lite, with the built-in model endpoint.

No longer kept than the package: tests elsewhere shut down the loop to which its clients belong.
"""

import itertools

import pytest

from core.evaluate.records import Question
from core.ingest import Upload, ingest
from core.loop import run
from core.settings import Settings
from core.workspace import Workspace

_numbers = itertools.count()

TEXTS = {
    "lighthouse.txt": "The lighthouse keeper is called Ada Brandt. She lights the lamp at dusk.",
    "ferry.txt": "The ferry to Gull Island leaves every forty minutes. Dogs travel free of charge.",
    "museum.txt": "The museum of tin toys closes on Mondays. A ticket costs 14 euros.",
}
QUESTIONS = (
    Question("q1", "What is the lighthouse keeper called?", ("Ada Brandt",), ("lighthouse.txt",)),
    Question("q2", "How often does the ferry leave?", ("every forty minutes",), ("ferry.txt",)),
    Question(
        "q3",
        "What does a ticket for the museum of tin toys cost?",
        ("14 euros", "EUR 14"),
        ("museum.txt",),
        ("A ticket costs 14 euros.",),
    ),
    Question("q4", "Who painted the ceiling of the opera in 1742?", answerable=False),
)


@pytest.fixture(scope="package")
def lite(tmp_path_factory):
    """Settings that all tests share, so that Milvus Lite is opened once."""
    return Settings.load({"home": tmp_path_factory.mktemp("evaluate")})


@pytest.fixture(scope="package")
def make_corpus(lite):
    """Opens a workspace of its own and fills it; without texts, with the small corpus."""

    def make(texts=None, **changes):
        async def fill():
            workspace = await Workspace.open(lite.model_copy(update=changes), f"e{next(_numbers)}")
            uploads = [Upload(name, text.encode()) for name, text in (texts or TEXTS).items()]
            summary = await ingest(workspace, uploads)
            assert summary.succeeded
            return workspace

        return run(fill())

    return make


@pytest.fixture(scope="package")
def corpus(make_corpus):
    """The small corpus; tests leave it as it is."""
    return make_corpus()
