"""A blind vote in real browsers: what gives nothing away, what a reload keeps, what a room sees."""

from __future__ import annotations

import re

import pytest

from tests.browser import shots
from tests.browser.test_compare import upload

pytestmark = pytest.mark.browser
QUESTION = "How many steps does the keeper climb?"
TELLING = re.compile(r"llama|langchain|answered in|7450c8|c4620f", re.IGNORECASE)


def begin(page):
    """A vote over one small document, and its first question."""
    upload(page)
    shots.go(page, "Compare")
    page.get_by_role("radio", name="Blind vote").click()
    page.get_by_role("button", name="Begin the vote").click()
    ask(page, QUESTION)


def ask(page, question):
    page.get_by_placeholder("Ask your documents").fill(question)
    page.get_by_role("button", name="Ask both").click()
    page.locator(".st-key-ballot-choices").wait_for()
    shots.settle(page)


def choose(page, key):
    page.keyboard.press(key)
    page.get_by_text("Your vote is kept").wait_for()
    shots.settle(page)


def reveal(page):
    page.keyboard.press("s")
    page.get_by_role("button", name="Next question").wait_for()
    page.get_by_text("decided vote").first.wait_for()
    shots.settle(page)


def join(visit, page, **how):
    """Another visitor, at the same address."""
    other = visit(**how)
    other.goto(page.url)
    other.locator(".st-key-ballot-choices").wait_for()
    shots.settle(other)
    return other


@pytest.mark.parametrize("scheme", shots.SCHEMES)
@pytest.mark.parametrize("width", shots.WIDTHS)
def test_a_vote_from_the_first_question_to_the_result(visit, shot, width, scheme):
    page = visit(width=width, scheme=scheme)
    begin(page)
    shot(page, f"vote-{width}-{scheme}")
    assert not TELLING.search(page.locator("[data-testid=stMain]").inner_html())
    choose(page, "2")
    page.reload()  # a new session: the cookie and the address lead back to the same vote
    page.get_by_text("Your vote is kept").wait_for()
    shots.settle(page)
    assert page.locator(".st-key-vote-b button[kind=primary]").count() == 1
    reveal(page)
    shot(page, f"vote-revealed-{width}-{scheme}")
    assert TELLING.search(page.locator("[data-testid=stMain]").inner_html())
    page.reload()
    page.get_by_text("What is the next question?").wait_for()
    page.get_by_role("button", name="Close the vote").click()
    page.get_by_role("button", name="Close it").click()
    page.get_by_text("Every question").wait_for()
    shots.settle(page)
    shot(page, f"vote-result-{width}-{scheme}")


def test_two_voters_see_the_same_a_and_b_and_are_counted_each(visit):
    host = visit()
    begin(host)
    guest = join(visit, host, width="390")
    choose(host, "1")
    choose(guest, "1")
    reveal(host)
    reveal(guest)
    heads = [page.locator(".st-key-answer-a h4").inner_text().split(" answered")[0] for page in (host, guest)]
    assert heads[0].replace(" your choice", "") == heads[1].replace(" your choice", "")
    guest.get_by_text("in 2 of 2 decided votes").wait_for()
    host.get_by_text("in 2 of 2 decided votes").wait_for()  # without a click: the score goes on by itself
    host.get_by_role("button", name="Next question").click()
    guest.get_by_role("button", name="Next question").click()
    guest.get_by_text("Waiting for the next question").wait_for()
    ask(host, "When was the lamp lit for the first time?")
    guest.locator(".st-key-ballot-choices").wait_for()  # the guest's page finds it by itself


def test_a_presentation_shows_the_question_and_nothing_else(visit, shot):
    page = visit()
    begin(page)
    page.get_by_role("button", name="Present").click()
    page.get_by_role("button", name="Leave the presentation").wait_for()
    shots.settle(page)
    for part in ("stSidebar", "stSidebarNav", "stHeader", "stToolbar", "stLogo"):
        assert not page.get_by_test_id(part).first.is_visible()
    assert page.locator(".st-key-answer-a").bounding_box()["height"] > 450
    buttons = page.locator(".st-key-ballot-choices").bounding_box()
    assert buttons["y"] > 0
    assert buttons["y"] + buttons["height"] < 1000
    size = page.locator(".st-key-answer-a p").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size > 20
    page.screenshot(path=shot(page, "vote-presented").with_name("vote-presented-screen.png"))
    choose(page, "2")
    page.reload()
    page.get_by_text("Your vote is kept").wait_for()
    shots.settle(page)
    assert not page.get_by_test_id("stSidebar").is_visible()
    reveal(page)
    next_one = page.get_by_role("button", name="Next question").bounding_box()
    assert next_one["y"] + next_one["height"] <= 1000
    page.get_by_role("button", name="Leave the presentation").click()
    page.get_by_test_id("stSidebarNav").wait_for()


def test_a_source_is_read_without_a_word_of_whose_it_is(visit):
    page = visit()
    begin(page)
    page.locator(".st-key-answer-b").get_by_role("link", name="[1]").first.click()
    mark = page.get_by_role("dialog").locator("mark")
    mark.wait_for()
    assert "212 steps" in mark.inner_text()
    assert not TELLING.search(page.get_by_role("dialog").inner_html())


def test_while_both_answer_nothing_tells_who_is_faster_and_it_can_be_stopped(browser, tmp_path, shot):
    with shots.app(tmp_path, TANDEM_OFFLINE_FIRST_TOKEN_MS="8000") as address:
        page = shots.open_page(browser, address)
        upload(page)
        shots.go(page, "Compare")
        page.get_by_role("radio", name="Blind vote").click()
        page.get_by_role("button", name="Begin the vote").click()
        page.get_by_placeholder("Ask your documents").fill(QUESTION)
        page.get_by_role("button", name="Ask both").click()
        page.get_by_text("Both are answering").wait_for()
        page.get_by_role("heading", name=QUESTION).wait_for()
        shot(page, "vote-waiting")
        assert page.get_by_role("button", name="Ask both").count() == 0
        assert not TELLING.search(page.locator("[data-testid=stMain]").inner_html())
        page.locator(".st-key-asking").get_by_role("button", name="Stop").click()
        page.get_by_text("The question was not answered").wait_for()
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("What is the first question?").wait_for()
        page.context.close()
