"""`python -m core bench` as people and build scripts use it."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from core.cli import bench, main
from core.history import History
from core.milvus import Address
from core.settings import Settings
from tests.core.bench.results import cell
from tests.core.history.synthetic import result
from tests.core.test_cli import ROOT, tandem

SMALL = (
    *("--framework", "pymilvus", "--operation", "search", "--mode", "sequential,asyncio"),
    *("--count", "40", "--rounds", "2", "--rows", "50", "--dimension", "8"),
)
LONG = (*SMALL[:-6], "--count", "300", "--rounds", "100", "--rows", "50", "--dimension", "8")
FILE = "result.json"


def text_of(done):
    return done.stdout + done.stderr


def history_of(home):
    return History.open(Settings.load({"home": home}))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A home with one run in it, what the command said, and the file that it wrote."""
    home = tmp_path_factory.mktemp("bench")
    limits = ("--threshold", "pymilvus.search.*.errors<1%", "--threshold", "*.*.asyncio.p95<60s")
    done = tandem(home, "bench", *SMALL, "--name", "Mine", "--note", "a note", *limits, "--json", home / FILE)
    return home, done, json.loads((home / FILE).read_text())


def test_a_run_that_keeps_its_limits_ends_with_0_and_says_what_it_found(measured):
    _, done, _ = measured
    assert done.returncode == 0, text_of(done)
    assert done.stderr == ""
    assert "2 cells, 2 rounds, 200 operations" in done.stdout
    assert "Milvus Lite runs inside this process" in done.stdout
    assert "kept    pymilvus.search.*.errors<1%: 0.00% failed" in done.stdout
    assert "pymilvus.search.asyncio@n=40,c=0,Bounded,rtt=0" in done.stdout


def test_the_json_has_what_the_contract_names(measured):
    _, _, data = measured
    assert {"cells", "ratios", "verdict", "environment", "schema_version"} <= data.keys()
    cells = {item["mode"]: item for item in data["cells"]}
    wanted = "framework operation mode count concurrency consistency rtt_ms rounds seconds throughput"
    wanted += " latency_ms errors in_flight native_async verified"
    assert set(wanted.split()) <= cells["asyncio"].keys()
    assert (cells["asyncio"]["rounds"], len(cells["asyncio"]["seconds"])) == (2, 2)
    assert cells["sequential"]["latency_ms"]["p99"] == "n too small"
    assert {"of", "over", "ratio", "low", "high"} <= data["ratios"][0].keys()
    assert all(isinstance(text, str) for text in data["verdict"])
    assert [item["passed"] for item in data["thresholds"]] == [True] * 3


def test_the_run_is_in_the_history_and_can_be_shown(measured):
    home, _, data = measured
    shown = tandem(home, "history", "show", "latest", "--json")
    stored = json.loads(shown.stdout)
    assert stored["note"] == "a note"
    assert stored["plan"]["name"] == "Mine"
    assert stored["cells"] == data["cells"]
    assert stored["run_id"] == data["run_id"]


@pytest.fixture
def at_home(measured, monkeypatch, capsys):
    """Runs a command in this process, at the home that has a run: its code, output and complaints."""
    home = measured[0]
    monkeypatch.setenv("TANDEM_HOME", str(home))

    def command(*arguments):
        code = main([str(item) for item in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--preset", "nothing"), "There is no preset 'nothing': choose from quick-look"),
        (("--mode", "magic"), "modes: Input should be 'sequential', 'threads'"),
        (("--operation", "fly"), "There is no operation 'fly'"),
        (
            ("--threshold", "fast enough"),
            "is not clear: write for example llamaindex.query.asyncio.p95<200ms",
        ),
        (("--threshold", "langchain.*.*.p50<1s"), "means no cell of this run"),
        (("--threshold", "*.*.*.p99<1s"), "p99 needs 368 calls, and pymilvus.search.sequential"),
        (("--mode", "asyncio", "--threshold", "*.*.*.ratio>1x"), "has no sequential cell beside"),
        (("--compare", "zzz"), "There is no run 'zzz' in the history"),
        (("--compare", "gone.json"), "gone.json cannot be read (No such file or directory)"),
        (("--compare", "latest", "--rows", "51"), "did different work: rows 50 against 51"),
        (("--json", "no/such/folder/x.json"), "name a file in a folder that exists"),
        (("--uri", "nowhere"), "ends with .db"),
    ],
    ids=[
        *("preset", "mode", "operation", "unclear threshold", "threshold of no cell", "n too small"),
        *("ratio over nothing", "no such run", "no such file", "other work", "no folder", "address"),
    ],
)
def test_a_wrong_request_ends_with_2_and_one_sentence_before_anything_runs(at_home, arguments, sentence):
    small = [item for item in SMALL if item != "sequential,asyncio" or "--mode" not in arguments]
    if "--mode" in arguments:
        small.remove("--mode")
    code, out, complaint = at_home("bench", *small, *arguments)
    assert code == 2
    assert sentence in complaint
    assert len(complaint.strip().splitlines()) == 1
    assert "Run " not in out


