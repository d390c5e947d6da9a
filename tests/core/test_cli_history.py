"""`python -m core history`: runs listed, shown, compared, exported, taken in and deleted."""

import json
from dataclasses import replace

import pytest

from core.cli import main
from core.evaluate import add_evaluation
from core.history import History
from core.settings import Settings
from core.vote import export_json as export_votes
from tests.core.evaluate.synthetic import VARIANTS, evaluated
from tests.core.history.synthetic import result
from tests.core.vote.conftest import result as vote_result


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


# Evaluations


@pytest.fixture
def quality(archive, tmp_path):
    """The same commands, with two evaluations in the history besides, the later one worse."""
    history = History.open(Settings.load({"home": tmp_path}))
    worse = evaluated({VARIANTS[2].key: 0.3}, run_id="f" * 32, started_at="2026-11-25T10:00:00+00:00")
    ids = [
        add_evaluation(history, evaluated(), name="Before"),
        add_evaluation(history, worse, name="After", note="chunks of 500"),
    ]
    return archive[0], ids


def test_evaluations_are_listed_with_their_variants_and_by_their_kind(quality):
    command, _ = quality
    out = command("list")[1]
    assert "evaluation  complete      4/4 variants  After" in out
    assert "3/3 cells  Second" in out
    assert command("list", "--kind", "evaluation")[1].count("4/4 variants") == 2


def test_an_evaluation_is_shown_with_what_it_found(quality):
    command, ids = quality
    out = command("show", ids[1])[1]
    assert "chunks of 500" in out
    assert "LlamaIndex is better than LangChain in 1 of 2 settings" in out
    assert "LangChain · dense · top 5" in out
    assert json.loads(command("show", ids[1], "--json")[1])["name"] == "After"


def test_evaluations_are_compared_and_something_worse_ends_with_3(quality):
    command, ids = quality
    code, out, _ = command("compare", *ids)
    assert code == 3
    first = out.splitlines()[1]
    assert "LangChain · dense · top 5, Contains the answer: " in first
    assert "points worse" in first
    assert command("compare", *ids[::-1])[0] == 0
    assert command("compare", *ids, "--tolerance", "60")[0] == 0
    assert json.loads(command("compare", *ids, "--json")[1])["kind"] == "evaluation"


def test_an_evaluation_and_a_benchmark_are_not_compared(quality, archive):
    command, ids = quality
    code, _, complaint = command("compare", archive[1][0], ids[0])
    assert code == 2
    assert "compare runs of one kind" in complaint


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        ((), '{"name": "Before"'),
        (("--format", "csv"), "variant,label,"),
        (("--format", "outcomes"), "question_id,question,"),
        (("--format", "html"), "<!doctype html>"),
    ],
    ids=["json", "csv", "outcomes", "html"],
)
def test_an_evaluation_is_exported_in_each_of_its_forms(quality, arguments, begins):
    command, ids = quality
    code, out, _ = command("export", ids[0], *arguments)
    assert code == 0
    assert out.lstrip().startswith(begins)


def test_an_evaluation_is_exported_imported_renamed_and_deleted(quality, tmp_path):
    command, ids = quality
    assert command("export", ids[1], "--output", tmp_path / "run.json")[0] == 0
    copy = json.loads(command("import", tmp_path / "run.json", "--json")[1])["run_id"]
    assert "After (imported)" in command("list")[1]
    assert command("compare", ids[1], copy)[0] == 0
    assert command("rename", copy, "The copy")[0] == command("delete", copy)[0] == 0


def test_a_form_that_evaluations_do_not_have_is_refused_with_those_they_have(quality):
    command, ids = quality
    code, _, complaint = command("export", ids[0], "--format", "samples")
    assert code == 2
    assert "exported as json or csv or outcomes or html" in complaint


def test_a_vote_is_shown_exported_imported_and_compared_like_any_run(archive, tmp_path):
    command, _ = archive
    sent = vote_result(["a", "a", "tie"], name="Board", state="complete")
    kept = tmp_path / "vote.json"
    kept.write_text(export_votes(sent, note="in May"))
    for name in ("One", "Two"):
        assert command("import", kept, "--name", name)[0] == 0
    line = command("list", "--kind", "vote")[1]
    assert "3/3 questions" in line
    assert "complete" in line
    ids = [run["run_id"] for run in json.loads(command("list", "--kind", "vote", "--json")[1])["runs"]]
    assert "decided votes" in command("show", ids[0])[1]
    code, out, _ = command("compare", *ids)
    assert (code, out.startswith("No measurable change")) == (0, True)
    assert command("export", ids[0], "--output", tmp_path / "vote.html")[0] == 0
    assert "Which one do people prefer?" in (tmp_path / "vote.html").read_text()
