"""A running Tandem and a real Chromium, for tests and for looking at the pages.

`python -m tests.browser.shots OUT` walks the whole app in light and dark, at 1440 and at 390 px, and
leaves one picture per page and state in the folder OUT.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("TANDEM_TEST_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = {"1440": (1440, 1000), "390": (390, 844)}
SCHEMES = ("light", "dark")
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def free_port() -> int:
    """A TCP port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def app(home: Path, script: str = "app.py", **variables: str) -> Iterator[str]:
    """Run the app with its data under `home` and these environment variables; yields its address."""
    port = free_port()
    clean = {key: value for key, value in os.environ.items() if not key.startswith("TANDEM_")}
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    log = (home / "streamlit.log").open("w")
    server = subprocess.Popen(
        command, cwd=ROOT, env={**clean, "TANDEM_HOME": str(home), **variables}, stdout=log, stderr=log
    )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"Streamlit ended with {server.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=2) as reply:
                if reply.read() == b"ok":
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("Streamlit did not start")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def open_page(browser: Browser, address: str, *, width: str = "1440", scheme: str = "light") -> Page:
    """A fresh visitor's page at `address`, idle."""
    across, down = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": across, "height": down},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        has_touch=width == "390",
    )
    page = context.new_page()
    page.goto(address)
    settle(page)
    return page


def settle(page: Page, seconds: float = 60) -> None:
    """Wait until the script has run to its end and stays there."""
    page.wait_for_selector(IDLE, timeout=seconds * 1000)
    page.wait_for_timeout(250)
    page.wait_for_selector(IDLE, timeout=seconds * 1000)


def go(page: Page, title: str) -> None:
    """Open a page of the app by its name in the navigation, as a person would."""
    if page.viewport_size and page.viewport_size["width"] < 768:
        opener = page.get_by_test_id("stExpandSidebarButton")
        if opener.is_visible():
            opener.click()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=re.compile(title)).click()
    settle(page)


def shoot(page: Page, path: Path) -> Path:
    """Save a picture of the whole page, not only of what the window shows."""
    height = page.evaluate(
        """() => { const main = document.querySelector('[data-testid="stMain"]');
                   return Math.ceil(main ? main.scrollHeight : document.body.scrollHeight); }"""
    )
    before = page.viewport_size or {"width": 1440, "height": 1000}
    page.set_viewport_size(
        {"width": before["width"], "height": max(before["height"], min(height + 10, 6000))}
    )
    page.wait_for_timeout(400)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    page.set_viewport_size(before)
    return path
