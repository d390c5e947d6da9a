"""Question files: three formats, bad rows with their line and reason, and back again."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UsageError
from core.evaluate.questions import (
    export_questions,
    load_questions,
    questions_hash,
    read_questions,
    sample_questions,
)
from core.evaluate.records import Question
from core.sample import questions_path
from core.settings import Settings

SETTINGS = Settings.load()


def read(name, text):
    return read_questions(name, text if isinstance(text, bytes) else text.encode(), SETTINGS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.csv", "question,answers,source,passage\nWho?,Ada | Brandt,a.txt,She is Ada.\n"),
        ("q.csv", "\ufeffQuestion;Answer;Document;Passage\r\nWho?;Ada|Brandt;a.txt;She is Ada.\r\n"),
        ("q.tsv", 'source\tquestion\tanswers\tpassage\na.txt\tWho?\t["Ada", "Brandt"]\tShe is Ada.'),
        (
            "q.jsonl",
            '{"question": "Who?", "answers": ["Ada", "Brandt"], "source": "a.txt", "passage": "She is Ada."}',
        ),
        (
            "q.json",
            '[{"query": "Who?", "answer": "Ada|Brandt", "sources": ["a.txt"], "passages": "She is Ada."}]',
        ),
        (
            "q.json",
            """{"version": 1, "questions": [{"question": " Who? ", "source": "a.txt", "answerable": true,
            "passage": "She is Ada.", "answers": {"text": ["Ada", "Brandt", "Ada"], "answer_start": []}}]}""",
        ),
    ],
    ids=["csv", "csv from Excel", "tabs", "jsonl", "json", "json as of Hugging Face"],
)
def test_every_format_gives_the_same_question(name, text):
    loaded = read(name, text)
    assert loaded.bad == ()
    (question,) = loaded.questions
    assert (question.question, question.answers) == ("Who?", ("Ada", "Brandt"))
    assert (question.sources, question.passages) == (("a.txt",), ("She is Ada.",))
    assert question.answerable
    assert not question.drafted


def test_the_same_question_has_the_same_id_wherever_it_stands():
    one, two = read("a.csv", "question\nWho?\n"), read("b.jsonl", '\n\n{"question": "Who?"}')
    assert one.questions[0].id == two.questions[0].id


def test_encodings_of_spreadsheets_are_read():
    text = "question,answers\nWas kostet das Ticket?,14 € für Zürich\n"
    for data in (text.encode("cp1252"), text.encode("utf-16"), text.encode("utf-8-sig")):
        assert read("q.csv", data).questions[0].answers == ("14 € für Zürich",)


def test_a_quotation_that_is_never_closed_costs_its_own_row_only():
    loaded = read("q.csv", 'question,answers\nWho?,Ada\n"Where,Gull Island\nWhen?,noon\n')
    assert [item.question for item in loaded.questions] == ["Who?", "When?"]
    (row,) = loaded.bad
    assert (row.line, "never closed" in row.reason) == (3, True)
    assert read("q.csv", 'question\nHow wide is a 5" screen?').bad == ()


BAD_CSV = """question,answers,answerable
Who?,Ada,
,Brandt,
Where?,Gull Island,maybe
"When,
exactly?",noon,yes
Why?,because,false
Who?,Ada,
How?,a,b,c
Which one?,,no
"""


def test_bad_rows_are_listed_with_line_and_reason_and_the_good_ones_kept():
    loaded = read("q.csv", BAD_CSV)
    assert [item.question for item in loaded.questions] == ["Who?", "When,\nexactly?", "Which one?"]
    assert [row.line for row in loaded.bad] == [3, 4, 7, 8, 9]
    reasons = [row.reason for row in loaded.bad]
    assert reasons[0] == "The question is empty: write one, or delete the row."
    assert "“maybe”: write true or false" in reasons[1]
    assert "has answers and says that it cannot be answered" in reasons[2]
    assert reasons[3] == "It repeats the question of line 2: delete one of them."
    assert "4 cells for 3 columns" in reasons[4]


@pytest.mark.parametrize("end", ["", "\n"], ids=["cut off", "ended"])
def test_a_quotation_mark_that_is_never_closed_costs_only_its_row(end):
    text = f'question,answers\n"Who,\nthen?",Ada\n"Where?,Gull Island\nWhen?,noon\nHow?,so{end}'
    loaded = read("q.csv", text)
    assert [item.question for item in loaded.questions] == ["Who,\nthen?", "When?", "How?"]
    assert [row.line for row in loaded.bad] == [4]
    assert "never closed" in loaded.bad[0].reason


def test_a_file_full_of_unclosed_quotation_marks_is_given_up_and_says_so():
    loaded = read("q.csv", "question,answers\n" + 'a"b,"\n' * 5000)
    assert len(loaded.bad) == 101
    assert "From here on nothing was read" in loaded.bad[-1].reason


def test_a_question_that_is_asked_twice_with_other_labels_is_two_questions():
    """SQuAD has some; only a row that repeats the labels as well measures nothing new."""
    text = "question,answers,source\nWho?,Ada,a.txt\nWho?,Bea,a.txt\nWho?,Ada,b.txt\nWho?,Ada,a.txt\n"
    loaded = read("q.csv", text)
    assert [item.answers for item in loaded.questions] == [("Ada",), ("Bea",), ("Ada",)]
    assert len({item.id for item in loaded.questions}) == 3
    assert [row.line for row in loaded.bad] == [5]
    assert read("q.csv", text).questions == loaded.questions


@pytest.mark.parametrize(
    ("name", "text", "line", "reason"),
    [
        ("q.jsonl", '{"question": "Who?"}\n{"question": oops}\n', 2, "not valid JSON"),
        ("q.jsonl", '{"question": "Who?"}\n["Where?"]\n', 2, "not a JSON object"),
        (
            "q.json",
            '[{"question": "Who?"},\n {"question": oops},\n {"question": "Lost?"}]',
            2,
            "not valid JSON",
        ),
        ("q.json", '[{"question": "Who?"},\n\n', 3, "not closed"),
        ("q.jsonl", '{"question": "Who?"}\n{"question": ["Where?"]}', 2, "a list where one text belongs"),
        ("q.jsonl", '{"question": "Who?"}\n{"question": "' + "x" * 5000 + '"}', 2, "the limit is 4,000"),
        ("q.jsonl", '{"question": "Who?"}\n{"question": "a?", "answers": {"b": 1}}', 2, "an object where"),
        ("q.json", '[{"question": "Who?"},\n' + "[" * 100_000, 2, "not valid JSON"),
    ],
    ids=[
        "broken line",
        "no object",
        "broken json",
        "cut off",
        "list",
        "too long",
        "odd answers",
        "nested deeply",
    ],
)
def test_one_bad_row_costs_only_itself(name, text, line, reason):
    loaded = read(name, text)
    assert [item.question for item in loaded.questions] == ["Who?"]
    assert [row.line for row in loaded.bad] == [line]
    assert reason in loaded.bad[0].reason


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("q.xlsx", b"PK", "give .csv, .jsonl or .json"),
        ("q.csv", b"\x00\x01\x02\xff" * 50, "is not a text file"),
        ("q.csv", b"", "holds no questions"),
        ("q.csv", b"frage,antwort\nWer?,Ada\n", "no column “question” in its first row (frage, antwort)"),
        ("q.json", b'{"what": 1}', "holds no list of questions"),
        ("q.jsonl", b"\n\n", "holds no questions"),
    ],
    ids=["kind", "binary", "empty", "header", "no list", "blank lines"],
)
def test_a_file_without_any_question_is_refused_with_the_remedy(name, data, sentence):
    with pytest.raises(UsageError) as caught:
        read_questions(name, data, SETTINGS)
    assert sentence in str(caught.value)


def test_a_file_that_is_missing_or_too_large_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.csv cannot be read"):
        load_questions(tmp_path / "gone.csv", SETTINGS)
    large = tmp_path / "large.csv"
    large.write_bytes(b"question\n" + b"x" * 20_000)
    with pytest.raises(UsageError, match="raise TANDEM_MAX_FILE_MB"):
        load_questions(large, Settings.load({"max_file_mb": 0.01}))


def test_the_same_id_twice_does_not_lose_a_question():
    loaded = read("q.jsonl", '{"id": "1", "question": "Who?"}\n{"id": "1", "question": "Where?"}')
    assert len({item.id for item in loaded.questions}) == 2


plain = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1, max_size=30).map(
    str.strip
)
text = plain.filter(bool)
labels = st.lists(text, max_size=3, unique=True).map(tuple)
questions = st.builds(Question, text, text, labels, labels, labels, st.just(True), st.booleans())


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
@settings(max_examples=40, deadline=None)
@given(st.lists(questions, min_size=1, max_size=5, unique_by=(lambda q: q.id, lambda q: q.question)))
def test_what_is_exported_is_read_back_the_same(kind, given_questions):
    loaded = read_questions(f"q.{kind}", export_questions(given_questions, kind), SETTINGS)
    assert loaded.questions == tuple(given_questions)
    assert loaded.bad == ()


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "-5", "@a", "'=1", "''+1", "'quoted'"])
def test_no_spreadsheet_takes_a_question_for_a_formula_and_it_comes_back_as_it_was(text):
    """Drafts are made of documents, which may hold anything."""
    asked = Question("q", text, (text,), (), (text,))
    file = export_questions([asked], "csv")
    assert read("q.csv", file).questions == (asked,)
    cells = next(csv.DictReader(io.StringIO(file.decode("utf-8-sig")))).values()
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_the_hash_tells_labels_apart_and_nothing_else():
    one = Question("q", "Who?", ("Ada",))
    assert questions_hash([one]) == questions_hash([Question("q", "Who?", ("Ada",), drafted=True)])
    assert questions_hash([one]) != questions_hash([Question("q", "Who?", ("Bea",))])


def test_the_samples_questions_are_ready_to_run():
    sample = sample_questions()
    loaded = load_questions(questions_path(), SETTINGS)
    assert len(sample) == len(loaded.questions) == 40
    assert [item.answers for item in sample] == [item.answers for item in loaded.questions]
    assert sum(not item.answerable for item in sample) == 4
    assert all(item.labelled for item in sample)
    assert json.loads(export_questions(sample, "json"))[0]["id"] == sample[0].id
