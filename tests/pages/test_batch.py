"""A list of questions: what is read from it, and what the table and the CSV say."""

import csv
import io

import pytest

from core import Answer, AskOptions, Chunk, Hit, Mode, Timings, UsageError
from pages.parts import batch


def hit(name, rank=1):
    return Hit(Chunk(name, "d", "guide.pdf", 0, "text", page=4), 0.5, rank)


def made(*pairs, questions=("Why?", "How?"), mode=Mode.CONTROLLED):
    new = batch.Batch(questions, AskOptions(mode=mode))
    for left, right in pairs:
        new.answers.append({"llamaindex": left, "langchain": right})
    return new


def answer(engine, text="Because.", seconds=0.2, hits=(), error=None):
    return Answer(engine, text, hits, Timings(total=seconds), error=error)


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("Why?\n\n  How? \n", ["Why?", "How?"]),
        ('{"question": "Why?", "answers": []}\n{"question": "How?"}', ["Why?", "How?"]),
        ("{not json?\nHow?", ["{not json?", "How?"]),
        ('{"other": 1}\nHow?', ["How?"]),
    ],
    ids=["lines", "json lines", "looks like json", "json without a question"],
)
def test_questions_are_read_one_a_line(text, questions):
    assert batch.read(text) == questions


@pytest.mark.parametrize(
    "text", ["", " \n ", "Why?\n" * (batch.MOST + 1)], ids=["empty", "blank", "too many"]
)
def test_a_list_that_cannot_be_asked_says_what_to_do(text):
    with pytest.raises(UsageError, match=r"write one on each line|ask fewer at once"):
        batch.read(text)


def test_the_table_counts_shared_chunks_and_gives_times():
    pair = (
        answer("llamaindex", hits=(hit("a"), hit("b", 2))),
        answer("langchain", seconds=0.4, hits=(hit("a"), hit("c", 2))),
    )
    row = batch.records(made(pair))[0]
    assert row["Shared chunks"] == "1 of 2"
    assert (row["LlamaIndex time (ms)"], row["LangChain time (ms)"]) == (200, 400)
    assert batch.finding(made(pair)).endswith("LlamaIndex 200 ms, LangChain 400 ms; 1 of 2 chunks shared")


def test_native_mode_does_not_compare_chunks():
    table = made((answer("llamaindex"), answer("langchain")), mode=Mode.NATIVE)
    assert "Shared chunks" not in batch.records(table)[0]
    assert "shared" not in batch.finding(table)


def test_a_failed_side_is_told_and_not_timed():
    row = batch.records(made((answer("llamaindex", error="Gone."), answer("langchain"))))[0]
    assert row["LlamaIndex"] == "Gone\\."
    assert row["LlamaIndex time (ms)"] is None
    assert row["Shared chunks"] == "–"


def test_the_csv_holds_everything_and_no_formula():
    pair = (answer("llamaindex", '=HYPERLINK("https://evil.test")', hits=(hit("a"),)), answer("langchain"))
    text = batch.to_csv(made(pair, questions=("+1?",)))
    row = next(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert row["question"] == "'+1?"
    assert row["llamaindex answer"].startswith("'=")
    assert row["llamaindex sources"] == "guide.pdf p. 4"
    assert row["langchain seconds"] == "0.2000"


def test_a_question_that_could_not_be_asked_keeps_its_reason():
    new = batch.Batch(["x" * 9000], AskOptions())
    new.answers.append({})
    new.failures[0] = "Too long."
    assert batch.records(new)[0]["LangChain"] == "Too long\\."
    assert "Too long." in batch.to_csv(new)
