"""Documents: adding, previewing, deleting, and what bad files get."""

import pytest

import core
from pages.parts import chunking, corpus, work
from tests.pages.conftest import FULL, button, texts

TABLE = ["Document", "State", "Chunks"]


def add(app, **files):
    uploader = app.get("file_uploader")[0]
    for name, data in files.items():
        uploader.upload(name, data)
    app.run()
    return button(app, "Add ").click().run()


def table(app):
    return app.dataframe[0].value


def test_an_empty_corpus_says_what_to_do(visit):
    app = visit("documents")
    assert "No documents yet" in texts(app)
    assert button(app, "Load the sample corpus")


def test_many_files_at_once_are_indexed_and_a_bad_one_stops_no_other(visit):
    app = visit("documents")
    add(app, **{"one.txt": b"Cats sleep a lot.", "two.md": b"# Dogs\nDogs bark.", "torn.pdf": b"%PDF-1.4 no"})
    assert not app.exception
    shown = texts(app)
    assert "2 documents indexed in both engines, 1 failed" in shown
    assert "torn" in shown
    assert list(table(app)["Document"]) == ["one.txt", "two.md"]
    assert set(table(app)["State"]) == {"Ready"}


def test_two_hundred_files_with_strange_names_at_once(visit):
    names = [
        "../../etc/passwd.txt",
        "🦊 " * 40 + ".md",
        "x" * 300 + ".txt",
        *(f"n{n}.txt" for n in range(197)),
    ]
    app = add(visit("documents"), **{name: f"Note {place}.".encode() for place, name in enumerate(names)})
    assert not app.exception
    assert "200 documents indexed in both engines" in texts(app)
    assert len(table(app)) == 200


def test_the_uploader_is_empty_again_after_adding(visit):
    app = add(visit("documents"), **{"one.txt": b"Cats sleep a lot."})
    assert not app.get("file_uploader")[0].value


def test_the_report_can_be_put_away(visit):
    app = add(visit("documents"), **{"one.txt": b"Cats sleep a lot."})
    assert "indexed in both engines" in texts(app)
    button(app, "Dismiss").click().run()
    assert "indexed in both engines" not in texts(app)


def test_the_same_file_twice_is_unchanged(visit):
    app = add(visit("documents"), **{"one.txt": b"Cats sleep a lot."})
    add(app, **{"one.txt": b"Cats sleep a lot."})
    assert "1 unchanged" in texts(app)
    assert len(table(app)) == 1


def test_deleting_takes_documents_out_of_the_corpus(visit):
    app = add(visit("documents"), **{"one.txt": b"Cats sleep a lot.", "two.txt": b"Dogs bark."})
    workspace = app.session_state["tandem"].opened[1]
    job = core.get_jobs().start("Deleting", lambda _: core.remove(workspace, ["one.txt"]), "a test")
    assert job.wait(30)
    assert list(table(app.run())["Document"]) == ["two.txt"]


def test_deleting_asks_first(visit):
    app = add(visit("documents"), **{"one.txt": b"Cats sleep a lot."})
    button(app, "Delete…").click().run()
    assert app.multiselect(key="delete these").options == ["one.txt"]
    assert button(app, "Delete", at=1).disabled
    assert len(table(app)) == 1


@pytest.mark.usefixtures("sample_loaded")
def test_the_preview_follows_the_settings(visit):
    app = visit("documents", workspace=FULL)
    before = next(part.value for part in app.markdown if "median" in part.value)
    app.slider(key="cut-size").set_value(300).run()
    after = next(part.value for part in app.markdown if "median" in part.value)
    assert before != after
    assert "were cut in another way" in texts(app)
    assert app.session_state["tandem"].overrides["chunk_size"] == 300


def test_an_overlap_never_exceeds_half_a_chunk(visit):
    app = visit("documents")
    app.slider(key="cut-overlap").set_value(500).run()
    app.slider(key="cut-size").set_value(200).run()
    assert not app.error
    assert app.session_state["tandem"].overrides["chunk_overlap"] == 100


def test_cutting_anew_applies_the_settings_to_what_is_there(visit):
    app = add(visit("documents"), **{"one.txt": b"Cats sleep a lot. " * 60})
    app.slider(key="cut-size").set_value(200).run()
    button(app, "Cut all documents anew").click().run()
    assert "Cutting all documents anew" in texts(app)
    assert table(app)["Cut by"][0] == "shared, 200 / 100"


def test_a_document_cannot_bring_markdown_into_the_page(visit):
    name = "![x](https:__evil.test_x.png).txt"
    app = add(
        visit("documents"), **{name: b"", "b.txt": b"![x](https://evil.test/x.png) <script>alert(1)</script>"}
    )
    assert not app.exception
    assert "![" not in texts(app)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("shared:1000:150", "shared, 1,000 / 150"),
        ("llamaindex:native", "llamaindex:native"),
    ],
)
def test_a_splitter_is_named_in_short(label, words):
    assert corpus.cut_by(label) == words


def test_the_preview_tells_how_much_text_is_in_two_chunks():
    chunks = [
        core.Chunk("a", "d", "x", 0, "abcdefgh", None, 0, 0, 8),
        core.Chunk("b", "d", "x", 1, "ghij", None, 0, 6, 10),
    ]
    assert chunking.finding(chunks) == "2 chunks, median 6 characters, 17% of the text twice"


def test_progress_of_overlapping_stages_is_one_bar_that_never_runs_back():
    progress = core.Progress()
    relay = work.Relay(progress)
    relay.update(stage="parse", done=1, total=2)
    relay.update(stage="embed", done=10, total=10)
    reached = progress.snapshot().fraction
    relay.update(stage="embed", done=10, total=40)
    shown = progress.snapshot()
    assert shown.fraction == reached
    assert shown.message == "Read 1 of 2 files, embedded 10 of 40 chunks"


def test_of_many_files_the_failed_and_unfinished_are_shown_first():
    progress = core.Progress()
    for n in range(30):
        progress.item(f"file {n}.txt", "indexed" if n < 28 else "parsing")
    progress.item("bad.pdf", "failed", "It is damaged.")
    lines = work.file_lines(progress.snapshot()).splitlines()
    assert "parsing" in lines[0]
    assert any("It is damaged" in line for line in lines[:3])
    assert "21 more files" in lines[-1]