def test_a_limit_that_is_missed_ends_with_3(at_home):
    code, out, _ = at_home("bench", *SMALL, "--threshold", "pymilvus.search.asyncio.throughput>1000000/s")
    assert code == 3
    assert "MISSED  pymilvus.search.asyncio.throughput>1000000/s: " in out


def test_a_run_that_became_slower_ends_with_3_and_names_the_cells(at_home, measured, tmp_path):
    _, _, data = measured
    for item in data["cells"]:
        for each in item["round_details"]:
            each["seconds"] = 1e-5 * (1 + 0.1 * each["index"])
    (tmp_path / "before.json").write_text(json.dumps(data))
    code, out, _ = at_home("bench", *SMALL, "--rounds", "4", "--compare", tmp_path / "before.json")
    assert code == 3
    assert "Of 2 cells in both runs: 2 slower." in out


def test_a_run_without_time_for_all_its_cells_is_invalid(at_home):
    code, out, complaint = at_home("bench", *SMALL, "--count", "4000", "--time-budget", "1")
    assert code == 1
    assert "The run is not valid" in complaint
    assert "not measured: the time budget ended" in out


def test_json_on_the_terminal_is_nothing_but_json(at_home):
    code, out, rest = at_home("bench", *SMALL, "--json", "-")
    assert code == 0
    assert json.loads(out)["state"] == "complete"
    assert "calls/s" in rest


def test_the_presets_are_listed(at_home):
    _, out, _ = at_home("bench", "--list-presets")
    assert "why-async-wins" in out
    _, out, _ = at_home("bench", "--list-presets", "--json", "-")
    assert json.loads(out)["presets"][0]["plan"]["counts"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, 0),
        ({"state": "incomplete", "warnings": ("Milvus is gone.",)}, 1),
        ({"cells": (replace(cell("pymilvus.search.asyncio", 1), verified=False),)}, 1),
    ],
    ids=["good", "incomplete", "wrong effect"],
)
def test_the_exit_code_follows_from_the_run(changed, code, capsys):
    arguments = bench_arguments("bench")
    assert bench._report(arguments, replace(result(), **changed), [], None, stopped=False) == code
    assert ("is not valid" in capsys.readouterr().err) == bool(code)


def bench_arguments(*words):
    from core.cli import parser

    return parser().parse_args(words)


# Asking


@pytest.mark.parametrize(
    ("terminal", "answer", "code", "sent"),
    [(False, "", 2, False), (True, "n", 2, False), (True, "y", 0, True)],
    ids=["nobody to ask", "no", "yes"],
)
def test_a_remote_server_is_asked_for_with_the_number_of_operations(
    at_home, monkeypatch, terminal, answer, code, sent
):
    monkeypatch.setattr(Address, "local", False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr("builtins.input", lambda: answer)
    found, out, complaint = at_home("bench", *SMALL)
    assert found == code
    assert "sends up to 200 operations to" in out + complaint
    assert "It takes roughly" in out + complaint
    assert ("--yes" in complaint) == (not terminal)
    assert ("Run " in out) == sent


# Ends


def started(home, *arguments):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TANDEM_", "OPENAI_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "core", "bench", *map(str, arguments)],
        cwd=ROOT,
        env=env | {"TANDEM_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stored_rounds(home, process):
    """Wait until some rounds of the run are in the history."""
    history = history_of(home)
    while process.poll() is None:
        runs = history.runs().runs
        if runs and any(len(each.rounds) > 2 for each in history.result(runs[0].run_id).cells):
            return
        time.sleep(0.05)
    pytest.fail(f"the run ended too soon: {process.communicate()}")


def test_ctrl_c_keeps_what_is_finished(tmp_path):
    with started(tmp_path, *LONG, "--json", tmp_path / FILE) as process:
        stored_rounds(tmp_path, process)
        process.send_signal(signal.SIGINT)
        out, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, out + complaint
    assert "Stopped. What was finished is kept in the history as" in out
    assert "Traceback" not in out + complaint
    run = history_of(tmp_path).runs().runs[0]
    assert run.state == "cancelled"
    assert json.loads((tmp_path / FILE).read_text())["run_id"] == run.run_id
    assert sum(len(each.rounds) for each in history_of(tmp_path).result(run.run_id).cells) > 4


def test_a_killed_run_is_incomplete_and_what_it_left_in_milvus_is_removed(tmp_path):
    with started(tmp_path, *LONG) as process:
        stored_rounds(tmp_path, process)
        process.kill()
    shown = tandem(tmp_path, "history", "list")
    assert "  incomplete" in shown.stdout
    assert len(history_of(tmp_path).result(history_of(tmp_path).find("latest")).cells) == 2
    cleaned = tandem(tmp_path, "bench", "--cleanup")
    assert cleaned.returncode == 0
    assert "Removed 1 temporary collection of killed runs." in cleaned.stdout
    assert "tandem_bench_" in cleaned.stdout
