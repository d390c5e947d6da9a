"""`python -m core evaluate` as people and build scripts use it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from core.cli import main
from core.evaluate.recording import load_evaluation
from core.evaluate.records import EvaluationResult
from core.history import History
from core.settings import Settings
from tests.core.evaluate.conftest import TEXTS
from tests.core.fault_endpoint import FaultEndpoint
from tests.core.test_cli import ROOT, tandem

ASKED = (
    {
        "question": "What is the lighthouse keeper called?",
        "answers": ["Ada Brandt"],
        "source": "lighthouse.txt",
    },
    {"question": "How often does the ferry leave?", "answers": "every forty minutes", "source": "ferry.txt"},
    {"question": "What does a ticket for the toys cost?", "answers": ["14 euros"], "source": "museum.txt"},
    {"question": "Who painted the opera in 1742?", "answerable": False},
)
PAIR = ("--variants", "llamaindex,langchain x dense x k=2")
FAST = ("--retrieval-only", *PAIR)
FILE = "result.json"


def filled(folder):
    """The folder, with a small corpus in it and a question file."""
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    (folder / "asked.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in ASKED))
    done = tandem(folder, "ingest", *(folder / name for name in TEXTS))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("evaluate"))


@pytest.fixture(scope="module")
def measured(home):
    """What the command said, and the file that it wrote."""
    limits = ("--threshold", "hit@2>=0.5", "--threshold", "langchain.latency_ms<60s")
    more = ("--name", "Mine", "--note", "a note", "--json", home / FILE)
    done = tandem(home, "evaluate", "--questions", home / "asked.jsonl", *PAIR, *limits, *more)
    return done, json.loads((home / FILE).read_text())


@pytest.fixture
def at_home(home, measured, monkeypatch, capsys):
    """Runs a command in this process, at the home that has an evaluation: its code, output, complaints."""
    monkeypatch.setenv("TANDEM_HOME", str(home))

    def command(*arguments):
        code = main([str(item) for item in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def evaluated(at_home, home):
    """Evaluates the question file, retrieval only unless told otherwise."""

    def command(*arguments, questions="asked.jsonl", options=FAST):
        return at_home("evaluate", "--questions", home / questions, *options, *arguments)

    return command


def history_of(home):
    return History.open(Settings.load({"home": home}))


def test_a_run_that_keeps_its_limits_ends_with_0_and_says_what_it_found(measured):
    done, _ = measured
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "4 questions under 2 variants: 8 retrievals, 8 answers." in done.stdout
    assert "no measurable difference between LlamaIndex and LangChain" in done.stdout
    assert "LlamaIndex · dense · top 2" in done.stdout
    assert "kept    hit@2>=0.5: 1  langchain.dense.k2" in done.stdout


def test_the_json_has_what_the_contract_names_and_opens_again(measured):
    _, data = measured
    assert (data["kind"], data["name"], data["note"]) == ("evaluation", "Mine", "a note")
    assert {"leaderboard", "comparisons", "definitions", "outcomes", "environment"} <= data.keys()
    assert data["bad_rows"] == []
    assert all(check["passed"] for check in data["thresholds"])
    assert EvaluationResult.from_json(data).state == "complete"


def test_a_limit_that_is_missed_ends_with_3(evaluated):
    code, out, _ = evaluated("--threshold", "mrr>=0.99", "--threshold", "latency_ms<0.001")
    assert code == 3
    assert "MISSED  latency_ms<0.001: " in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--threshold", "good enough"), "is not clear: write for example hit@5>=0.9"),
        (("--threshold", "charm>1"), "names no metric"),
        (("--threshold", "hybrid.hit@2>0.5"), "means no variant of this run"),
        (("--threshold", "hit@7>0.5"), "this run measures at k = 1, 2"),
        (("--threshold", "contains>0.5"), "needs answers: leave out --retrieval-only"),
        (("--variants", "magic"), "“magic” in --variants “magic” is not understood"),
        (("--compare", "zzz"), "There is no run 'zzz' in the history"),
        (("--compare", "gone.json"), "gone.json cannot be read"),
        (("--json", "no/such/folder/x.json"), "name a file in a folder that exists"),
        (("--uri", "nowhere"), "ends with .db"),
    ],
    ids=[
        *("unclear threshold", "no metric", "no variant", "no cutoff", "no answers", "variants"),
        *("no such run", "no such file", "no folder", "address"),
    ],
)
def test_a_wrong_request_ends_with_2_and_one_sentence_before_anything_is_asked(
    evaluated, arguments, sentence
):
    code, out, complaint = evaluated(*arguments)
    assert code == 2
    assert sentence in complaint
    assert len(complaint.strip().splitlines()) == 1
    assert "Kept in the history" not in out


def test_bad_rows_are_listed_with_their_line_good_ones_run_and_the_end_is_1(evaluated, home):
    lines = [json.dumps(ASKED[0]), "{torn", json.dumps({"question": " "}), json.dumps(ASKED[1])]
    (home / "bad.jsonl").write_text("\n".join(lines))
    code, out, complaint = evaluated("--json", home / "bad.json", questions="bad.jsonl")
    assert code == 1
    assert "Line 2 of " in complaint
    assert "Line 3 of " in complaint
    assert "2 rows of the question file are no questions" in complaint
    assert "2 questions under 2 variants" in out
    data = json.loads((home / "bad.json").read_text())
    assert [row["line"] for row in data["bad_rows"]] == [2, 3]
    assert len(data["outcomes"]) == 4


def test_a_file_without_any_question_ends_with_2(evaluated, home):
    (home / "none.csv").write_text("name,age\nAda,7\n")
    code, _, complaint = evaluated(questions="none.csv")
    assert code == 2
    assert "no column “question”" in complaint


def test_a_dry_run_tells_the_cost_and_asks_nothing(evaluated, home):
    before = history_of(home).runs().total
    code, out, _ = evaluated("--dry-run", options=PAIR)
    assert code == 0
    assert "8 retrievals, 8 answers" in out
    assert "langchain.dense.k2" in out
    assert history_of(home).runs().total == before


def test_json_on_the_terminal_is_nothing_but_json(evaluated):
    code, out, rest = evaluated("--json", "-")
    assert code == 0
    assert json.loads(out)["state"] == "complete"
    assert "Mean reciprocal rank" in rest


def test_an_evaluation_is_compared_with_an_earlier_one_and_nothing_worse_ends_with_0(evaluated, home):
    code, out, _ = evaluated("--compare", home / FILE)
    assert code == 0
    assert "2 variants in both evaluations" in out
    assert "no measurable difference" in out
    assert evaluated("--compare", "latest")[0] == 0


def test_something_worse_than_before_ends_with_3_and_names_it(at_home, home):
    """The earlier evaluation found everything; this one asks for documents that are not there."""
    many = [{"id": f"q{n}", "question": f"What is number {n}?", "source": "gone.txt"} for n in range(30)]
    (home / "many.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in many))
    given = ("evaluate", "--questions", home / "many.jsonl", *FAST, "--json", home / "many.json")
    assert at_home(*given)[0] == 0
    data = json.loads((home / "many.json").read_text())
    for outcome in data["outcomes"]:
        outcome["metrics"] = dict.fromkeys(outcome["metrics"], 1.0)
    (home / "before.json").write_text(json.dumps(data))
    code, out, _ = at_home(*given[:-2], "--compare", home / "before.json")
    assert code == 3
    assert "100.0 before, 0.0 now: 100.0 points worse" in out


def test_other_questions_are_not_compared_and_the_reason_is_told_before_anything_is_asked(evaluated, home):
    changed = [{**item, "source": "ferry.txt"} for item in ASKED[:3]]
    (home / "other.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in changed))
    code, out, complaint = evaluated("--compare", home / FILE, questions="other.jsonl")
    assert code == 2
    assert "1 question of the earlier one is missing; 2 questions changed words or labels" in complaint
    assert "Kept in" not in out


# Faults


def test_model_errors_on_one_question_in_ten_are_counted_and_nothing_is_lost(tmp_path):
    asked = [{"question": f"Where is house {n}?", "answers": "here", "source": "a.txt"} for n in range(20)]
    (tmp_path / "asked.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in asked))
    (tmp_path / "a.txt").write_text("Every house is here.")
    with FaultEndpoint() as endpoint:
        model = {
            "TANDEM_MODEL_BASE_URL": endpoint.base_url,
            "TANDEM_MODEL_KEY": endpoint.key,
            "TANDEM_MODEL_RETRIES": "0",
        }
        assert tandem(tmp_path, "ingest", tmp_path / "a.txt", **model).returncode == 0
        endpoint.misbehave("server_error", only="chat/completions", every=10)
        given = ("--questions", tmp_path / "asked.jsonl", *PAIR, "--json", tmp_path / FILE)
        done = tandem(tmp_path, "evaluate", *given, **model)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "4 of 40 failed, the first so: " in done.stderr
        assert endpoint.key not in done.stdout + done.stderr
        data = json.loads((tmp_path / FILE).read_text())
        failed = [item for item in data["outcomes"] if item["error"]]
        assert (len(data["outcomes"]), len(failed), data["state"]) == (40, 4, "complete")
        assert all(item["found"] and "hit@1/source" in item["metrics"] for item in failed)
        endpoint.behave()
        again = tandem(tmp_path, "evaluate", "--resume", "latest", "--retry-failed", **model)
        assert again.returncode == 0, again.stdout + again.stderr
    whole = latest(tmp_path)
    assert whole.errors == 0
    assert {item.chunk_id for outcome in whole.outcomes for item in outcome.found} <= whole.chunks.keys()


def latest(home):
    history = history_of(home)
    return load_evaluation(history.stored(history.find("latest", "evaluation")))


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """A home of its own for processes, with many questions: this process holds the other one's Milvus."""
    folder = filled(tmp_path_factory.mktemp("apart"))
    asked = [f'{{"question": "Who lives in house {n}?", "source": "ferry.txt"}}' for n in range(400)]
    (folder / "long.jsonl").write_text("\n".join(asked))
    return folder


