"""Runs leave as JSON and CSV, and come in from files that may hold anything."""

import base64
import csv
import io
import json
import struct
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from core.bench.records import Sample, Samples, Status
from core.errors import UsageError
from core.history import History, export_html, import_json, read_json
from core.history.exports import CELL_COLUMNS, SAMPLE_COLUMNS, export_csv, export_json, export_samples_csv
from core.settings import Settings
from tests.core.history.synthetic import result


@pytest.fixture
def exported():
    """A run's file as data, to be spoiled."""
    return json.loads(export_json(result(), samples=True))


@pytest.mark.parametrize("samples", [True, False], ids=["with samples", "without"])
def test_a_colleague_sees_the_run_as_it_was_under_an_id_of_their_own(history, samples):
    sent = replace(result(warnings=("Noisy.",)), run_id="f" * 32)
    run_id = import_json(history, export_json(sent, note="before the upgrade", samples=samples).encode())
    found, line = history.result(run_id), history.summary(run_id)
    assert run_id != sent.run_id
    assert found.to_json(samples=samples) == replace(sent, run_id=run_id).to_json(samples=samples)
    assert (line.imported, line.note, line.state) == (True, "before the upgrade", "complete")


def test_an_import_may_be_called_something_else(history):
    run_id = import_json(history, export_json(result()), name="Ada's server")
    assert history.summary(run_id).name == "Ada's server"


def spoil(data, path, value):
    """The file with one value replaced."""
    *way, last = path
    for step in way:
        data = data[step]
    data[last] = value


PATHS = {
    "throughput as text": (("cells", 0, "throughput"), "fast"),
    "infinite throughput": (("cells", 0, "throughput"), float("inf")),
    "unknown framework": (("cells", 0, "framework"), "<script>"),
    "unknown operation": (("cells", 0, "operation"), "fly"),
    "calls without end": (("cells", 0, "count"), 10**9),
    "a cell twice": (("cells", 1), "cells.0"),
    "a round twice": (("cells", 0, "round_details", 0, "index"), 2),
    "negative seconds": (("cells", 0, "round_details", 0, "seconds"), -1),
    "no such time": (("started_at",), "yesterday"),
    "cells as text": (("cells",), "none"),
    "a plan that cannot be": (("plan", "rounds"), -5),
    "an endless plan": (("plan", "counts"), list(range(1, 1000))),
    "another kind": (("kind",), "vote"),
    "version as text": (("schema_version",), "one"),
    "samples as text": (("cells", 0, "round_details", 0, "samples"), "!!!!"),
    "damaged samples": (("cells", 0, "round_details", 0, "samples"), base64.b64encode(b"x" * 99).decode()),
}


@pytest.mark.parametrize(("path", "value"), PATHS.values(), ids=PATHS)
def test_a_file_with_one_wrong_value_is_refused_in_one_sentence(exported, tmp_path, path, value):
    spoil(exported, path, exported["cells"][0] if value == "cells.0" else value)
    history = History.open(Settings.load({"home": tmp_path}))
    with pytest.raises(UsageError) as raised:
        import_json(history, json.dumps(exported))
    assert len(str(raised.value)) < 400
    assert str(raised.value).count("\n") == 0
    assert "<script>" not in str(raised.value)
    assert history.runs().total == 0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 10_000, "is not JSON"),
        (b"[1, 2]", "holds no benchmark"),
        (b'{"cells": []}', "holds no benchmark"),
        (b'{"schema_version": 2, "plan": {}, "cells": []}', "later Tandem"),
        (b" " * 50_000_001, "more than 50 MB"),
    ],
    ids=["empty", "binary", "deep", "long number", "a list", "other JSON", "later", "large"],
)
def test_a_file_that_is_no_run_is_refused_in_one_sentence(data, says):
    with pytest.raises(UsageError, match=says):
        read_json(data)


