"""From upload to citation in a real browser, and what only a browser can show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import shots

pytestmark = pytest.mark.browser

NOTE = (
    "# The lighthouse of Skerry Point\n\nThe lamp was lit for the first time in 1874. "
    "The keeper climbs 212 steps every evening.\n\n![map](https://evil.test/map.png) <img src=https://evil.test/x>"
)
QUESTION = "How many steps does the keeper climb?"


@pytest.fixture(scope="module")
def slow_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with a model that takes its time, so that there is something to interrupt."""
    home: Path = tmp_path_factory.mktemp("slow")
    with shots.app(home, TANDEM_OFFLINE_FIRST_TOKEN_MS="200", TANDEM_OFFLINE_TOKEN_MS="200") as address:
        yield address


def upload(page, name="lighthouse.md", text=NOTE):
    shots.go(page, "Documents")
    file = {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([file])
    page.get_by_role("button", name="Add 1 document").click()
    page.get_by_text("1 document indexed in both engines").wait_for()
    shots.settle(page)


def ask(page, question=QUESTION):
    if "/compare" not in page.url:
        shots.go(page, "Compare")
    page.get_by_placeholder("Ask your documents").fill(question)
    page.keyboard.press("Enter")


def answer(page, engine="llamaindex"):
    return page.locator(f".st-key-answer-{engine}")


@pytest.mark.parametrize("scheme", shots.SCHEMES)
@pytest.mark.parametrize("width", shots.WIDTHS)
def test_upload_ask_and_follow_a_citation(visit, shot, width, scheme):
    page = visit(width=width, scheme=scheme)
    upload(page)
    shot(page, f"documents-{width}-{scheme}")
    ask(page)
    for engine in ("llamaindex", "langchain"):
        answer(page, engine).get_by_text("212 steps").first.wait_for()
    shots.settle(page)
    shot(page, f"compare-{width}-{scheme}")
    answer(page, "langchain").get_by_role("link", name="[1]").first.focus()
    page.keyboard.press("Enter")
    mark = page.get_by_role("dialog").locator("mark")
    mark.wait_for()
    assert "212 steps" in mark.inner_text()
    shot(page, f"citation-{width}-{scheme}")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_a_document_brings_no_picture_link_or_script_into_the_page(visit):
    """The `visit` fixture fails when the page asks another machine for anything."""
    page = visit()
    upload(page)
    ask(page, "Which map is there of Skerry Point?")
    answer(page).get_by_role("button").first.wait_for()
    shots.settle(page)
    answer(page).get_by_role("button").first.click()
    page.get_by_role("dialog").get_by_text("evil.test").wait_for()
    assert page.locator("[data-testid=stMain] img").count() == 0
    assert page.locator('a[href*="evil.test"]').count() == 0


def test_reload_and_bookmark_lead_back_and_another_visitor_sees_nothing(visit):
    mine, other = visit(), visit()
    upload(mine)
    mine.reload()
    shots.settle(mine)
    assert mine.get_by_text("1 document,").is_visible()
    shots.go(other, "Documents")
    assert other.get_by_text("No documents yet").is_visible()
    assert "private-" in mine.url
    assert mine.url != other.url


def test_another_click_does_not_lose_an_answer_and_stop_keeps_what_came(browser, slow_app):
    page = shots.open_page(browser, slow_app)
    upload(page)
    ask(page)
    answer(page).get_by_text("Writing").wait_for()
    page.get_by_role("button", name="Options").click()
    page.get_by_role("radio", name="Dense").click()
    page.keyboard.press("Escape")
    answer(page).get_by_text("212 steps").first.wait_for()
    shots.settle(page)
    ask(page, "When was the lamp lit for the first time?")
    answer(page).get_by_text("The lamp").wait_for()
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    answer(page).get_by_text("Stopped").wait_for()
    shots.settle(page)
    assert "The lamp" in answer(page).inner_text()
    page.context.close()


def test_a_reload_finds_an_ingest_that_is_under_way(browser, slow_app):
    page = shots.open_page(browser, slow_app)
    shots.go(page, "Documents")
    line = "Boat {} left the harbour at dawn and came back with an empty hold, as so often that year. "
    text = "".join(line.format(n) for n in range(14_000)).encode()
    files = [
        {"name": f"log {n}.txt", "mimeType": "text/plain", "buffer": text + str(n).encode()}
        for n in (1, 2, 3)
    ]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)
    page.get_by_role("button", name="Add 3 documents").click()
    page.get_by_text("Adding documents").wait_for()
    page.reload()
    page.get_by_text("Adding documents").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text(re.compile("was cancelled|3 documents indexed")).wait_for()
    page.context.close()
