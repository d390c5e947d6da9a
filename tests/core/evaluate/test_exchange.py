"""Evaluations leave as JSON and tables, come in from files that may hold anything, and are kept whole."""

import asyncio
import csv
import io
import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies

from core import kinds
from core.errors import UsageError
from core.evaluate import (
    add_evaluation,
    evaluate,
    export_csv,
    export_html,
    export_json,
    export_variants_csv,
    load_evaluation,
    read_evaluation,
    recording,
)
from core.evaluate.recording import HistoryJournal
from core.history import History
from core.loop import run
from core.settings import Settings
from tests.core.evaluate.conftest import QUESTIONS
from tests.core.evaluate.synthetic import VARIANTS, evaluated


@pytest.fixture
def history(tmp_path):
    return History.open(Settings.load({"home": tmp_path}))


@pytest.fixture
def exported():
    """An evaluation's file as data, to be spoiled."""
    return json.loads(export_json(evaluated(count=6), name="Mine"))


def stored(history, run_id):
    return load_evaluation(history.stored(run_id))


def test_a_colleague_sees_the_evaluation_as_it_was_under_an_id_of_their_own(history):
    sent = evaluated(warnings=("Noisy.",), failed={("q1", VARIANTS[0].key)})
    file = export_json(sent, name="Monday", note="before the upgrade").encode()
    run_id = kinds.import_json(history, file, workspace="theirs")
    found, line = stored(history, run_id), history.summary(run_id)
    assert run_id != sent.run_id
    assert found == replace(
        sent, run_id=run_id, workspace="theirs", outcomes=found.outcomes, environment=found.environment
    )
    assert {item.key: item for item in found.outcomes} == {item.key: item for item in sent.outcomes}
    assert (line.imported, line.note, line.name, line.state) == (
        True,
        "before the upgrade",
        "Monday",
        "complete",
    )
    assert (line.finished, line.cells, line.config["asked"]) == (4, 4, 40)
    assert "no measurable difference between LlamaIndex and LangChain" in line.headline
    assert line.started_at == 1795168800


def test_a_file_does_not_tell_the_name_that_opens_the_workspace(make_corpus):
    workspace = make_corpus()
    found = run(evaluate(workspace, QUESTIONS[:1], VARIANTS[:1], retrieval_only=True))
    told = json.loads(export_json(found))
    assert (found.workspace, told["workspace"]) == (workspace.name, "")
    assert json.dumps(workspace.name) not in json.dumps(told)


def test_an_import_may_be_called_something_else(history):
    run_id = kinds.import_json(history, export_json(evaluated()), name="Ada's")
    assert history.summary(run_id).name == "Ada's"


def spoil(data, path, value):
    """The file with one value replaced."""
    *way, last = path
    for step in way:
        data = data[step]
    data[last] = value


PATHS = {
    "a metric above 1": (("outcomes", 0, "metrics", "contains"), 1.5),
    "a metric that is none": (("outcomes", 0, "metrics"), {"charm": 1.0}),
    "infinite seconds": (("outcomes", 0, "timings", "total"), float("inf")),
    "negative seconds": (("outcomes", 0, "timings", "total"), -1),
    "unknown framework": (("plan", "variants", 0, "engine"), "<script>"),
    "unknown retrieval": (("plan", "variants", 0, "retrieval"), "guess"),
    "a variant twice": (("plan", "variants", 0, "retrieval"), "hybrid"),
    "too many variants": (("plan", "variants"), "many"),
    "no variants": (("plan", "variants"), []),
    "a question twice": (("questions", 0, "id"), "q1"),
    "no questions": (("questions",), []),
    "an endless question": (("questions", 0, "question"), "x" * 300_000),
    "an outcome of no question": (("outcomes", 0, "question_id"), "q99"),
    "an outcome of no variant": (("outcomes", 0, "variant"), "llamaindex.magic"),
    "an outcome twice": (("outcomes", 0, "variant"), "llamaindex.hybrid.k5"),
    "an outcome beyond the repeats": (("outcomes", 0, "repeat"), 1),
    "a chunk that is not there": (("outcomes", 0, "found", 0, "chunk_id"), "c99"),
    "a chunk twice": (("chunks", 0, "id"), "c1"),
    "repeats without end": (("plan", "repeats"), 10**9),
    "no such time": (("started_at",), "yesterday"),
    "outcomes as text": (("outcomes",), "none"),
    "another kind": (("kind",), "vote!"),
    "version as text": (("schema_version",), "one"),
    "a later version": (("schema_version",), 99),
}


@pytest.mark.parametrize(("path", "value"), PATHS.values(), ids=PATHS)
def test_a_file_with_one_wrong_value_is_refused_in_one_sentence(exported, history, path, value):
    spoil(exported, path, exported["plan"]["variants"] * 20 if value == "many" else value)
    with pytest.raises(UsageError) as raised:
        kinds.import_json(history, json.dumps(exported))
    assert len(str(raised.value)) < 400
    assert str(raised.value).count("\n") == 0
    assert "<script>" not in str(raised.value)
    assert history.runs().total == 0


