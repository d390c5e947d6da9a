"""One question as it is answered: what came is kept, whatever ends it."""

import pytest

from core import Answer, AskOptions, Chunk, Failed, Finished, Hit, Retrieved, Token
from pages.parts.exchange import KEPT, Exchange, keep

HITS = (Hit(Chunk("c", "d", "guide.pdf", 0, "text"), 0.5, 1),)


def exchange(*events, question="Why?"):
    made = Exchange(question, AskOptions())
    for event in events:
        made.receive(event)
    return made


@pytest.mark.parametrize(
    ("events", "state", "text"),
    [
        ([], "waiting", ""),
        ([Retrieved("langchain", HITS)], "waiting", ""),
        (
            [Retrieved("langchain", HITS), Token("langchain", "Be"), Token("langchain", "cause")],
            "writing",
            "Because",
        ),
        (
            [Token("langchain", "Be"), Finished("langchain", Answer("langchain", "Because.", HITS))],
            "done",
            "Because.",
        ),
        (
            [Token("langchain", "Be"), Failed("langchain", Answer("langchain", "Be", error="Gone."))],
            "failed",
            "Be",
        ),
    ],
    ids=["asked", "retrieved", "writing", "finished", "failed"],
)
def test_a_side_follows_its_events(events, state, text):
    side = exchange(*events).sides["langchain"]
    assert (side.state, side.text) == (state, text)


def test_one_side_failing_leaves_the_other_open():
    asked = exchange(Failed("langchain", Answer("langchain", error="Gone.")))
    assert asked.open
    assert asked.sides["llamaindex"].open


def test_stopping_keeps_what_has_come_and_what_is_done():
    asked = exchange(
        Finished("langchain", Answer("langchain", "Because.")),
        Token("llamaindex", "Per"),
        Token("llamaindex", "haps"),
    )
    asked.stop()
    assert not asked.open
    assert asked.sides["langchain"].state == "done"
    assert (asked.sides["llamaindex"].state, asked.sides["llamaindex"].text) == ("stopped", "Perhaps")


def test_a_failed_side_keeps_the_chunks_that_it_had():
    asked = exchange(Retrieved("langchain", HITS), Failed("langchain", Answer("langchain", error="Gone.")))
    assert asked.sides["langchain"].hits == HITS


def test_a_new_question_stops_the_one_before_and_the_oldest_is_forgotten():
    kept = []
    first = exchange(Token("langchain", "Be"))
    keep(kept, first)
    keep(kept, exchange(question="And now?"))
    assert first.sides["langchain"].state == "stopped"
    assert first.first
    for _ in range(KEPT):
        keep(kept, exchange())
    assert len(kept) == KEPT
    assert first not in kept
