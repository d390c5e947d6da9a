"""A process that is killed in the middle of an ingest, and a disk that runs full."""

import pytest

from core.ingest import ingest
from core.loop import run
from core.settings import Settings
from core.workspace import Workspace
from tests.core.ingest.child import NAMES, OPTIONS, files, fill_the_disk, in_child, replace_and_die
from tests.core.ingest.helpers import check_whole, found, statuses, stored

MOMENTS = [("parsing", 2), ("index", 6), ("flush", 1), ("indexed", 2)]


def editions(workspace):
    """For each engine and file, the editions whose chunks are found."""
    both = {}
    for engine, texts in found(workspace, "The report names amber").items():
        both[engine] = {name: set() for name in NAMES}
        for text in texts:
            edition, name = text.removeprefix("The ").split(" report")[0].split(" ")
            both[engine][name].add(edition)
    return both


@pytest.mark.parametrize(("stage", "times"), MOMENTS, ids=[f"{s} {t}" for s, t in MOMENTS])
def test_a_killed_ingest_shows_nothing_half_and_is_completed_by_the_next(tmp_path, stage, times):
    overrides = {"home": tmp_path, **OPTIONS}
    assert in_child(replace_and_die, overrides, stage, times) == -9
    workspace = run(Workspace.open(Settings.load(overrides), "w"))
    ready = {one.name: one for one in run(workspace.documents()) if one.state == "indexed"}
    assert ready.keys() == set(NAMES), "the edition before stays until the new one is whole"
    if stage in ("index", "flush"):
        written = sum(len(ids) for ids in stored(workspace).values())
        assert written > 2 * sum(one.chunks for one in ready.values()), "there are leftovers to hide"
    for seen in editions(workspace).values():
        assert all(len(names) <= 1 for names in seen.values()), "never a mix of two editions"
    summary = run(ingest(workspace, files("second")))
    assert set(statuses(summary).values()) <= {"indexed", "unchanged"}
    check_whole(workspace, summary)
    assert all(names <= {"second"} for seen in editions(workspace).values() for names in seen.values())


@pytest.mark.parametrize("most_bytes", [20_000, 400_000], ids=["the catalogue fails", "Milvus Lite fails"])
def test_a_full_disk_is_one_sentence_a_file_and_loses_nothing(tmp_path, most_bytes):
    overrides = {"home": tmp_path, **OPTIONS}
    errors = in_child(fill_the_disk, overrides, most_bytes)
    assert errors
    assert all("the disk is full" in error for error in errors)
    workspace = run(Workspace.open(Settings.load(overrides), "w"))
    for seen in editions(workspace).values():
        assert all(names <= {"first"} for names in seen.values())
    summary = run(ingest(workspace, files("second")))
    assert statuses(summary) == dict.fromkeys(NAMES, "indexed")
    check_whole(workspace, summary)
