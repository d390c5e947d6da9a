"""Ingest into both engines on the real Milvus Lite."""

import asyncio
import json
import uuid
from collections import Counter

import pytest

from core.engines import ENGINE_NAMES
from core.engines.base import Mode, Query
from core.ingest import STAGES, Upload, ingest, pending, reindex, remove
from core.loop import run
from core.trace import tracing
from core.workspace import Workspace
from tests.core.ingest.helpers import check_whole, found, statuses, stored, text, upload


def test_both_engines_get_the_same_chunks_embedded_once(workspace):
    with tracing() as trace:
        summary = run(ingest(workspace, [upload("moon.txt", "moon"), upload("sea.txt", "sea")]))
    assert statuses(summary) == {"moon.txt": "indexed", "sea.txt": "indexed"}
    assert summary.engines["llamaindex"].chunks == sum(file.chunks for file in summary.files)
    check_whole(workspace, summary)
    assert len([span for span in trace.spans if span.kind == "embed"]) <= 2


def test_the_summary_is_json_with_all_that_was_promised(workspace):
    summary = run(ingest(workspace, [upload("moon.txt", "moon")]))
    told = json.loads(json.dumps(summary.to_json()))
    assert told["schema_version"] == 1
    assert told["files"][0].keys() >= {"name", "status", "error", "chunks", "characters"}
    assert told["files"][0]["characters"] == len(text("moon"))
    assert told["engines"] == {name: {"chunks": told["files"][0]["chunks"]} for name in ENGINE_NAMES}
    assert told["timings"].keys() == {*STAGES, "total"}
    assert all(told["timings"][stage] <= told["timings"]["total"] for stage in STAGES)


def test_unchanged_files_are_skipped(workspace):
    files = [upload("moon.txt", "moon"), upload("sea.txt", "sea")]
    first = run(ingest(workspace, files))
    with tracing() as trace:
        again = run(ingest(workspace, files))
    assert set(statuses(again).values()) == {"unchanged"}
    assert [file.chunks for file in again.files] == [file.chunks for file in first.files]
    assert not [span for span in trace.spans if span.kind in ("embed", "write")]
    check_whole(workspace, again)


def test_a_changed_file_replaces_its_chunks_in_both_engines(workspace):
    run(ingest(workspace, [upload("note.txt", "moon"), upload("sea.txt", "sea")]))
    summary = run(ingest(workspace, [upload("note.txt", "volcano", 20)]))
    check_whole(workspace, summary)
    for texts in found(workspace, "the moon report").values():
        assert texts
        assert not [one for one in texts if "moon" in one]


def test_another_chunk_size_replaces_the_chunks_too(workspace, lite):
    run(ingest(workspace, [upload("moon.txt", "moon")]))
    finer = run(Workspace.open(lite.model_copy(update={"chunk_size": 150}), workspace.name))
    summary = run(ingest(finer, [upload("moon.txt", "moon")]))
    assert statuses(summary) == {"moon.txt": "indexed"}
    check_whole(finer, summary)


def test_the_same_file_twice_is_indexed_once(workspace):
    summary = run(ingest(workspace, [upload("moon.txt", "moon"), upload("moon.txt", "moon")]))
    assert [file.status for file in summary.files] == ["indexed", "unchanged"]
    assert "twice" in summary.files[1].note
    check_whole(workspace, summary)


def test_two_different_files_of_one_name_are_both_kept_also_next_time(workspace):
    files = [upload("report.txt", "moon"), upload("folder/report.txt", "sea")]
    first = run(ingest(workspace, files))
    assert statuses(first) == {"report.txt": "indexed", "report (2).txt": "indexed"}
    assert "report.txt" in first.files[1].note
    again = run(ingest(workspace, files))
    assert statuses(again) == {"report.txt": "unchanged", "report (2).txt": "unchanged"}
    alone = run(ingest(workspace, files[1:]))
    assert statuses(alone) == {"report (2).txt": "unchanged"}
    check_whole(workspace, alone)


def test_two_hundred_files_at_once(workspace):
    with tracing() as trace:
        summary = run(ingest(workspace, [upload(f"{n}.txt", f"topic {n}", 5) for n in range(200)]))
    assert Counter(file.status for file in summary.files) == {"indexed": 200}
    assert [file.name for file in summary.files] == [f"{n}.txt" for n in range(200)]
    check_whole(workspace, summary)
    writes = [span for span in trace.spans if span.kind == "write"]
    assert len(writes) < 200, "small files share inserts"


