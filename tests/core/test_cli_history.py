"""`python -m core history`: runs listed, shown, compared, exported, taken in and deleted."""

import json
from dataclasses import replace

import pytest

from core.cli import main
from core.history import History
from core.settings import Settings
from tests.core.history.synthetic import result


@pytest.fixture
def archive(tmp_path, monkeypatch, capsys):
    """Commands on a history with two runs of the default workspace and one of another."""
    history = History.open(Settings.load({"home": tmp_path}))
    ids = [
        history.add(replace(found, started_at=f"2026-11-2{day}T10:00:00+00:00"), workspace=workspace)
        for day, found, workspace in [
            (0, result(name="First"), "default"),
            (1, result(name="Second", seconds={"asyncio": 0.5}), "default"),
            (2, result(name="Theirs"), "other"),
        ]
    ]
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path))

    def command(*arguments):
        code = main(["history", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command, ids


def test_the_list_is_of_the_workspace_unless_all_are_asked_for(archive):
    command, _ = archive
    assert "Runs: 1 to 2 of 2 in the workspace default" in command("list")[1]
    assert "Theirs" not in command("list")[1]
    found = json.loads(command("list", "--all", "--json", "--limit", "2")[1])
    assert (found["total"], [run["name"] for run in found["runs"]]) == (3, ["Theirs", "Second"])
    assert command("list", "--search", "FIRST")[1].count("benchmark") == 1


def test_two_runs_are_compared_and_a_regression_ends_with_3(archive):
    command, ids = archive
    code, out, _ = command("compare", ids[0], ids[1])
    assert code == 3
    assert "pymilvus.search.asyncio@n=100,c=0,Bounded,rtt=0: 0.5x [" in out
    assert command("compare", ids[0], ids[2])[0] == 0
    assert command("compare", ids[0], ids[1], "--tolerance", "200")[0] == 0
    found = json.loads(command("compare", ids[0][:8], "latest", "--json")[1])
    assert found["regressions"] == []


@pytest.mark.parametrize(
    ("name", "begins"),
    [("x.json", "{"), ("x.csv", "framework,"), ("x.html", "<!doctype html>"), ("-", "{")],
)
def test_a_run_is_exported_in_the_form_that_the_name_asks_for(archive, tmp_path, name, begins):
    command, ids = archive
    target = name if name == "-" else tmp_path / name
    code, out, _ = command("export", ids[0], "--output", target)
    assert code == 0
    assert (out if name == "-" else target.read_text()).lstrip().startswith(begins)


def test_a_run_is_exported_imported_renamed_annotated_and_deleted(archive, tmp_path):
    command, ids = archive
    assert command("export", ids[0], "--samples", "--output", tmp_path / "run.json")[0] == 0
    _, out, _ = command("import", tmp_path / "run.json", "--name", "A copy", "--json")
    copy = json.loads(out)["run_id"]
    assert copy not in ids
    assert command("rename", copy, "The copy")[0] == command("note", copy, "worth a look")[0] == 0
    assert "The copy (imported)" in command("list")[1]
    assert "worth a look" in command("show", copy)[1]
    assert command("delete", copy, ids[1])[1] == "Deleted 2 runs.\n"
    assert json.loads(command("list", "--all", "--json")[1])["total"] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "zz"), "There is no run 'zz'"),
        (("import", "gone.json"), "cannot be read"),
        (("export", "latest", "--output", "no/such/x.html"), "cannot be written"),
        (("rename", "latest", " "), "needs a name"),
    ],
    ids=["no run", "no file", "no folder", "no name"],
)
def test_what_cannot_be_done_with_the_history_is_one_sentence(archive, arguments, sentence):
    code, _, complaint = archive[0](*arguments)
    assert code in {1, 2}
    assert sentence in complaint
    assert len(complaint.strip().splitlines()) == 1
