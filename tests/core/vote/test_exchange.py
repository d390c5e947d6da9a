"""Votes leave as JSON, CSV and HTML, come in from files that may hold anything, and are compared."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from core import kinds
from core.errors import UsageError
from core.history import History
from core.settings import Settings
from core.vote import (
    Plan,
    compare_votes,
    export_csv,
    export_html,
    export_json,
    load_votes,
)
from tests.core.vote.conftest import ballot, choices_for, result


@pytest.fixture
def lite(tmp_path):
    opened = History.open(Settings.load({"home": tmp_path}))
    yield opened
    opened.close()


@pytest.fixture
def exported():
    """A vote's file as data, to be spoiled."""
    return json.loads(export_json(result(["a", "tie"], ["b"])))


def test_a_colleague_sees_the_vote_as_it_was_under_an_id_of_their_own(lite):
    sent = result(["a", "tie"], ["b", "skip"], name="Board", state="complete", run_id="f" * 32)
    run_id = kinds.import_json(lite, export_json(sent, note="in May").encode(), workspace="w")
    found, line = load_votes(lite.stored(run_id)), lite.summary(run_id)
    assert run_id != sent.run_id
    assert (found.ballots, found.votes, found.plan) == (sent.ballots, sent.votes, sent.plan)
    assert (line.name, line.note, line.imported, line.workspace) == ("Board", "in May", True, "w")


def test_a_file_does_not_tell_the_name_that_opens_the_workspace():
    assert "private-4711" not in export_json(result(["a"], workspace="private-4711"))


PATHS = {
    "another kind": (("kind",), "benchmark"),
    "a later version": (("schema_version",), 99),
    "an unknown choice": (("votes", 0, "choice"), "<script>"),
    "a vote on nothing": (("votes", 0, "ballot"), "b99"),
    "a vote twice": (("votes", 1), "votes.0"),
    "an unknown engine": (("ballots", 0, "a", "engine"), "haystack"),
    "one engine against itself": (("ballots", 0, "a", "engine"), "langchain"),
    "a chunk that is missing": (("ballots", 0, "chunks"), []),
    "a question twice": (("ballots", 1, "id"), "b0"),
    "no such time": (("started_at",), "yesterday"),
    "an id that is none": (("votes", 0, "voter"), "../../x"),
    "time without end": (("votes", 0, "at"), 1e300),
    "votes as text": (("votes",), "none"),
    "one engine only": (("plan", "engines"), ["langchain"]),
}


@pytest.mark.parametrize(("path", "value"), PATHS.values(), ids=PATHS)
def test_a_file_with_one_wrong_value_is_refused_in_one_sentence(exported, path, value):
    *way, last = path
    place = exported
    for step in way:
        place = place[step]
    place[last] = exported["votes"][0] if value == "votes.0" else value
    with pytest.raises(UsageError) as raised:
        kinds.read(json.dumps(exported))
    assert len(str(raised.value)) < 400
    assert "<script>" not in str(raised.value)


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b'{"kind": "vote"}'])
def test_what_is_no_file_of_a_vote_is_refused(data):
    with pytest.raises(UsageError, match=r"This (JSON )?file"):
        kinds.read(data)


def test_the_table_has_a_row_a_vote_and_no_formula():
    bad = ballot(0, texts=('=HYPERLINK("https://evil.test")', "@x"))
    rows = list(csv.DictReader(io.StringIO(export_csv(result(["a"], ["skip"], ballots=[bad])))))
    assert [(row["voter"], row["choice"], row["preferred"]) for row in rows] == [
        ("Voter 0", "A", "LlamaIndex"),
        ("Voter 1", "skipped", ""),
    ]
    assert rows[0]["answer_a"].startswith("'=")
    assert rows[0]["answer_b"] == "'@x"


def test_the_report_needs_nothing_else_and_shows_text_as_text():
    bad = replace(ballot(0, texts=("<script>alert(1)</script>", "x")), question="<img src=x>?")
    page = export_html(result(["a"], ["b"], ballots=[bad], name="<b>Board</b>"), note="<i>n</i>")
    assert not re.search(r"<script|<img|<i>|<b>Board|https?://", page)
    assert "A</strong> was" in page
    assert "Level, 1 to 1 in 2 decided votes" in page
    assert "95% Wilson interval" in page


@pytest.mark.parametrize("cast", [[], [["tie"]], [["skip"]]], ids=["no vote", "a tie", "a skip"])
def test_a_report_of_next_to_nothing_is_drawn(cast):
    assert "LlamaIndex" in export_html(result(*cast))


def test_a_change_that_can_be_told_is_told():
    before, now = result(choices_for("llamaindex", 4, 30)), result(choices_for("llamaindex", 25, 30))
    found = compare_votes(before, replace(now, plan=Plan(top_k=9)))
    assert found.different
    assert found.summary == ("LlamaIndex gained: 13% (5–30%) before, 83% (66–93%) now of the decided votes.")
    assert found.differences == ("top-k: none before, 9 now",)


def test_a_change_that_may_be_chance_is_not():
    found = compare_votes(result(choices_for("llamaindex", 4, 9)), result(choices_for("llamaindex", 6, 9)))
    assert not found.different
    assert found.summary.startswith("No measurable change: LlamaIndex had 44%")
    assert json.dumps(found.to_json())


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        (result(["a", "b"]), result(["a"]), "different questions: 1 only in the earlier"),
        (result(["tie"]), result(["a"]), "the earlier one has no decided vote"),
    ],
    ids=["other questions", "nothing decided"],
)
def test_votes_that_must_not_be_compared_are_refused_with_a_reason(before, now, reason):
    with pytest.raises(UsageError, match=reason):
        compare_votes(before, now)