def test_a_bad_file_stops_no_other(workspace):
    files = [
        upload("good.txt", "moon"),
        Upload("broken.pdf", b"%PDF-1.7 broken"),
        Upload("empty.txt", b""),
        upload("better.txt", "sea"),
    ]
    summary = run(ingest(workspace, files))
    assert [file.status for file in summary.files] == ["indexed", "failed", "failed", "indexed"]
    assert "broken.pdf" in summary.files[1].error
    assert not summary.succeeded
    check_whole(workspace, summary)


def test_a_name_with_path_parts_and_emoji_is_kept_clean(workspace):
    summary = run(ingest(workspace, [upload("../../etc/pass 🎉 wd.txt", "moon")]))
    assert statuses(summary) == {"pass 🎉 wd.txt": "indexed"}
    check_whole(workspace, summary)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "absent.txt", "is not there"),
        (lambda folder: folder, "is not a file"),
    ],
    ids=["absent", "folder"],
)
def test_a_path_that_cannot_be_read_is_one_sentence(workspace, tmp_path, make, says):
    summary = run(ingest(workspace, [Upload("a.txt", make(tmp_path)), upload("moon.txt", "moon")]))
    assert [file.status for file in summary.files] == ["failed", "indexed"]
    assert says in summary.files[0].error


def test_a_path_over_the_limit_is_not_read(new_workspace, tmp_path):
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(2**40)
    summary = run(ingest(new_workspace(max_file_mb=1.0), [Upload(path.name, path)]))
    assert "too large" in summary.files[0].error


def test_more_files_than_an_ingest_takes(new_workspace):
    summary = run(ingest(new_workspace(max_files=2), [upload(f"{n}.txt", str(n)) for n in range(3)]))
    assert [file.status for file in summary.files] == ["indexed", "indexed", "failed"]
    assert "TANDEM_MAX_FILES" in summary.files[2].error


def test_removing_deletes_the_chunks_of_every_mode_and_the_text(workspace):
    summary = run(ingest(workspace, [upload("moon.txt", "moon"), upload("sea.txt", "sea")]))
    run(reindex(workspace, Mode.NATIVE))
    moon = next(one for one in run(workspace.documents()) if one.name == "moon.txt")
    assert run(remove(workspace, ["moon.txt", "unknown.txt"])) == ("moon.txt",)
    assert [one.name for one in run(workspace.documents())] == ["sea.txt"]
    assert len(stored(workspace)["langchain"]) == summary.files[1].chunks
    assert all(len(ids) == 1 for ids in stored(workspace, Mode.NATIVE).values())
    assert workspace.catalogue.pages(workspace.name, moon.content_hash, moon.kind) == ()


def test_native_mode_is_indexed_from_the_text_that_is_kept(workspace):
    run(ingest(workspace, [upload("moon.txt", "moon", 150)]))
    assert run(pending(workspace, Mode.NATIVE)) == ("moon.txt",)
    summary = run(reindex(workspace, Mode.NATIVE))
    assert statuses(summary) == {"moon.txt": "indexed"}
    assert run(pending(workspace, Mode.NATIVE)) == ()
    both = stored(workspace, Mode.NATIVE)
    assert not both["llamaindex"].keys() & both["langchain"].keys(), "each cuts in its own way"
    assert set(statuses(run(reindex(workspace, Mode.NATIVE))).values()) == {"unchanged"}
    run(ingest(workspace, [upload("moon.txt", "volcano")]))
    assert run(pending(workspace, Mode.NATIVE)) == ("moon.txt",)


def test_a_collection_that_was_dropped_is_filled_again(workspace):
    files = [upload("moon.txt", "moon"), upload("sea.txt", "sea")]
    run(ingest(workspace, files))
    workspace.backend.drop(workspace.collection("langchain"))
    summary = run(ingest(workspace, files))
    assert set(statuses(summary).values()) == {"indexed"}
    check_whole(workspace, summary)