def test_text_in_a_file_is_cleaned_and_what_it_adds_or_concludes_is_passed_over(exported, history):
    exported["outcomes"][0]["text"] = "all \u0000 or \x1b[31m none"
    exported["name"] = "a\nb\u0000" + "x" * 500
    exported["leaderboard"] = exported["verdict"] = "I win"
    exported["environment"]["later"] = exported["later"] = {"deep": [1]}
    run_id = kinds.import_json(history, json.dumps(exported))
    assert stored(history, run_id).outcomes[0].text == "all  or [31m none"
    assert history.summary(run_id).name == "a b" + "x" * 197
    assert "I win" not in history.summary(run_id).headline


WHOLE = export_json(evaluated(count=3))


@settings(max_examples=100, deadline=None)
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
        found = read_evaluation(whole).result
        export_json(found)
        export_html(found)
        export_csv(found)
        export_variants_csv(found)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[1, 2]", "holds no run"),
        (b'{"schema_version": 1}', "holds no run"),
        (b'{"schema_version": 1, "plan": {}, "kind": "poem"}', "holds no run"),
        (b'{"schema_version": 1, "plan": {}, "kind": ["evaluation"]}', "holds no run"),
        (b'{"schema_version": 1, "plan": {}}', "cannot be imported"),
        (b" " * 50_000_001, "more than 50 MB"),
    ],
    ids=["a list", "other JSON", "another kind", "kind as list", "no cells", "large"],
)
def test_a_file_that_is_no_run_is_refused_in_one_sentence(data, says):
    with pytest.raises(UsageError, match=says):
        kinds.read(data)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_tables_have_a_row_a_variant_and_a_row_an_answer():
    result = evaluated({"langchain.dense.k5": 0.5})
    lines = rows(export_variants_csv(result))
    assert [line["variant"] for line in lines][-1] == "langchain.dense.k5"
    assert float(lines[0]["contains_low"]) < float(lines[0]["contains"]) < float(lines[0]["contains_high"])
    answers = rows(export_csv(result))
    assert len(answers) == 160
    assert (answers[0]["sources"], answers[0]["total_ms"]) == ("numbers.txt", "30.0")


def test_no_spreadsheet_takes_an_answer_for_a_formula():
    result = evaluated(count=2)
    bad = replace(result.outcomes[0], text="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in export_csv(replace(result, outcomes=(bad,)))


def test_chunks_that_a_failed_answer_was_the_first_to_find_stay_when_it_is_asked_again(history):
    """The model fails on the first question; another one finds the same chunk and does not bring it again."""
    result = evaluated(count=2)
    first, *others = (replace(item, found=result.outcomes[0].found) for item in result.outcomes)
    failed = replace(first, error="The model did not answer.")

    async def write(resume, outcomes, chunks):
        journal = HistoryJournal(history, resume=resume)
        await journal.open(replace(result, outcomes=(), chunks={}))
        await journal.append(outcomes, chunks)
        await journal.close(replace(result, outcomes=(first, *others)))

    run(write(False, [failed, *others], [result.chunks["c0"]]))
    run(write(True, [first], []))
    found = stored(history, result.run_id)
    assert found.errors == 0
    assert found.chunks == {"c0": result.chunks["c0"]}


def test_two_who_go_on_with_one_evaluation_do_not_both_ask(history):
    """Each has read what is there before either took the run."""
    result = evaluated(count=2, state="cancelled")
    add_evaluation(history, result)

    async def go_on(begun):
        journals = [HistoryJournal(history, resume=True) for _ in range(2)]
        found = await asyncio.gather(*(item.open(begun) for item in journals), return_exceptions=True)
        for item, kept in zip(journals, found, strict=True):
            if not isinstance(kept, Exception):
                await item.close(begun)
        return found

    found = run(go_on(result))
    refused = [item for item in found if isinstance(item, UsageError)]
    assert len(refused) == 1
    assert "goes on elsewhere" in str(refused[0])


def test_how_it_ended_is_kept_before_what_it_says_is_worked_out(history, monkeypatch):
    """That takes long for many variants, and the process may end meanwhile."""
    result, seen = evaluated(count=2), []
    plain = recording._told

    def told(ended):
        seen.append(history.summary(ended.run_id).state)
        return plain(ended)

    async def whole():
        journal = HistoryJournal(history)
        await journal.open(replace(result, outcomes=(), chunks={}))
        await journal.append(result.outcomes, list(result.chunks.values()))
        await journal.close(result)

    monkeypatch.setattr(recording, "_told", told)
    run(whole())
    assert seen == ["complete"]
    assert history.summary(result.run_id).headline


def test_a_name_as_long_as_a_file_may_have_does_not_keep_an_evaluation_from_being_stored(
    tmp_path, postgres_url
):
    """PostgreSQL refuses what a column does not hold, and SQLite does not."""
    strict = History.open(Settings.load({"home": tmp_path, "database_url": postgres_url}))
    run_id = add_evaluation(strict, evaluated(count=2), name="questions " * 25)
    assert len(strict.summary(run_id).name) <= 200


def test_a_late_sign_of_life_does_not_revive_an_evaluation_that_is_over(history):
    result = evaluated(count=2)

    async def whole():
        journal = HistoryJournal(history)
        await journal.open(replace(result, outcomes=(), chunks={}))
        await journal.append(result.outcomes, list(result.chunks.values()))
        await journal.close(result)
        journal._alive(result.run_id)

    run(whole())
    assert history.summary(result.run_id).state == "complete"


def test_a_whole_evaluation_is_stored_under_its_own_id(history):
    run_id = add_evaluation(history, evaluated(), name="Mine")
    assert run_id == "e" * 32
    assert stored(history, run_id) == evaluated()
