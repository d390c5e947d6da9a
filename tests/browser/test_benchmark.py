"""From a plan to an exported verdict in a real browser, on Milvus Lite."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.browser import shots

pytestmark = pytest.mark.browser

HALF_DONE = re.compile(r"(1\d|2\d) of 24 cells finished")


def start_quick_look(page):
    shots.go(page, "Benchmark")
    page.get_by_role("combobox", name="Stop after").click()
    page.get_by_role("option", name="15 s").click()
    page.locator(".st-key-run-quick-look button").click()
    page.get_by_role("button", name="Cancel").wait_for()


def exported(page, form):
    """The file that the button of this form gives."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=form, exact=True).click()
    return waiting.value.path().read_text(encoding="utf-8")


def test_plan_run_reload_cancel_verdict_history_export(visit, shot):
    page = visit()
    start_quick_look(page)
    page.get_by_text("so far, calls a second").wait_for()
    shot(page, "benchmark-running")
    page.reload()  # a new session: the address alone leads back
    page.get_by_text(HALF_DONE).wait_for()
    page.get_by_role("button", name="Cancel").click()
    asked = time.monotonic()
    page.get_by_text("This run was cancelled").wait_for()
    assert time.monotonic() - asked < 5  # the run ends within a second; the page looks every second
    page.get_by_role("heading", name=re.compile("one call after the other")).first.wait_for()
    page.get_by_text("Milvus Lite runs inside this process").wait_for()
    shots.settle(page)
    shot(page, "benchmark-cancelled")

    shots.go(page, "History")
    page.get_by_role("button", name="Quick look").click()
    page.get_by_text("This run was cancelled").wait_for()
    page.get_by_role("button", name="Export").click()
    run = json.loads(exported(page, "JSON"))
    assert (run["state"], run["plan"]["preset"]) == ("cancelled", "quick-look")
    assert len(run["cells"]) >= 10
    assert "llamaindex" in exported(page, "CSV")
    assert "<html" in exported(page, "HTML")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 1 run").click()
    page.get_by_text("There is no run yet").wait_for()
    shot(page, "history-empty")
