"""Corpora cut to another size: made once, kept in step, found by nobody else, dropped again."""

import pytest

from core.engines.base import ENGINE_NAMES, Mode, Retrieval
from core.errors import UsageError
from core.evaluate.corpora import corpus_hash, drop_copies, prepare_corpora, to_index
from core.evaluate.records import ChunkSize, Variant
from core.ingest import Upload, ingest, remove
from core.loop import run
from core.workspace import Workspace
from tests.core.evaluate.conftest import TEXTS

SMALL = Variant("llamaindex", Retrieval.DENSE, 3, ChunkSize(100, 0))
AS_IT_IS = Variant("llamaindex", Retrieval.DENSE, 3)
NATIVE = Variant("llamaindex", Retrieval.DENSE, None, mode=Mode.NATIVE)
LONG = {"long.txt": " ".join(f"Sentence number {n} says something." for n in range(20)), **TEXTS}


class Counting:
    """Counts what an ingest reports as indexed."""

    def __init__(self):
        self.indexed = []

    def update(self, **_):
        pass

    def file(self, name, state, detail=""):
        if state == "indexed":
            self.indexed.append(name)


def prepared(workspace, *variants):
    progress = Counting()
    corpora = run(prepare_corpora(workspace, variants, progress))
    return list(corpora.values()), sorted(progress.indexed)


@pytest.fixture
def workspace(make_corpus):
    return make_corpus(LONG)


def test_a_cut_copy_is_made_once_and_has_the_size_that_was_asked_for(workspace):
    (corpus,), indexed = prepared(workspace, SMALL)
    assert indexed == sorted(LONG)
    assert corpus.workspace.name != workspace.name
    assert {record.splitter for record in corpus.documents} == {"shared:100:0"}
    for name in ENGINE_NAMES:
        assert corpus.workspace.backend.count(corpus.workspace.collection(name)) == sum(
            record.chunks for record in corpus.documents
        )
    assert prepared(workspace, SMALL)[1] == []
    assert len(run(workspace.documents())) == len(LONG)


def test_a_copy_follows_what_changed(workspace):
    prepared(workspace, SMALL)
    before = run(corpus_hash(workspace))
    run(remove(workspace, ["ferry.txt"]))
    run(ingest(workspace, [Upload("museum.txt", b"The museum opens on Sundays.")]))
    (corpus,), indexed = prepared(workspace, SMALL)
    assert indexed == ["museum.txt"]
    assert sorted(record.name for record in corpus.documents) == ["lighthouse.txt", "long.txt", "museum.txt"]
    assert run(corpus_hash(workspace)) != before


def test_no_copy_is_made_of_what_is_cut_so_already(workspace):
    settings = workspace.settings
    same = Variant("langchain", Retrieval.DENSE, 3, ChunkSize(settings.chunk_size, settings.chunk_overlap))
    (corpus, other), indexed = prepared(workspace, same, AS_IT_IS)
    assert indexed == []
    assert corpus.workspace.name == other.workspace.name == workspace.name


def test_a_native_index_is_built_when_it_is_missing(workspace):
    assert run(to_index(workspace, [NATIVE, AS_IT_IS])) == (("each framework's own chunks", len(LONG)),)
    (corpus,), indexed = prepared(workspace, NATIVE)
    assert indexed == sorted(LONG)
    assert {record.splitter for record in corpus.documents} == {"llamaindex:native", "langchain:native"}
    assert run(to_index(workspace, [NATIVE, AS_IT_IS])) == ()


def test_what_has_to_be_indexed_is_known_beforehand(workspace):
    label = "chunks of 100 characters, 0 shared"
    assert run(to_index(workspace, [SMALL])) == ((label, len(LONG)),)
    prepared(workspace, SMALL)
    run(ingest(workspace, [Upload("new.txt", b"Something new.")]))
    assert run(to_index(workspace, [SMALL])) == ((label, 1),)


def test_dropping_the_copies_leaves_nothing_but_the_corpus(workspace):
    (corpus,), _ = prepared(workspace, SMALL)
    collections = [corpus.workspace.collection(name) for name in ENGINE_NAMES]
    assert all(workspace.backend.has(name) for name in collections)
    assert run(drop_copies(workspace)) == (corpus.workspace.name,)
    assert not any(workspace.backend.has(name) for name in collections)
    assert run(drop_copies(workspace)) == ()
    assert len(run(workspace.documents())) == len(LONG)
    assert prepared(workspace, SMALL)[1] == sorted(LONG)


def test_two_workspaces_never_share_a_copy(make_corpus):
    one, other = make_corpus(), make_corpus()
    (first,), _ = prepared(one, SMALL)
    (second,), _ = prepared(other, SMALL)
    assert first.workspace.name != second.workspace.name
    assert one.name not in first.workspace.name.split("-")


def test_an_empty_workspace_says_how_to_fill_it(lite):
    empty = run(Workspace.open(lite, "empty"))
    for variant in (AS_IT_IS, SMALL, NATIVE):
        with pytest.raises(UsageError, match="holds no documents yet"):
            prepared(empty, variant)
