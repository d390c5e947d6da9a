"""The app as a person meets it: a running Streamlit and Debian's Chromium.

Pictures go to test-results/, which git ignores.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.browser import shots

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = shots.ROOT / "test-results"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MAC_BROWSER = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
TROUBLE = re.compile(r"Traceback|Exception")


def browser_path() -> str | None:
    """The browser to drive: the one that is named, else the first that is installed."""
    if named := os.environ.get("TANDEM_TEST_CHROMIUM"):
        return named
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or (str(MAC_BROWSER) if MAC_BROWSER.exists() else None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser. Module scope: while Playwright runs, `asyncio.run` fails in this process."""
    path = browser_path()
    if path is None and os.geteuid() != 0:
        pytest.skip("no Chromium is installed, and only root can install it: set TANDEM_TEST_CHROMIUM")
    assert path, "no Chromium is installed: `make chromium` does it on Debian"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=shots.FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the running app, empty at first; in the end its log must hold no trouble."""
    home = tmp_path_factory.mktemp("app")
    with shots.app(home) as address:
        yield address
    log = (home / "streamlit.log").read_text()
    assert not TROUBLE.search(log), log[-3000:]


@pytest.fixture
def visit(browser: Browser, app: str) -> Iterator[Callable[..., Page]]:
    """Opens the app as a new visitor: `visit(width="390", scheme="dark")`.

    In the end no visitor's page may have failed in the browser or asked another machine for anything.
    """
    pages: list[Page] = []
    trouble: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: trouble.extend(_elsewhere(request.url)))

    def open_page(*, width: str = "1440", scheme: str = "light") -> Page:
        page = shots.open_page(browser, app, width=width, scheme=scheme)
        watch(page)
        page.reload()
        shots.settle(page)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert not trouble


def _elsewhere(url: str) -> list[str]:
    parts = urlsplit(url)
    local = parts.scheme not in ("http", "https", "ws", "wss") or parts.hostname == "127.0.0.1"
    return [] if local else [url]


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """The app at 1440 px in light colours."""
    return visit()


@pytest.fixture
def shot() -> Callable[[Page, str], Path]:
    """Saves a picture of the whole page: `shot(page, "home")` is test-results/home.png."""
    return lambda page, name: shots.shoot(page, PICTURES / f"{name}.png")
