"""Evaluations over real Milvus Lite and the built-in endpoint: what comes out, and what nothing may cost."""

import asyncio
import dataclasses

import pytest

from core.engines.base import Mode, Retrieval
from core.errors import StorageError, UsageError
from core.evaluate import keeping
from core.evaluate.events import Answered, Begun, Ended, Progress, Warned
from core.evaluate.journal import LinesJournal, MemoryJournal, read_journal
from core.evaluate.records import EvaluationResult, Question, Variant
from core.evaluate.runner import cutoffs, estimate, evaluate
from core.ingest import Upload, ingest
from core.loop import run
from core.workspace import Workspace
from tests.core.evaluate.conftest import QUESTIONS

PAIR = (Variant("llamaindex", Retrieval.DENSE, 2), Variant("langchain", Retrieval.HYBRID, 2))


@pytest.fixture(scope="module")
def answered(corpus):
    """Both frameworks over the small corpus, answers included."""
    return run(evaluate(corpus, QUESTIONS, PAIR))


def test_every_question_has_an_outcome_under_every_variant_in_order(answered):
    assert answered.state == "complete"
    assert answered.errors == 0
    expected = [(question.id, variant.key) for question in QUESTIONS for variant in PAIR]
    assert [(item.question_id, item.variant) for item in answered.outcomes] == expected


def test_retrieval_and_answers_are_both_measured(answered):
    outcome = answered.of(PAIR[1].key)[2]
    assert "14 euros" in outcome.text
    expected = {
        "hit@1/source": 1,
        "hit@1/passage": 1,
        "mrr/passage": 1,
        "recall@2/source": 1,
        "contains": 1,
        "answered": 1,
        "citation_recall": 1,
    }
    assert {name: outcome.metrics[name] for name in expected} == expected
    assert 0 < outcome.metrics["similarity"] <= 1
    assert outcome.found[0].right_source
    assert outcome.found[0].cited
    assert answered.chunks[outcome.found[0].chunk_id].text.endswith("14 euros.")
    assert outcome.timings.total > outcome.timings.generate > 0
    assert outcome.usage.output_tokens > 0


def test_an_unanswerable_question_is_measured_by_its_refusal_alone(answered):
    for variant in PAIR:
        assert answered.of(variant.key)[3].metrics == {"refusal": 1.0}


def test_the_result_says_where_it_comes_from_and_survives_json(answered):
    assert answered.environment["model"]["kind"] == "offline"
    assert answered.environment["corpora"][0]["documents"] == 3
    assert answered.environment["concurrency"] == 1
    data = answered.to_json()
    assert data["schema_version"] == 1
    assert {line["variant"] for line in data["leaderboard"]} == {variant.key for variant in PAIR}
    assert EvaluationResult.from_json(data) == answered


def test_retrieval_alone_needs_no_model_and_embeds_no_question_twice(corpus):
    result = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True))
    assert {outcome.text for outcome in result.outcomes} == {""}
    assert {outcome.timings.embed for outcome in result.outcomes} == {None}
    assert all(outcome.found for outcome in result.outcomes)
    assert not any("contains" in outcome.metrics for outcome in result.outcomes)
    assert result.of(PAIR[0].key)[0].metrics["hit@1/source"] == 1


def test_native_mode_and_other_chunk_sizes_run_beside_each_other(make_corpus):
    workspace = make_corpus({"long.txt": "The keeper is called Ada. " * 30 + "The ferry leaves at noon."})
    variants = (
        Variant("langchain", Retrieval.DENSE, None, mode=Mode.NATIVE),
        Variant("langchain", Retrieval.DENSE, 1),
    )
    question = Question("q", "When does the ferry leave?", ("at noon",), ("long.txt",))
    result = run(evaluate(workspace, (question,), variants))
    assert [len(outcome.found) for outcome in result.outcomes] == [1, 1]
    assert result.outcomes[0].found[0].cited is None
    assert "citation_recall" not in result.outcomes[0].metrics
    assert result.plan.cutoffs == (1, 3, 4)


def test_repeats_ask_again_and_are_kept_apart(corpus):
    result = run(evaluate(corpus, QUESTIONS[:2], PAIR, retrieval_only=True, repeats=3))
    assert [outcome.repeat for outcome in result.of(PAIR[0].key)] == [0, 1, 2, 0, 1, 2]


def test_listeners_hear_of_the_start_of_each_question_and_of_the_end(corpus):
    events = []
    result = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True, emit=events.append))
    assert [type(event) for event in events if isinstance(event, Begun | Ended)] == [Begun, Ended]
    assert [event.question_id for event in events if isinstance(event, Answered)] == [q.id for q in QUESTIONS]
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert (last.done, last.total, last.errors) == (8, 8, 0)
    assert events[-1].result == result


