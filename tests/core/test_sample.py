import json
from collections import Counter
from functools import cache

import pytest

from core.documents import Document, Splitter, parse, split
from core.sample import (
    FIRST_QUESTION,
    SUGGESTED_QUESTIONS,
    Evidence,
    SampleQuestion,
    documents,
    questions,
    questions_path,
)
from core.settings import Settings

SETTINGS = Settings()
ANSWERABLE = [question for question in questions() if question.answerable]


@cache
def corpus() -> dict[str, Document]:
    return {path.name: parse(path.name, path.read_bytes(), SETTINGS) for path in documents()}


@cache
def chunks_of(source: str) -> tuple[tuple[int | None, str], ...]:
    chunks = split(corpus()[source], Splitter.of(SETTINGS))
    return tuple((chunk.page, on_one_line(chunk.text)) for chunk in chunks)


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def page_text(evidence: Evidence) -> str:
    pages = corpus()[evidence.source].pages
    return on_one_line("\n".join(page.text for page in pages if page.number == evidence.page))


def test_six_documents_each_of_another_type():
    assert Counter(document.kind for document in corpus().values()) == Counter(
        ["pdf", "docx", "pptx", "html", "csv", "md"]
    )


def test_the_corpus_is_long_enough_to_search_and_small_enough_to_ship():
    assert 60_000 < sum(document.characters for document in corpus().values()) < 120_000
    assert all(path.stat().st_size < 500_000 for path in documents())


@pytest.mark.parametrize(("kind", "pages"), [("pdf", 8), ("pptx", 8)])
def test_paged_documents_have_many_pages_all_with_text(kind: str, pages: int):
    [document] = [document for document in corpus().values() if document.kind == kind]
    assert len(document.pages) >= pages
    assert all(page.text.strip() for page in document.pages)


def test_forty_questions_four_of_them_without_an_answer():
    found = questions()
    assert len(found) == len({question.id for question in found}) == 40
    assert len({question.question for question in found}) == 40
    unanswerable = [question for question in found if question.kind == "unanswerable"]
    assert len(unanswerable) == 4
    assert not any(question.answerable or question.evidence for question in unanswerable)


def test_questions_touch_every_document_and_some_need_two_passages():
    assert {question.evidence[0].source for question in ANSWERABLE} == set(corpus())
    assert all(len(question.evidence) >= 2 for question in ANSWERABLE if question.kind == "multi")


def test_answerable_is_written_as_it_is():
    for line in questions_path().read_text("utf-8").splitlines():
        record = json.loads(line)
        assert record["answerable"] is bool(record["answers"])


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question.id)
def test_every_label_stands_in_its_source(question: SampleQuestion):
    first = question.evidence[0]
    assert question.answers[0] in on_one_line(first.passage)
    assert all(answer in page_text(first) for answer in question.answers)
    for evidence in question.evidence:
        assert on_one_line(evidence.passage) in page_text(evidence)


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question.id)
def test_every_passage_fits_one_default_chunk(question: SampleQuestion):
    for evidence in question.evidence:
        chunks = chunks_of(evidence.source)
        wanted = on_one_line(evidence.passage)
        assert any(page == evidence.page and wanted in text for page, text in chunks)


def test_questions_for_the_demo_are_labelled_and_answerable():
    assert {FIRST_QUESTION, *SUGGESTED_QUESTIONS} <= {question.question for question in ANSWERABLE}
    assert len({FIRST_QUESTION, *SUGGESTED_QUESTIONS}) == 5
