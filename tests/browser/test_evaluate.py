"""From an uploaded question file to the answer that went wrong, in a real browser, on Milvus Lite."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser import shots

pytestmark = pytest.mark.browser

# Two questions that the sample answers, one that it does not, and a row that is no question.
QUESTIONS = """question,answers,source,answerable
How much money do I get back if my train arrives three hours late?,50%,refund-and-compensation-policy.docx,
How large may the battery of my electric bicycle be?,500 Wh,passenger-and-operations-guide-2026.pdf,
Who painted the ceiling of the opera?,,,false
,a lost answer,,
Which colour has the moon of the eighth planet?,mauve,crew-handbook.md,
"""


def upload(page):
    page.get_by_role("button", name="Upload").click()
    file = {"name": "mine.csv", "mimeType": "text/csv", "buffer": QUESTIONS.encode()}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([file])
    page.get_by_text("4 questions").first.wait_for()
    shots.settle(page)


def click_mark(page, key, place):
    """Click one mark of the chart with this key."""
    page.locator(f"[class*='{key}'] .scatterlayer .points path").nth(place).click(force=True)
    shots.settle(page)


def test_upload_run_disagree_filter_question_and_export(visit, shot):
    page = visit()
    shots.go(page, "Evaluate")
    shot(page, "evaluate-empty")
    page.get_by_role("button", name="Load the sample and its questions").click()
    page.get_by_text("40 questions under 4 variants").wait_for(timeout=60_000)
    upload(page)
    page.get_by_text("Line 5: The question is empty").wait_for()
    page.get_by_text("4 questions under 4 variants: 16 retrievals, 16 answers").wait_for()
    shot(page, "evaluate-uploaded")
    page.get_by_role("button", name="Evaluate").click()
    page.get_by_role("heading", name="Leaderboard").wait_for(timeout=60_000)
    page.reload()  # a new session: the address alone leads back
    page.get_by_role("heading", name="No measurable difference").wait_for()
    shots.settle(page)

    click_mark(page, "st-key-ev-heat", 3)  # the last question of the first variant: nobody gets it right
    page.get_by_role("heading", name="Which colour has the moon").wait_for()
    page.get_by_text("The answer holds no accepted answer").or_(
        page.get_by_text("It refuses")
    ).first.wait_for()
    page.get_by_role("radio", name="Both wrong").click()
    page.get_by_text("1 of 1 question", exact=True).wait_for()
    page.get_by_role("radio", name="They disagree").click()
    page.get_by_text("They agree on every question").wait_for()
    click_mark(page, "st-key-ev-speed", 1)  # leads back to all questions, of that variant
    page.get_by_text("1 of 4 questions").wait_for()
    page.locator("[class*='st-key-ev-list'] .dvn-scroller").click(position={"x": 20, "y": 36 + 35 + 17})
    page.get_by_text("2 of 4 questions").wait_for()
    shot(page, "evaluate-results")

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="JSON", exact=True).click()
    kept = json.loads(waiting.value.path().read_text(encoding="utf-8"))
    assert (kept["state"], len(kept["questions"]), len(kept["outcomes"])) == ("complete", 4, 16)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Plan another").click()
    page.get_by_role("button", name=re.compile("mine.csv")).wait_for()
