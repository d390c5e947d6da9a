"""The first visitor of a fresh process may come by a bookmark, to any page."""

import pytest

from tests.browser import shots

pytestmark = pytest.mark.browser


def test_a_bookmark_opens_its_page_within_the_app(browser, tmp_path):
    with shots.app(tmp_path) as address:
        page = shots.open_page(browser, f"{address}/benchmark")
        page.get_by_role("heading", name="Benchmark", exact=True).wait_for()
        page.get_by_text("Quick look").first.wait_for()
        shots.settle(page)
        assert page.get_by_test_id("stSidebarNav").get_by_role("link", name="Settings").is_visible()
        assert page.get_by_test_id("stException").count() == 0
        page.context.close()
