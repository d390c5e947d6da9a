"""Every page opens, in both colour schemes, on a wide and on a narrow screen."""

import pytest

from tests.browser import shots

pytestmark = pytest.mark.browser
PAGES = ("Home", "Documents", "Compare", "Evaluate", "Benchmark", "History", "Settings")


@pytest.mark.parametrize("scheme", shots.SCHEMES)
@pytest.mark.parametrize("width", shots.WIDTHS)
def test_every_page_opens_without_an_error(visit, shot, width, scheme):
    page = visit(width=width, scheme=scheme)
    for title in PAGES:
        shots.go(page, title)
        shot(page, f"first-visit-{title.lower()}-{width}-{scheme}")
        assert page.get_by_test_id("stException").count() == 0
        assert page.get_by_role("heading").count() > 0
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
