"""Hostile text through Streamlit's own markdown: it is shown, and it does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import shots
from tests.pages.test_safe_text import HOSTILE

pytestmark = pytest.mark.browser

SCRIPT = """
import streamlit as st
from pages.parts import safe_text
from tests.pages.test_safe_text import HOSTILE

for text in HOSTILE.values():
    st.markdown(safe_text.markdown(text))
    st.markdown(safe_text.plain(text))
    st.button(safe_text.plain(text), key=text)
st.markdown(safe_text.markdown("```mermaid\\ngraph TD\\nA-->B\\n```"))
st.caption("The end")
"""


@pytest.fixture(scope="module")
def hostile_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page that shows every hostile text."""
    home: Path = tmp_path_factory.mktemp("hostile")
    script = home / "hostile.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(shots.ROOT)!r})\n{SCRIPT}")
    with shots.app(home, str(script)) as address:
        yield address


def test_hostile_text_loads_links_and_draws_nothing(browser, hostile_app):
    page = shots.open_page(browser, hostile_app)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.get_by_text("The end").wait_for()
    shots.settle(page)
    main = page.locator("[data-testid=stMain]")
    for what in ("img", "a", ".katex", "iframe", "script", "[data-testid=stMarkdownContainer] svg.flowchart"):
        assert main.locator(what).count() == 0, what
    assert not [url for url in asked if "evil.test" in url]
    assert main.get_by_text("onerror").count() > 0
    assert len(HOSTILE) * 3 <= main.locator("[data-testid=stMarkdown], [data-testid=stButton]").count()
    page.context.close()
