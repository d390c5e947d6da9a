"""What the README claims about evaluations: how fast, how large, how right, how honest."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import ir_measures
import pytest

from core.evaluate.records import EvaluationResult
from tests.core.evaluate.scenes import SCENES, coverage

pytestmark = pytest.mark.perf
ROOT = Path(__file__).parents[2]
CUTOFFS = (1, 3, 5)

SQUAD = """
    import asyncio, json, sys, time
    import resource
    from pathlib import Path
    from core.engines.base import Retrieval
    from core.evaluate import Variant, evaluate
    from core.evaluate.asking import Asker
    from core.evaluate.records import Question
    from core.ingest import Upload, ingest
    from core.loop import run
    from core.settings import Settings
    from core.workspace import Workspace

    home, data, questions, retrieval_only, out = sys.argv[1:6]
    lines = lambda name: [json.loads(line) for line in (Path(data) / name).read_text("utf-8").splitlines()]
    name = lambda passage: passage.replace("#", "-") + ".txt"
    under_way, most, plain = [0], [0], Asker.ask

    async def counted(*arguments):
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        try:
            return await plain(*arguments)
        finally:
            under_way[0] -= 1

    Asker.ask = counted
    async def fill():
        workspace = await Workspace.open(Settings.load({"home": home}), "squad")
        passages = lines("squad_a_passages.jsonl")
        uploads = [Upload(name(item["id"]), item["text"].encode()) for item in passages]
        summary = await ingest(workspace, uploads)
        assert summary.succeeded
        return workspace

    workspace = run(fill())
    asked = [
        Question(f"q{place}", item["question"], tuple(item["answers"]), (name(item["paragraph"]),))
        for place, item in enumerate(lines("squad_a_questions.jsonl")[: int(questions)])
    ]
    variants = [
        Variant(engine, retrieval)
        for engine in ("llamaindex", "langchain")
        for retrieval in (Retrieval.DENSE, Retrieval.HYBRID)
    ]
    begun = time.monotonic()
    result = run(evaluate(workspace, asked, variants, retrieval_only=retrieval_only == "yes"))
    seconds = time.monotonic() - begun
    if out:
        Path(out).write_text(json.dumps(result.to_json()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    figures = {"documents": len(workspace.catalogue.corpus("squad")), "seconds": seconds, "peak": peak}
    figures |= {"outcomes": len(result.outcomes), "errors": result.errors, "most": most[0]}
    print(json.dumps(figures | {"concurrency": result.environment["concurrency"]}))
"""


def measured(home, data, questions, *, retrieval_only, out=""):
    """The figures of an evaluation in a process of its own."""
    given = [home, data, questions, "yes" if retrieval_only else "no", out]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SQUAD), *map(str, given)],
        cwd=ROOT, capture_output=True, text=True, timeout=850, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(900)
def test_retrieval_over_squad_is_done_in_a_minute_and_its_metrics_are_trec_evals(data_dir, tmp_path):
    file = tmp_path / "squad.json"
    found = measured(tmp_path / "home", data_dir, 1278, retrieval_only=True, out=file)
    print(f"\n294 documents, 1,278 questions, 2 frameworks x 2 retrievals: {found['seconds']:.1f} s")
    assert (found["documents"], found["outcomes"], found["errors"]) == (294, 4 * 1278, 0)
    result = EvaluationResult.from_json(json.loads(file.read_text()))
    for variant in result.plan.variants:
        assert_equal_to_reference(result, variant.key)
    assert found["seconds"] < 60


@pytest.mark.timeout(900)
def test_five_hundred_questions_end_to_end_fit_in_four_minutes_and_700_megabytes(data_dir, tmp_path):
    found = measured(tmp_path / "home", data_dir, 500, retrieval_only=False)
    print(
        f"\n500 questions x 4 variants with answers: {found['seconds']:.0f} s, "
        f"peak {found['peak'] / 1e6:.0f} MB, at most {found['most']} at once"
    )
    assert (found["outcomes"], found["errors"]) == (2000, 0)
    assert found["most"] <= found["concurrency"]
    assert found["peak"] < 700e6
    assert found["seconds"] < 240


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scene", SCENES)
def test_the_interval_covers_what_it_says(scene):
    share = coverage(scene, n=100, evaluations=2000)
    print(f"\n{scene}: 95% intervals of 100 questions cover {share:.1%} of 2,000 simulated evaluations")
    assert 0.93 <= share <= 0.97


def assert_equal_to_reference(result, key):
    """Every retrieval metric of every question is trec_eval's, through ir-measures."""
    expected = {question.id: question.sources[0] for question in result.questions}
    runs, new, any_label = {}, {}, {}
    for outcome in result.of(key):
        right = [
            result.chunks[item.chunk_id].source == expected[outcome.question_id] for item in outcome.found
        ]
        name, places = outcome.question_id, range(len(right))
        first = right.index(True) if True in right else None
        runs[name] = {f"c{place}": float(-place) for place in places}
        any_label[name] = {f"c{place}": int(right[place]) for place in places}
        new[name] = {f"c{place}": int(place == first) for place in places}
        if first is None:
            new[name]["not found"] = 1
    measures = {"mrr": (ir_measures.RR, any_label)}
    for k in CUTOFFS:
        measures[f"hit@{k}"] = (ir_measures.Success @ k, any_label)
        measures[f"precision@{k}"] = (ir_measures.P @ k, any_label)
        measures[f"recall@{k}"] = (ir_measures.R @ k, new)
        measures[f"ndcg@{k}"] = (ir_measures.nDCG @ k, new)
    own = {outcome.question_id: outcome.metrics for outcome in result.of(key)}
    for name, (measure, labels) in measures.items():
        reference = {item.query_id: item.value for item in ir_measures.iter_calc([measure], labels, runs)}
        mine = {question: metrics[f"{name}/source"] for question, metrics in own.items()}
        assert mine == pytest.approx(reference, abs=1e-9), (key, name)
