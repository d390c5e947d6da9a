"""A language model as a judge and as a writer of questions: what it says is scored, and never trusted."""

import itertools
import json

import pytest

from core.engines.base import Retrieval
from core.errors import ModelError, UsageError
from core.evaluate import accept, draft_questions, evaluate, summarize
from core.evaluate.llama_judge import read_score
from core.evaluate.records import Variant
from core.ingest import Upload, ingest
from core.loop import run
from core.settings import Settings
from core.workspace import Workspace
from tests.core.evaluate.conftest import QUESTIONS, TEXTS
from tests.core.fault_endpoint import FaultEndpoint

DENSE = Variant("langchain", Retrieval.DENSE, 2)


@pytest.fixture(scope="module")
def model():
    with FaultEndpoint() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def judged(model, tmp_path_factory):
    """The small corpus, with a language model connected that the tests put words into the mouth of."""
    given = {"model_base_url": model.base_url, "model_key": model.key, "model_retries": 0}
    settings = Settings.load({"home": tmp_path_factory.mktemp("judge"), **given})

    async def fill():
        workspace = await Workspace.open(settings, "judge")
        await ingest(workspace, [Upload(name, text.encode()) for name, text in TEXTS.items()])
        return workspace

    return run(fill())


@pytest.fixture(autouse=True)
def _afresh(model):
    yield
    model.reset()


def test_answers_are_judged_as_often_as_asked_and_the_spread_is_shown(judged, model):
    scores = itertools.cycle(["3\nSo so.", "5\nAll of it."])

    def reply(prompt):
        if "YES" in prompt:
            return "NO" if "relevan" in prompt.lower() or "in line with" in prompt else "YES"
        return next(scores) if "score" in prompt.lower() else "It is “Ada Brandt” [1]."

    model.reply = reply
    result = run(evaluate(judged, QUESTIONS[:1], (DENSE,), judgements=2))
    (outcome,) = result.outcomes
    assert result.plan.judge == judged.model.endpoint.label
    assert outcome.judgements["faithfulness"] == (1, 1)
    assert outcome.judgements["relevancy"] == (0, 0)
    assert outcome.judgements["correctness"] == (0.5, 1)
    assert outcome.metrics["correctness"] == 0.75
    assert outcome.metrics["contains"] == 1
    line = summarize(result)[0]
    assert line.metrics["correctness"].spread == pytest.approx(0.3535, abs=1e-3)
    assert line.metrics["faithfulness"].spread == 0


def test_a_judge_that_gives_no_score_costs_a_warning_and_no_answer(judged, model):
    model.reply = lambda prompt: "I would rather not." if "score" in prompt.lower() else "YES, Ada Brandt."
    result = run(evaluate(judged, QUESTIONS[:1], (DENSE,), judgements=2))
    assert result.errors == 0
    assert "correctness" not in result.outcomes[0].judgements
    assert any("2 judgements failed" in text and "holds no score" in text for text in result.warnings)


def test_a_judge_that_is_gone_costs_a_warning_and_no_answer(judged, model):
    model.misbehave("server_error", only="chat/completions", after=1)
    result = run(evaluate(judged, QUESTIONS[:1], (DENSE,), judgements=1))
    assert (result.errors, len(result.outcomes)) == (0, 1)
    assert any("3 judgements failed, the first so: " in text for text in result.warnings)
    assert not any(model.key in text for text in result.warnings)


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("4", 4),
        ("4.5\nAlmost right.", 4.5),
        ("Score: 3 of 5", 3),
        ("**2**: it is off", 2),
        ("10 out of 10", None),
        ("none", None),
        ("", None),
    ],
)
def test_a_score_is_read_however_it_is_dressed_up(reply, score):
    assert read_score(reply)[0] == score


# Drafting


def test_the_model_drafts_questions_that_its_passages_answer(judged, model):
    def reply(prompt):
        answers = {"lighthouse": "Ada Brandt", "ferry": "every forty minutes", "museum": "a lie"}
        answer = next(answer for word, answer in answers.items() if word in prompt)
        draft = {"question": f"What of {answer} may be asked?", "answer": answer}
        return f"Here it is:\n```json\n{json.dumps(draft)}\n```"

    model.reply = reply
    drafted = run(draft_questions(judged, 3))
    assert {item.answers for item in drafted} == {("Ada Brandt",), ("every forty minutes",)}
    assert all(item.drafted and item.sources and item.passages for item in drafted)
    assert not accept(drafted[0]).drafted


@pytest.mark.parametrize("reply", ['{"a":' * 20_000 + "}", "{'question'}", "{}", "[1]"])
def test_a_reply_that_holds_no_question_drafts_none(judged, model, reply):
    model.reply = lambda prompt: reply
    assert run(draft_questions(judged, 3)) == ()


def test_a_model_that_fails_on_every_passage_is_one_sentence(judged, model):
    model.misbehave("unauthorized", only="chat/completions")
    with pytest.raises(ModelError) as caught:
        run(draft_questions(judged, 3))
    assert model.key not in str(caught.value)


def test_offline_a_question_is_a_sentence_of_a_document_with_a_gap(corpus):
    drafted = run(draft_questions(corpus, 5))
    assert len(drafted) >= 3
    for item in drafted:
        assert item.drafted
        source, answer = item.sources[0], item.answers[0]
        assert answer in TEXTS[source]
        assert "____" in item.question
        assert answer not in item.question
        assert item.passages[0] in TEXTS[source]
    assert run(draft_questions(corpus, 5)) == drafted


def test_how_many_can_be_drafted_is_limited(corpus):
    with pytest.raises(UsageError, match="choose 1 to 500"):
        run(draft_questions(corpus, 501))