@pytest.mark.parametrize("width", [1, 3])
def test_no_more_questions_are_under_way_than_allowed(corpus, width, monkeypatch):
    under_way, most = 0, 0
    from core.evaluate.asking import Asker

    plain = Asker.ask

    async def counted(*arguments):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            return await plain(*arguments)
        finally:
            under_way -= 1

    monkeypatch.setattr(Asker, "ask", counted)
    result = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True, concurrency=width))
    assert most == width
    assert len(result.outcomes) == 8


def cancelled_after(count, workspace, journal, **options):
    """Cancel an evaluation once so many questions are through; what listeners got at the end."""
    ended = []

    async def go():
        def emit(event):
            answered.append(event) if isinstance(event, Answered) else None
            ended.append(event.result) if isinstance(event, Ended) else None
            if len(answered) == count:
                task.cancel()

        answered = []
        task = asyncio.create_task(
            evaluate(workspace, QUESTIONS, PAIR, emit=emit, journal=journal, **options)
        )
        with pytest.raises(asyncio.CancelledError):
            await task

    run(go())
    return ended[0]


def same(one, other):
    """Whether two outcomes measured the same; times differ."""
    strip = lambda item: dataclasses.replace(item, timings=None, usage=None)  # noqa: E731 - used twice
    return strip(one) == strip(other)


def test_cancelling_keeps_what_is_finished_and_the_rest_is_asked_later(corpus):
    journal = MemoryJournal()
    partial = cancelled_after(2, corpus, journal, retrieval_only=True)
    assert partial.state == "cancelled"
    assert [outcome.question_id for outcome in partial.outcomes] == ["q1", "q1", "q2", "q2"]
    events = []
    whole = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True, journal=journal, emit=events.append))
    assert [event.question_id for event in events if isinstance(event, Answered)] == ["q3", "q4"]
    assert whole.outcomes[:4] == partial.outcomes
    fresh = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True))
    assert all(map(same, whole.outcomes, fresh.outcomes))
    assert whole.chunks == fresh.chunks


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"questions": QUESTIONS[:3]}, "questions"),
        ({"variants": PAIR[:1]}, "variants"),
        ({"retrieval_only": False}, "retrieval_only"),
    ],
    ids=["questions", "variants", "mode"],
)
def test_another_evaluation_is_not_taken_for_the_rest_of_this_one(corpus, tmp_path, changes, what):
    path = tmp_path / "journal.jsonl"
    given = {"questions": QUESTIONS, "variants": PAIR, "retrieval_only": True}
    run(evaluate(corpus, **given, journal=LinesJournal(path)))
    with pytest.raises(UsageError, match=f"because the {what} changed"):
        run(evaluate(corpus, **{**given, **changes}, journal=LinesJournal(path)))


def test_a_corpus_that_was_cut_anew_meanwhile_is_not_mixed_with_the_old_one(make_corpus):
    text = "The keeper is called Ada. " * 40 + "The ferry leaves at noon."
    journal, asked = MemoryJournal(), (Question("q", "When does the ferry leave?", ("at noon",)),)
    workspace = make_corpus({"long.txt": text}, chunk_size=500)
    run(evaluate(workspace, asked, PAIR[:1], retrieval_only=True, journal=journal))
    finer = run(Workspace.open(workspace.settings.model_copy(update={"chunk_size": 200}), workspace.name))
    assert run(ingest(finer, [Upload("long.txt", text.encode())])).succeeded
    with pytest.raises(UsageError, match="because the cutting of the corpus changed"):
        run(evaluate(finer, asked, PAIR[:1], retrieval_only=True, journal=journal))


def test_a_journal_that_a_kill_cut_off_loses_only_the_line_that_was_being_written(corpus, tmp_path):
    path = tmp_path / "journal.jsonl"
    whole = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True, journal=LinesJournal(path)))
    assert read_journal(path).outcomes == whole.outcomes
    lines = path.read_bytes().split(b"\n")
    kept = [line for line in lines if b'"question_id": "q4"' not in line and not line.startswith(b'{"end')]
    path.write_bytes(b"\n".join(kept).rstrip(b"\n")[:-40])
    torn = read_journal(path)
    assert torn.state == "incomplete"
    assert len(torn.outcomes) == 5
    resumed = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True, journal=LinesJournal(path)))
    assert resumed.outcomes[:5] == torn.outcomes
    assert all(map(same, resumed.outcomes, whole.outcomes))
    kept = read_journal(path)
    assert kept.outcomes == resumed.outcomes
    # What is told of a run and what is stored of it are one start and one duration.
    assert (kept.started_at, kept.seconds) == (resumed.started_at, resumed.seconds)
    assert resumed.started_at == whole.started_at