def started(home, *arguments):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TANDEM_", "OPENAI_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "core", "evaluate", *map(str, arguments)],
        cwd=ROOT,
        env=env | {"TANDEM_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def some_answers(home, process, known):
    """Wait until some outcomes of a new run are in the history."""
    history = history_of(home)
    while process.poll() is None:
        new = [run for run in history.runs(kinds=("evaluation",)).runs if run.run_id not in known]
        if new and len(load_evaluation(history.stored(new[0].run_id)).outcomes) > 20:
            return new[0].run_id
        time.sleep(0.05)
    pytest.fail(f"the run ended too soon: {process.communicate()}")


def test_a_killed_run_goes_on_where_it_stopped_and_asks_nothing_twice(apart):
    known = {run.run_id for run in history_of(apart).runs().runs}
    with started(apart, "--questions", apart / "long.jsonl", *FAST) as process:
        run_id = some_answers(apart, process, known)
        process.kill()
    torn = load_evaluation(history_of(apart).stored(run_id))
    assert torn.state == "incomplete"
    assert 20 < len(torn.outcomes) < 800
    listed = tandem(apart, "history", "list")
    assert "incomplete    0/2 variants" in listed.stdout
    done = tandem(apart, "evaluate", "--resume", run_id[:12])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(torn.outcomes):,} of 800 are there already." in done.stdout
    whole = load_evaluation(history_of(apart).stored(run_id))
    assert (whole.state, len(whole.outcomes)) == ("complete", 800)
    kept = {item.key: item for item in whole.outcomes}
    assert all(kept[item.key] == item for item in torn.outcomes)  # their times, too: none was asked again


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(apart):
    known = {run.run_id for run in history_of(apart).runs().runs}
    with started(apart, "--questions", apart / "long.jsonl", *FAST) as process:
        run_id = some_answers(apart, process, known)
        process.send_signal(signal.SIGINT)
        out, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, out + complaint
    assert f"python -m core evaluate --resume {run_id[:8]}" in out
    assert "Traceback" not in out + complaint
    assert history_of(apart).summary(run_id).state == "cancelled"