def packed(length, body):
    return base64.b64encode(struct.pack("<4sII", b"TSM1", length, 0) + zlib.compress(body, 9)).decode()


@pytest.mark.parametrize(
    "samples",
    [packed(10, bytes(200_000_000)), packed(2**31, b""), packed(1, b"\x7f" * 27)],
    ids=["unfolds to far more", "claims far more", "numbers that mean nothing"],
)
def test_samples_that_would_fill_the_memory_or_mean_nothing_are_refused(exported, samples):
    exported["cells"][0]["round_details"][0]["samples"] = samples
    with pytest.raises(UsageError, match=r"samples"):
        read_json(json.dumps(exported))


def test_text_in_a_file_is_cleaned_and_what_it_adds_is_left_out(exported, history):
    exported["cells"][0]["flags"] = [{"name": "drift", "text": "all \u0000 or \x1b[31m none"}]
    exported["plan"]["name"] = "a\nb\u0000" + "x" * 500
    exported["note"] = "two\nlines\x07"
    exported["later"] = exported["environment"]["later"] = {"deep": [1]}
    found = history.result(import_json(history, json.dumps(exported)))
    assert found.cells[0].flags[0].text == "all  or [31m none"
    assert found.plan.name == "a b" + "x" * 197
    assert history.summary(found.run_id).note == "two\nlines"


WHOLE = export_json(result(), samples=True)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.data())
def test_whatever_is_wrong_with_a_file_it_is_a_sentence_and_never_a_crash(data):
    whole = json.loads(WHOLE)
    place, way = whole, []
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        way.append(data.draw(strategies.sampled_from(list(keys)), label="key"))
        place = place[way[-1]]
        if data.draw(strategies.booleans()):
            break
    junk = strategies.one_of(
        strategies.none(),
        strategies.booleans(),
        strategies.integers(),
        strategies.floats(),
        strategies.text(max_size=5),
        strategies.lists(strategies.integers(), max_size=2),
        strategies.dictionaries(strategies.text(max_size=3), strategies.none(), max_size=2),
    )
    spoil(whole, way, data.draw(junk, label="value"))
    with suppress(UsageError):
        found = read_json(json.dumps(whole)).result
        found.to_json(samples=True)
        export_html(found)
        export_csv(found)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_one_row_a_cell(history):
    found = rows(export_csv(result()))
    assert tuple(found[0]) == CELL_COLUMNS
    assert [row["mode"] for row in found] == ["sequential", "threads", "asyncio"]
    assert float(found[0]["seconds_mean"]) == pytest.approx(2.0)
    assert float(found[0]["throughput"]) == pytest.approx(50)
    assert found[0]["latency_p95_ms"]
    assert (found[0]["calls"], found[0]["error_rate"]) == ("500", "0.0")


def test_csv_has_one_row_a_sample():
    found = rows("".join(export_samples_csv(result())))
    assert tuple(found[0]) == SAMPLE_COLUMNS
    assert len(found) == 3 * 5 * 100
    assert found[0]["cell"] == "pymilvus.search.sequential@n=100,Bounded,rtt=0"
    assert (float(found[0]["start_ms"]), found[0]["status"]) == (0.0, "ok")


def test_no_spreadsheet_takes_an_error_for_a_formula():
    bad = Samples.of([Sample(0, 0, 1, Status.ERROR, "=HYPERLINK(1)")])
    run = result()
    cell = replace(run.cells[0], rounds=(replace(run.cells[0].rounds[0], samples=bad),), note="@now")
    text = "".join(export_samples_csv(replace(run, cells=(cell,)))) + export_csv(replace(run, cells=(cell,)))
    assert "'=HYPERLINK(1)" in text
    assert "'@now" in text


def test_json_is_json_whatever_the_figures(history):
    run = replace(result(), environment={"rtt_ms": float("nan")}, seconds=float("inf"))
    text = export_json(run)
    assert "NaN" not in text
    assert "Infinity" not in text
