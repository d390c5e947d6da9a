"""Votes in the history: kept one by one, changed until revealed, found again after a kill."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.errors import UsageError
from core.history import NewRun
from core.vote import Plan, Poll, VoteResult, load_votes, recording, store_votes
from tests.core.vote.conftest import ballot, result
from tests.source import ROOT


@pytest.fixture
def poll(history, monkeypatch):
    """A vote with two ballots; LlamaIndex is A on the first."""
    monkeypatch.setattr(recording, "environment", lambda workspace: {"backend": {"label": "Lite"}})
    begun = Poll.begin(history, SimpleNamespace(name="w"), Plan(("One?", "Two?"), host="ada"))
    for number in range(2):
        begun.add(ballot(number, a=("llamaindex", "langchain")[number]))
    return begun


def test_a_vote_is_there_for_everybody_as_soon_as_it_is_cast(history, poll):
    poll.cast("b0", "ada", "a", name=" Ada\n")
    Poll(history, poll.run_id).cast("b0", "bob", "tie")
    found = Poll(history, poll.run_id).result()
    assert [(vote.voter, vote.choice) for vote in found.of("b0")] == [("ada", "a"), ("bob", "tie")]
    assert found.voters == {"ada": "Ada", "bob": "Voter 2"}
    line = history.summary(poll.run_id)
    assert (line.state, line.kind, line.workspace) == ("open", "vote", "w")
    assert line.headline.startswith("LlamaIndex preferred in 1 of 1 decided vote,")


def test_a_voter_has_one_vote_a_question_and_may_change_it_until_it_is_revealed(poll):
    poll.cast("b0", "ada", "a")
    poll.cast("b0", "ada", "bad")
    assert [vote.choice for vote in poll.result().votes] == ["bad"]
    assert poll.reveal("b0", "ada").a.engine == "llamaindex"
    with pytest.raises(UsageError, match="stays as it is"):
        poll.cast("b0", "ada", "b")
    poll.cast("b0", "bob", "b")  # another voter has seen nothing


def test_nobody_sees_who_was_who_before_voting(poll):
    with pytest.raises(UsageError, match="Vote first"):
        poll.reveal("b0", "ada")
    poll.cast("b0", "ada", "skip")
    with pytest.raises(UsageError, match="Vote first"):
        poll.reveal("b0", "ada")


def test_each_voter_goes_on_where_that_voter_stopped(poll):
    poll.cast("b0", "ada", "a")
    assert poll.result().waiting("ada").id == "b0"  # may still change it
    poll.reveal("b0", "ada")
    poll.cast("b0", "bob", "skip")
    found = poll.result()
    assert [found.waiting(voter).id for voter in ("ada", "bob", "eve")] == ["b1", "b1", "b0"]


def test_there_is_no_vote_on_an_answer_that_failed(poll):
    poll.add(ballot(2, errors=(None, "The endpoint refused: check the key.")))
    with pytest.raises(UsageError, match="nothing to vote on"):
        poll.cast("b2", "ada", "a")
    poll.cast("b2", "ada", "skip")
    assert poll.result().vote("b2", "ada").passed


def test_a_closed_vote_takes_no_vote_until_it_is_opened_again(history, poll):
    poll.cast("b0", "ada", "a")
    poll.close()
    assert history.summary(poll.run_id).state == "complete"
    with pytest.raises(UsageError, match="is closed"):
        poll.cast("b1", "ada", "a")
    poll.reopen()
    poll.cast("b1", "ada", "a")
    assert not poll.result().closed


def test_votes_of_the_same_moment_are_all_counted(history, poll):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Poll(history, poll.run_id).cast("b0", f"v{n}", "a"), range(16)))
    assert "in 16 of 16 decided votes" in history.summary(poll.run_id).headline


def test_a_question_that_two_processes_asked_at_once_is_there_once(poll):
    poll.add(replace(ballot(1), id="other"))
    assert [found.id for found in poll.result().ballots] == ["b0", "b1"]


def test_a_vote_in_another_window_does_not_undo_that_who_was_who_was_seen(poll, monkeypatch):
    """The reveal comes between what the vote reads and what it writes."""
    poll.cast("b0", "ada", "a")
    plain, late = recording.load_votes, []

    def meanwhile(stored):
        if not late:
            late.append(pool.submit(poll.reveal, "b0", "ada"))
            wait(late, timeout=0.3)
        return plain(stored)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(recording, "load_votes", meanwhile)
        poll.cast("b0", "ada", "b")
    assert late[0].result()
    vote = poll.result().vote("b0", "ada")
    assert (vote.choice, vote.revealed) == ("b", True)


def test_a_hidden_score_shows_in_no_list_before_the_end(history, poll, monkeypatch):
    hidden = Poll.begin(history, SimpleNamespace(name="w"), Plan(hide_score=True))
    hidden.add(ballot(0))
    hidden.cast("b0", "ada", "a")
    assert "hidden until" in history.summary(hidden.run_id).headline
    hidden.close()
    assert "LlamaIndex" in history.summary(hidden.run_id).headline


KILLED = """
import sys
from core.history import History
from core.settings import Settings
from core.vote import Poll
home, url, run_id = sys.argv[1:]
poll = Poll(History.open(Settings.load({"home": home, "database_url": url})), run_id)
poll.cast("b0", "ada", "b")
print("cast", flush=True)
sys.stdin.read()
"""


def test_a_kill_loses_no_vote_and_the_vote_goes_on(history, poll, settings):
    command = [sys.executable, "-c", KILLED, str(settings.home), settings.database_url, poll.run_id]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"cast\n"
        child.kill()
    assert history.summary(poll.run_id).state == "open"
    assert poll.result().vote("b0", "ada").choice == "b"
    poll.cast("b1", "ada", "a")
    line = history.summary(poll.run_id)
    assert (line.state, line.warnings) == ("open", ())


def test_a_whole_vote_is_stored_and_read_as_it_was(history):
    sent = result(["a", "tie"], ["b", "skip"], state="complete", name="Board", seconds=1002.0)
    run_id = store_votes(history, sent, workspace="w")
    found = load_votes(history.stored(run_id))
    assert found.to_json() == replace(sent, run_id=run_id, workspace="w", seconds=found.seconds).to_json()
    assert VoteResult.from_json(found.to_json()) == found


def test_a_run_of_another_kind_is_no_vote(history):
    with history.write() as writer:
        writer.begin(NewRun("1" * 32, "benchmark", "Searches", {}), "")
    with pytest.raises(UsageError, match="is no vote"):
        load_votes(history.stored("1" * 32))
