import json
from dataclasses import replace

import pytest

from core.bench.plan import CellKey, Plan
from core.bench.records import (
    CellResult,
    ErrorRate,
    Flag,
    Latency,
    Ratio,
    Round,
    RunResult,
    Sample,
    Samples,
    Status,
    Verdict,
)
from core.errors import UsageError

KEY = CellKey("llamaindex", "query", "asyncio", 100, 0, "Strong", 50.0)
SAMPLES = Samples.of(
    [Sample(0, 5, 9), Sample(1, 6, 20, Status.ERROR, "Timeout"), Sample(2, 7, 8, Status.INCOMPLETE)]
)
ROUND = Round(1, False, 3, 0.5, 99, 1, in_flight=40.0, verified=True, samples=SAMPLES)


def a_run():
    cell = CellResult(
        KEY,
        (replace(ROUND, index=0, warmup=True), ROUND),
        throughput=198.0,
        latency=Latency(99, 1.0, 2.0, 3.0, None, 1.5),
        errors=ErrorRate(1, 100, 0.01, 0.002, 0.05, {"Timeout": 1}),
        native_async="native",
        verified=True,
        flags=(Flag("drift", "it drifts"),),
    )
    ratio = Ratio(KEY.label, "x", 2.0, 1.5, 2.7, 8)
    return RunResult(Plan.make(), (cell,), (ratio,), (Verdict("winner", "a wins"),), {"cpu": 2}, ("w",))


def test_a_run_survives_its_json_form():
    run = a_run()
    again = RunResult.from_json(json.loads(json.dumps(run.to_json(samples=True))))
    assert again == run
    assert list(again.cells[0].rounds[1].samples) == list(SAMPLES)


def test_the_json_holds_what_the_command_line_promises():
    data = a_run().to_json()
    cell = data["cells"][0]
    assert {"framework", "operation", "mode", "count", "concurrency", "consistency", "rtt_ms"} <= set(cell)
    assert cell["rounds"] == 1
    assert cell["seconds"] == [0.5]
    assert cell["latency_ms"]["p99"] == "n too small"
    assert (cell["errors"], cell["native_async"], cell["verified"]) == (1, True, True)
    assert data["ratios"][0].keys() >= {"of", "over", "ratio", "low", "high"}
    assert data["verdict"] == ["a wins"]
    assert data["schema_version"] == 1


def test_samples_survive_packing():
    again = Samples.unpack(SAMPLES.pack())
    assert list(again) == list(SAMPLES)
    assert again.error_kinds() == {"Timeout": 1}


def test_bytes_that_are_no_samples_are_refused():
    with pytest.raises(ValueError, match="not packed samples"):
        Samples.unpack(b"something else entirely")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"counts": (0,)}, "counts"),
        ({"frameworks": ("haystack",)}, "frameworks"),
        ({"loads": ("fast",)}, "loads"),
        ({"rtts_ms": (-1,)}, "rtts_ms"),
        ({"rounds": 0}, "rounds"),
        ({"nonsense": 1}, "nonsense"),
    ],
    ids=lambda value: str(value),
)
def test_a_wrong_plan_names_the_field(given, named):
    with pytest.raises(UsageError, match=named):
        Plan.make(**given)


def test_the_workload_hash_follows_the_data_and_not_the_patience():
    plan = Plan.make()
    assert plan.workload_hash == Plan.make(rounds=2, time_budget_s=5, name="x").workload_hash
    assert plan.workload_hash != Plan.make(dimension=64).workload_hash
