import multiprocessing

import pytest

from core.catalogue import Catalogue, DocumentRecord
from core.documents.records import Page
from core.errors import StorageError
from core.settings import Settings

SPACE = "w/controlled/1"


def record(name="a.txt", content="c1", document_id=None):
    return DocumentRecord(
        name, document_id or f"{name}-{content}", content, "txt", "shared:1000:150", ("llamaindex",), 5, 1
    )


def add(catalogue, one, *, space=SPACE, text="hello", workspace="w"):
    catalogue.begin(workspace, space, [one], [Page(None, text)])
    return catalogue.complete(space, one.name, [one.document_id])


def states(catalogue, space=SPACE):
    return {found.document_id: found.state for found in catalogue.documents(space)}


def test_a_document_is_hidden_until_it_is_complete(catalogue):
    catalogue.begin("w", SPACE, [record()], [Page(None, "hello")])
    assert catalogue.hidden(SPACE) == ("a.txt-c1",)
    assert catalogue.complete(SPACE, "a.txt", ["a.txt-c1"])
    assert catalogue.hidden(SPACE) == ()


def test_completing_a_revision_retires_the_one_it_replaces(catalogue):
    add(catalogue, record(content="c1"))
    add(catalogue, record(content="c2"))
    assert states(catalogue) == {"a.txt-c1": "retired", "a.txt-c2": "indexed"}
    assert catalogue.hidden(SPACE) == ("a.txt-c1",)


def test_native_mode_completes_the_revisions_of_both_engines_together(catalogue):
    both = [record(document_id="li"), record(document_id="lc")]
    catalogue.begin("w", SPACE, both, [Page(None, "hello")])
    assert catalogue.complete(SPACE, "a.txt", ["li", "lc"])
    assert states(catalogue) == {"li": "indexed", "lc": "indexed"}


def test_a_document_removed_while_it_is_indexed_does_not_come_back(catalogue):
    catalogue.begin("w", SPACE, [record()], [Page(None, "hello")])
    catalogue.retire("w", ["a.txt"])
    assert not catalogue.complete(SPACE, "a.txt", ["a.txt-c1"])
    assert catalogue.hidden(SPACE) == ("a.txt-c1",)


def test_beginning_again_takes_over_what_a_killed_ingest_left(catalogue):
    catalogue.begin("w", SPACE, [record()], [Page(None, "hello")])
    assert add(catalogue, record())
    assert states(catalogue) == {"a.txt-c1": "indexed"}


def test_a_chunk_finds_the_page_it_came_from(catalogue):
    catalogue.begin("w", SPACE, [record()], [Page(1, "one"), Page(2, "zwei 🎉")])
    assert catalogue.page(SPACE, "a.txt-c1", 1) == Page(2, "zwei 🎉")
    assert catalogue.page(SPACE, "a.txt-c1", 7) is None
    assert catalogue.page("other/controlled/1", "a.txt-c1", 1) is None
    assert catalogue.pages("w", "c1", "txt") == (Page(1, "one"), Page(2, "zwei 🎉"))


def test_text_is_forgotten_with_the_last_document_that_has_it(catalogue):
    add(catalogue, record("a.txt"))
    add(catalogue, record("b.txt"))
    for name, left in [("a.txt", (Page(None, "hello"),)), ("b.txt", ())]:
        catalogue.retire("w", [name])
        catalogue.drop("w", SPACE, [f"{name}-c1"])
        assert catalogue.pages("w", "c1", "txt") == left


def test_removing_reaches_every_space_of_the_workspace_and_no_other_workspace(catalogue):
    add(catalogue, record())
    add(catalogue, record(), space="w/native/1")
    add(catalogue, record(), space="v/controlled/1", workspace="v")
    assert catalogue.retire("w", ["a.txt", "unknown"]) == ("a.txt",)
    assert set(states(catalogue).values()) | set(states(catalogue, "w/native/1").values()) == {"retired"}
    assert set(states(catalogue, "v/controlled/1").values()) == {"indexed"}


def test_the_corpus_is_the_newest_revision_of_each_document_over_all_spaces(catalogue):
    add(catalogue, record(content="old"), space="w/native/1")
    add(catalogue, record(content="new"))
    add(catalogue, record("b.txt"), space="w/native/1")
    found = catalogue.corpus("w")
    assert [(one.name, one.content_hash) for one in found] == [("a.txt", "new"), ("b.txt", "c1")]


def _open(home, barrier):
    barrier.wait()
    Catalogue.open(Settings.load({"home": home})).documents(SPACE)


def test_many_processes_may_create_the_catalogue_at_once(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    workers = [context.Process(target=_open, args=(tmp_path, barrier)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert [worker.exitcode for worker in workers] == [0] * 4


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "is not a database address"),
        ("nosuch://user:s3cret@host/db", "is not a database address"),
        ("oracle+cx_oracle://user:s3cret@host/db", "needs the Python package cx_Oracle"),
    ],
    ids=["no address", "unknown database", "driver not installed"],
)
def test_a_wrong_database_address_is_one_sentence_without_its_password(tmp_path, url, says):
    with pytest.raises(StorageError, match=says) as raised:
        Catalogue.open(Settings.load({"home": tmp_path, "database_url": url}))
    assert "s3cret" not in str(raised.value)


def test_a_home_that_cannot_be_a_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="TANDEM_HOME"):
        Catalogue.open(Settings.load({"home": tmp_path / "file"}))


def test_a_damaged_catalogue_is_one_sentence(tmp_path):
    (tmp_path / "catalogue.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match="is damaged: move it away"):
        Catalogue.open(Settings.load({"home": tmp_path}))


def _fill(home, result):
    import resource

    catalogue = Catalogue.open(Settings.load({"home": home}))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        add(catalogue, record(), text="x" * 1_000_000)
    except StorageError as error:
        result.put((str(error), catalogue.documents(SPACE)))


def test_a_full_disk_is_one_sentence_and_leaves_the_catalogue_as_it_was(tmp_path):
    context = multiprocessing.get_context("fork")
    result = context.Queue()
    worker = context.Process(target=_fill, args=(tmp_path, result))
    worker.start()
    sentence, left = result.get(timeout=20)
    worker.join(20)
    assert "disk is full: free some space" in sentence
    assert left == ()


def test_what_milvus_lost_stays_in_the_corpus_but_is_not_found(catalogue):
    add(catalogue, record())
    catalogue.lose(SPACE, ["a.txt-c1"])
    assert catalogue.hidden(SPACE) == ("a.txt-c1",)
    assert [one.name for one in catalogue.corpus("w")] == ["a.txt"]
    assert catalogue.leftovers(SPACE) == ()
    assert catalogue.pages("w", "c1", "txt")


def test_a_document_removed_before_it_is_indexed_again_does_not_come_back(catalogue):
    add(catalogue, record())
    native = record(document_id="native")
    assert catalogue.begin("w", "w/native/1", [native], [Page(None, "hello")], kept=True)
    catalogue.retire("w", ["a.txt"])
    assert not catalogue.begin("w", "w/native/2", [native], [Page(None, "hello")], kept=True)
    assert catalogue.documents("w/native/2") == ()
    assert catalogue.pages("w", "c1", "txt"), "a refusal changes nothing"
