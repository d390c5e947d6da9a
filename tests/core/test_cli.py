"""The command line as people and scripts use it: a process, its output and its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli import main
from core.sample import FIRST_QUESTION

ROOT = Path(__file__).parents[2]


def tandem(home, *arguments, **environment):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TANDEM_", "OPENAI_"))}
    env |= {"TANDEM_HOME": str(home), **environment}
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    done = tandem(folder, "ingest", "--sample", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["schema_version"] == 1
    assert {file["status"] for file in summary["files"]} == {"indexed"}
    assert summary["engines"]["llamaindex"]["chunks"] == summary["engines"]["langchain"]["chunks"] > 50
    assert set(summary["timings"]) == {"parse", "chunk", "embed", "index", "flush", "total"}
    return folder


def test_a_question_gets_two_cited_answers_as_json(home):
    done = tandem(home, "ask", FIRST_QUESTION, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [answer["engine"] for answer in result["answers"]] == ["llamaindex", "langchain"]
    for answer in result["answers"]:
        assert "[" in answer["text"]
        assert answer["sources"][0]["chunk_id"]
        assert answer["timings"]["total"] > 0
    assert result["overlap"]["k"] == 5
    assert done.stderr == ""


def test_people_get_text_they_can_read(home):
    done = tandem(home, "ask", FIRST_QUESTION)
    assert done.returncode == 0
    assert "LlamaIndex  (" in done.stdout
    assert "LangChain  (" in done.stdout
    assert "Shared chunks: " in done.stdout


def test_many_questions_give_one_json_line_each_and_a_bad_one_stops_none(home, tmp_path):
    file = tmp_path / "questions.jsonl"
    questions = [FIRST_QUESTION, "x" * 5000, "Where does the train start?"]
    file.write_text("\n".join(json.dumps({"question": item}) for item in questions))
    done = tandem(home, "ask", "--questions", file, "--retrieve-only")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [bool(line["answers"]) for line in lines] == [True, False, True]
    assert "shorten it" in lines[1]["error"]


def test_ingesting_again_changes_nothing(home):
    done = tandem(home, "ingest", "--sample")
    assert done.returncode == 0
    assert "unchanged" in done.stdout
    assert "  indexed" not in done.stdout


def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path):
    (tmp_path / "good.txt").write_text("The kettle boils at seven.")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 nothing")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "inside.md").write_text("# Inside\n\nA folder is searched.")
    (folder / "photo.raw").write_bytes(b"not a document")
    named = [tmp_path / name for name in ("good.txt", "bad.pdf", "gone.txt")]
    done = tandem(tmp_path / "home", "ingest", folder, *named)
    assert done.returncode == 1
    assert "indexed   good.txt" in done.stdout
    assert "indexed   inside.md" in done.stdout
    assert "photo.raw" not in done.stdout
    assert "failed    bad.pdf" in done.stdout
    assert "failed    gone.txt" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "sentence"),
    [
        (("ask",), {}, 2, "Give one question"),
        (("ask", "Why?", "--workspace", "a b"), {}, 2, "cannot name a workspace"),
        (("ask", "Why?", "--uri", "nowhere"), {}, 2, "ends with .db"),
        (("ask", "Why?", "--uri", "http://127.0.0.1:1"), {}, 1, "cannot be reached"),
        (("ask", "Why?"), {"TANDEM_TOP_K": "many"}, 2, "TANDEM_TOP_K"),
        (("ask", "Why?", "--workspace", "empty"), {}, 2, "holds no documents yet"),
        (("ingest",), {}, 2, "nothing to ingest"),
        (("ask", "--questions", "/gone.jsonl"), {}, 2, "cannot be read"),
    ],
    ids=["no question", "workspace", "path", "server", "setting", "empty", "no files", "no file"],
)
def test_what_cannot_work_ends_with_one_sentence_and_its_code(home, arguments, environment, code, sentence):
    done = tandem(home, *arguments, **environment)
    assert done.returncode == code
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_doctor_masks_secrets_and_fails_when_something_is_wrong(tmp_path):
    secret = "root:hunter2hunter2"
    done = tandem(tmp_path, "doctor", TANDEM_MILVUS_URI="http://127.0.0.1:1", TANDEM_MILVUS_TOKEN=secret)
    assert done.returncode == 1
    assert "FAIL  Milvus: Milvus server at http://127.0.0.1:1 cannot be reached" in done.stdout
    assert "ok    Chat model" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("ingest", "ask", "doctor"))
