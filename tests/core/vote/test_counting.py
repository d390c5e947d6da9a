"""What is said of the votes: shares, intervals, who agrees, and when nothing can be told."""

import time
from dataclasses import replace

import pytest
from scipy import stats

from core.vote import Tally, Vote, agreement, by_ballot, by_voter, sentences, tally
from core.vote.counting import position, votes_needed
from tests.core.vote.conftest import ballot, choices_for, result


def test_votes_are_counted_for_the_engine_behind_the_letter():
    found = tally(result(["a", "a", "b", "tie", "bad", "skip"]))
    assert (found.count("llamaindex"), found.count("langchain")) == (1, 2)
    assert (found.ties, found.bad, found.skipped) == (1, 1, 1)
    assert (found.decided, found.votes) == (3, 5)


def test_the_share_has_its_wilson_interval():
    share = tally(result(choices_for("llamaindex", 12, 17))).share("llamaindex")
    expected = stats.binomtest(12, 17).proportion_ci(0.95, method="wilson")
    assert (share.rate, share.low, share.high) == (12 / 17, expected.low, expected.high)


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ([None], "Nobody has voted yet."),
        (["tie", "bad", "tie"], "No vote decided for either: 2 votes for a tie and 1 vote for both bad."),
        (
            choices_for("llamaindex", 17, 20),
            "LlamaIndex preferred in 17 of 20 decided votes, 85% (64–95%).",
        ),
        (
            choices_for("llamaindex", 12, 17),
            (
                "LlamaIndex preferred in 12 of 17 decided votes, 71% (47–87%): no measurable preference yet. "
                "To tell 60:40 from chance takes about 177 more decided votes."
            ),
        ),
        (
            choices_for("langchain", 1, 2),
            (
                "Level, 1 to 1 in 2 decided votes: no measurable preference yet. "
                "To tell 60:40 from chance takes about 192 more decided votes."
            ),
        ),
    ],
    ids=["none", "undecided", "measurable", "not yet", "level"],
)
def test_the_verdict_claims_no_more_than_the_votes_tell(choices, sentence):
    assert tally(result(choices)).sentence == sentence


def test_a_fair_coin_is_called_a_preference_less_than_once_in_twenty_times():
    """The interval alone would call 4 to 0 one, which a coin gives once in 8 times."""
    for n in range(1, 41):
        called = [Tally("llamaindex", "langchain", k, n - k).measurable for k in range(n + 1)]
        assert sum(stats.binom.pmf(k, n, 0.5) for k in range(n + 1) if called[k]) < 0.05
    assert not Tally("llamaindex", "langchain", 4, 0).measurable
    assert Tally("llamaindex", "langchain", 6, 0).measurable


def test_so_many_votes_do_tell_60_to_40_in_four_of_five_cases():
    n = votes_needed()
    least = next(k for k in range(n) if stats.binomtest(k, n).proportion_ci(method="wilson").low > 0.5)
    assert 0.78 < stats.binom.sf(least - 1, n, 0.6) < 0.83


def test_each_voter_and_each_question_is_counted_alone():
    found = result(["a", "tie"], ["a", "b"])
    assert [item.for_first for item in by_voter(found).values()] == [1, 2]
    assert [item.tally.leader for item in by_ballot(found)] == ["llamaindex", "llamaindex"]


def test_agreement_counts_pairs_of_voters_on_the_same_question():
    found = result(["a", "tie", "a"], ["a", "b", "skip"], ["a"])
    assert (agreement(found).same, agreement(found).pairs) == (3, 4)
    assert "Of 4 pairs of votes on the same question, 3 agree (75%)." in " ".join(sentences(found))


def test_several_voters_on_one_question_are_not_taken_for_independent():
    told = " ".join(sentences(result(["a", "a"], ["a", "a"], ["a", "b"])))
    assert "By question, counting each once: 1 to LlamaIndex, 1 to LangChain." in told
    assert "the interval speaks of these questions" in told
    assert "Several people" not in " ".join(sentences(result(["a", None], [None, "a"])))


def test_a_pull_of_the_position_is_told():
    swayed = result(["a"] * 12)
    assert position(swayed).rate == 1
    assert "A was chosen in 100% of the decided votes" in sentences(swayed)[-1]
    assert "was chosen in" not in sentences(result(["a", "b"] * 6))[-1]


@pytest.mark.parametrize(
    ("texts", "same"),
    [(("At  noon [1].", "At noon [1]."), True), (("At noon.", "At one."), False)],
    ids=["white space", "words"],
)
def test_answers_that_say_the_same_are_known(texts, same):
    assert ballot(0, texts=texts).identical is same


def test_unnamed_voters_get_a_number_and_a_name_given_later_counts():
    found = result(["a"], ["b"])
    unnamed = found.votes[1].__class__(**{**found.votes[1].__dict__, "name": ""})
    assert list(found.with_vote(unnamed).voters.values()) == ["Voter 0", "Voter 2"]


def test_thousands_of_voters_are_counted_in_a_moment():
    """An imported file may hold as many as fit into it; each going through all votes took a minute."""
    cast = tuple(Vote("b0", f"v{n}", "a") for n in range(20_000))
    found = replace(result(["a"]), votes=cast)
    begun = time.monotonic()
    assert len(by_voter(found)) == 20_000
    assert time.monotonic() - begun < 10