def test_documents_that_milvus_lost_come_back_from_the_text_that_is_kept(workspace):
    run(ingest(workspace, [upload("moon.txt", "moon"), upload("sea.txt", "sea")]))
    for name in ENGINE_NAMES:
        workspace.backend.drop(workspace.collection(name))
    run(ingest(workspace, [upload("new.txt", "volcano")]))
    assert run(pending(workspace)) == ("moon.txt", "sea.txt")
    assert not [one for one in found(workspace, "moon report")["langchain"] if "moon" in one]
    summary = run(reindex(workspace))
    assert statuses(summary) == {"moon.txt": "indexed", "new.txt": "unchanged", "sea.txt": "indexed"}
    check_whole(workspace, summary)


def test_a_chunk_leads_back_to_its_place_in_the_page(workspace):
    run(ingest(workspace, [upload("moon.txt", "moon")]))
    hit, *_ = run(run(workspace.engine("langchain")).retrieve(Query("moon report")))
    page = workspace.catalogue.page(workspace.space(), hit.chunk.document_id, hit.chunk.page_index)
    assert page.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text


def test_two_sessions_ingest_into_one_workspace_one_after_the_other(workspace, lite):
    other = run(Workspace.open(lite, workspace.name))
    files = [upload(f"{n}.txt", f"topic {n}") for n in range(5)]

    async def both():
        return await asyncio.gather(ingest(workspace, files), ingest(other, files[::-1]))

    first, second = run(both())
    assert set(statuses(first).values()) == {"indexed"}
    assert set(statuses(second).values()) == {"unchanged"}
    check_whole(workspace, second)


class Recorder:
    """A `Progress` that keeps what it is told, and runs a callback on it."""

    def __init__(self, react=lambda *_: None):
        self.stages, self.states, self.react = [], {}, react

    def update(self, *, stage, done, total, message=""):
        assert 0 <= done <= total
        self.stages.append(stage)
        self.react(stage, done)

    def file(self, name, state, detail=""):
        self.states.setdefault(name, []).append(state)
        self.react(state, name)


def test_progress_tells_of_every_stage_and_every_file(workspace):
    seen = Recorder()
    run(ingest(workspace, [upload("moon.txt", "moon"), Upload("empty.txt", b"")], progress=seen))
    assert {"parse", "embed", "index", "flush"} <= set(seen.stages)
    assert seen.states == {
        "moon.txt": ["parsing", "indexing", "indexed"],
        "empty.txt": ["parsing", "failed"],
    }


@pytest.mark.parametrize("moment", ["parsing", "embed", "index", "flush", "indexed"])
def test_a_cancelled_ingest_leaves_nothing_half_findable_and_can_be_repeated(workspace, moment):
    files = [upload(f"{n}.txt", f"topic {n}", 400) for n in range(4)]

    async def cancelled():
        def react(stage, _):
            if stage == moment:
                task.cancel()

        task = asyncio.ensure_future(ingest(workspace, files, progress=Recorder(react)))
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    ready = {one.name: one.chunks for one in run(workspace.documents()) if one.state == "indexed"}
    hits = found(workspace, "the report names amber")
    for name in ENGINE_NAMES:
        topics = {one.split(" report")[0].removeprefix("The topic ") for one in hits[name]}
        assert {f"{topic}.txt" for topic in topics} <= ready.keys()
    summary = run(ingest(workspace, files))
    assert set(statuses(summary).values()) <= {"indexed", "unchanged"}
    check_whole(workspace, summary)


@pytest.mark.server
def test_on_a_server_documents_are_replaced_removed_and_indexed_natively(lite, milvus_server):
    settings = lite.model_copy(update={"milvus_uri": milvus_server})
    workspace = run(Workspace.open(settings, f"s{uuid.uuid4().hex[:8]}"))
    files = [upload("moon.txt", "moon"), upload("sea.txt", "sea")]
    assert run(ingest(workspace, files)).succeeded
    summary = run(ingest(workspace, [upload("moon.txt", "volcano"), files[1]]))
    assert statuses(summary) == {"moon.txt": "indexed", "sea.txt": "unchanged"}
    check_whole(workspace, summary)
    for texts in found(workspace, "the moon report").values():
        assert texts
        assert not [one for one in texts if "moon" in one]
    assert run(reindex(workspace, Mode.NATIVE)).succeeded
    run(remove(workspace, ["moon.txt"]))
    for mode in Mode:
        for texts in found(workspace, "the volcano report", mode).values():
            assert texts
            assert not [one for one in texts if "volcano" in one]
    for name in ENGINE_NAMES:
        for mode in Mode:
            workspace.backend.drop(workspace.collection(name, mode))
