"""Speed and quality of asking, measured on the real parts; `make perf` prints the figures."""

import json
import statistics
import time
import uuid

import pytest

from core import ENGINE_NAMES, AskOptions, Retrieval, Settings, Upload, Workspace, answers, ingest, run
from core.engines.base import Query

pytestmark = pytest.mark.perf

# What a hosted model of ordinary speed does: the answers below are dominated by it, as real ones are.
MODEL_PACE = {"offline_first_token_ms": 250, "offline_token_ms": 8}


def filled(settings, uploads):
    async def fill():
        workspace = await Workspace.open(settings, f"p-{uuid.uuid4().hex[:8]}")
        summary = await ingest(workspace, uploads)
        assert {file.status for file in summary.files} == {"indexed"}
        return workspace

    return run(fill(), timeout=300)


def squad(data_dir):
    passages = [json.loads(line) for line in (data_dir / "squad_a_passages.jsonl").open()]
    questions = [json.loads(line) for line in (data_dir / "squad_a_questions.jsonl").open()]
    return passages, questions


@pytest.fixture(scope="module")
def squad_workspace(data_dir, tmp_path_factory):
    passages, questions = squad(data_dir)
    uploads = [Upload(f"{p['id'].replace('#', '-')}.txt", p["text"].encode()) for p in passages]
    # Larger than any passage, so that one passage is one chunk.
    settings = Settings.load({"home": tmp_path_factory.mktemp("squad"), "chunk_size": 8000})
    return filled(settings, uploads), questions


@pytest.mark.parametrize(("retrieval", "least"), [("dense", 0.83), ("hybrid", 0.92)])
def test_retrieval_finds_the_passage_among_five(squad_workspace, retrieval, least, capsys):
    workspace, questions = squad_workspace
    engines = run(workspace.engines())
    for name in ENGINE_NAMES:
        hits = 0
        for item in questions:
            query = Query(item["question"], Retrieval(retrieval), 5)
            sources = {hit.chunk.source for hit in engines[name].retrieve_sync(query)}
            hits += f"{item['paragraph'].replace('#', '-')}.txt" in sources
        rate = hits / len(questions)
        with capsys.disabled():
            print(f"\n{name} {retrieval}: hit@5 {rate:.3f} of {len(questions)} questions")
        assert rate >= least


def test_the_extractive_answer_contains_a_gold_answer(squad_workspace, capsys):
    workspace, questions = squad_workspace
    found = dict.fromkeys(ENGINE_NAMES, 0)
    sample = questions[::4]
    for item in sample:
        for name, answer in run(answers(workspace, item["question"])).items():
            found[name] += any(gold.lower() in answer.text.lower() for gold in item["answers"])
    for name, count in found.items():
        with capsys.disabled():
            print(f"\n{name}: {count / len(sample):.3f} of {len(sample)} answers hold a gold answer")
        assert count / len(sample) >= 0.75


@pytest.fixture(scope="module")
def five_thousand(data_dir, tmp_path_factory):
    settings = Settings.load({"home": tmp_path_factory.mktemp("five"), "chunk_size": 140, "chunk_overlap": 0})
    names = ("sf_budget_2021.pdf", "canada_budget_2023.pdf")
    workspace = filled(settings, [Upload(name, data_dir / name) for name in names])
    engines = run(workspace.engines())
    assert workspace.backend.count(engines["langchain"].collection) >= 5000
    return workspace, engines


QUESTIONS = (
    "How much does the police department receive?",
    "What is spent on public health in 2021?",
    "Which programs help homeless residents?",
    "How large is the deficit of the second year?",
    "What does the budget say about child care?",
    "How many positions does the fire department have?",
)


@pytest.mark.parametrize("retrieval", ["dense", "hybrid"])
def test_searching_five_thousand_chunks_on_lite(five_thousand, retrieval, capsys):
    """Through the engine, the embedding of the question included."""
    _, engines = five_thousand
    for name in ENGINE_NAMES:
        taken = []
        for item in QUESTIONS * 6:
            start = time.perf_counter()
            run(engines[name].retrieve(Query(item, Retrieval(retrieval), 5)))
            taken.append((time.perf_counter() - start) * 1e3)
        middle = statistics.median(taken[6:])
        with capsys.disabled():
            print(f"\n{name} {retrieval}: median {middle:.1f} ms a search")
        assert middle < 10


def total(workspace, engines):
    start = time.perf_counter()
    found = run(answers(workspace, QUESTIONS[0], AskOptions(engines=engines)))
    assert not any(answer.error for answer in found.values())
    return time.perf_counter() - start


@pytest.mark.parametrize("pace", [MODEL_PACE, {}], ids=["model pace", "no delay"])
def test_both_answers_take_little_longer_than_the_slower_alone(five_thousand, pace, capsys):
    workspace, _ = five_thousand
    workspace = run(Workspace.open(workspace.settings.model_copy(update=pace), workspace.name))
    total(workspace, ENGINE_NAMES)
    rounds = [
        (total(workspace, ENGINE_NAMES), *(total(workspace, (name,)) for name in ENGINE_NAMES))
        for _ in range(9)
    ]
    together, *alone = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = together / max(alone)
    with capsys.disabled():
        each = " and ".join(f"{seconds * 1e3:.0f} ms" for seconds in alone)
        print(f"\ntogether {together * 1e3:.0f} ms, alone {each}: {ratio:.2f}x")
    if pace:
        assert ratio <= 1.15