class FullDisk(MemoryJournal):
    """Cannot write for a while."""

    def __init__(self, times):
        super().__init__()
        self.left = times

    async def append(self, outcomes, chunks):
        self.left -= 1
        if self.left >= 0:
            raise StorageError("The disk is full: free some space.")
        await super().append(outcomes, chunks)


def test_a_disk_that_is_full_for_a_moment_costs_nothing(corpus):
    journal, events = FullDisk(1), []
    result = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True, journal=journal, emit=events.append))
    told = [event.text for event in events if isinstance(event, Warned)]
    assert len(told) == 1
    assert "The disk is full" in told[0]
    kept = run(journal.open(journal.begun))
    assert sorted(item.key for item in kept.outcomes) == sorted(item.key for item in result.outcomes)
    assert journal.ended.state == "complete"


def test_what_could_not_be_stored_is_not_called_complete_and_is_asked_by_who_goes_on(corpus):
    journal = FullDisk(99)
    result = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True, journal=journal))
    assert (result.state, len(result.outcomes)) == ("complete", 8)
    assert (journal.ended.state, journal.ended.outcomes) == ("incomplete", ())
    assert "not whole: The disk is full" in journal.ended.warnings[-1]


def test_a_journal_that_takes_long_to_say_what_was_found_is_waited_for(corpus, monkeypatch):
    class Slow(MemoryJournal):
        async def close(self, ended):
            await asyncio.sleep(0.3)
            await super().close(ended)

    monkeypatch.setattr(keeping, "LAST_TRY", 0.2)
    journal = Slow()
    result = run(evaluate(corpus, QUESTIONS, PAIR, retrieval_only=True, journal=journal))
    assert (journal.ended.state, result.warnings) == ("complete", ())


def test_labels_that_cannot_be_met_are_pointed_out(corpus):
    odd = (
        Question("a", "Who wrote it?", ("Bea",), ("gone.pdf",)),
        Question("b", "Anything at all?"),
        Question("c", "What is drafted?", ("this",), drafted=True),
    )
    warnings = run(evaluate(corpus, odd, PAIR, retrieval_only=True)).warnings
    assert any(
        "lacks a document that 1 question is labelled with, such as “gone.pdf”" in text for text in warnings
    )
    assert any("1 question is without any label" in text for text in warnings)
    assert any("drafted by a program" in text for text in warnings)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"questions": ()}, "no questions to evaluate"),
        ({"variants": ()}, "no variant to evaluate"),
        ({"questions": (QUESTIONS[0], QUESTIONS[0])}, "the same id"),
        ({"repeats": 0}, "Repeats are 1 to 20"),
        ({"concurrency": -1}, "choose 1 to 64"),
        ({"concurrency": 0}, "choose 1 to 64"),
        ({"concurrency": 10_000}, "choose 1 to 64"),
        ({"judgements": 1}, "the built-in answerer is none"),
        ({"judgements": 1, "retrieval_only": True}, "no answers to judge"),
        ({"questions": tuple(Question(f"{i}", f"{i}?") for i in range(50_001))}, "the limit is 100,000"),
    ],
    ids=[
        *("no questions", "no variants", "ids", "repeats"),
        *("less than none at once", "none at once", "too many at once"),
        *("no judge", "nothing to judge", "too many"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_the_remedy(corpus, changes, sentence):
    with pytest.raises(UsageError) as caught:
        run(evaluate(corpus, **{"questions": QUESTIONS, "variants": PAIR, **changes}))
    assert sentence in str(caught.value)


def test_the_cost_is_known_before_it_starts(corpus):
    cost = run(estimate(corpus, QUESTIONS, PAIR, repeats=2))
    assert (cost.questions, cost.variants, cost.retrievals, cost.model_calls) == (4, 2, 16, 16)
    assert cost.indexing == ()
    assert run(estimate(corpus, QUESTIONS, PAIR, retrieval_only=True)).model_calls == 0


def test_cutoffs_go_up_to_the_largest_top_k_and_name_each():
    assert cutoffs(PAIR) == (1, 2)
    assert cutoffs((*PAIR, Variant("langchain", Retrieval.DENSE, 7))) == (1, 2, 3, 5, 7)
