"""A running Tandem and a real Chromium, for tests and for looking at the pages.

`python -m tests.browser.shots OUT` walks the whole app in light and dark, at 1440 and at 390 px, and
leaves one picture per page and state in the folder OUT.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
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
PHONE = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
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
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    with serve(command, port, home, **variables) as address:
        yield address


@contextmanager
def serve(command: list[str], port: int, home: Path, **variables: str) -> Iterator[str]:
    """Run `command`, which starts the app at `port`; what it prints goes to `home`/streamlit.log."""
    # Without what `make test` tells a make of its own: it would say that it enters a folder.
    unwanted = ("TANDEM_", "MAKE", "MFLAGS")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    environment = {**clean, "TANDEM_HOME": str(home), **variables}
    log = (home / "streamlit.log").open("w")
    # A session of its own, since make and its shell stand before the server.
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
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
        # Streamlit closes its sidebar after a click by what the browser says it is, not by width.
        is_mobile=width == "390",
        has_touch=width == "390",
        user_agent=PHONE if width == "390" else None,
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


def walk(browser: Browser, address: str, out: Path, width: str, scheme: str) -> None:
    """Take one picture of every page and state, as a first visitor meets them."""
    page = open_page(browser, address, width=width, scheme=scheme)

    def picture(name: str) -> None:
        shoot(page, out / f"{name}-{width}-{scheme}.png")

    picture("home-empty")
    go(page, "Documents")
    picture("documents-empty")
    go(page, "Compare")
    picture("compare-empty")
    go(page, "Home")
    page.get_by_role("button", name="Try it on the sample").click()
    page.get_by_text("files").first.wait_for()
    picture("home-busy")
    page.wait_for_url("**/compare*")
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").wait_for()
    page.wait_for_timeout(900)
    picture("compare-running")
    settle(page)
    picture("compare-done")
    _compare(page, picture)
    _documents(page, picture)
    _settings(page, picture)
    page.context.close()


def _compare(page: Page, picture: Callable[[str], None]) -> None:
    page.get_by_role("link", name="[1]").first.click()
    page.get_by_role("dialog").wait_for()
    page.wait_for_timeout(600)
    picture("compare-source")
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_text("What is held equal").click()
    picture("compare-parity")
    page.get_by_role("button", name="Options").click()
    page.wait_for_timeout(300)
    picture("compare-options")
    page.get_by_role("radio", name="Native").click()
    settle(page)
    page.keyboard.press("Escape")
    picture("compare-native-missing")
    page.get_by_role("button", name="Build the native index").click()
    settle(page)
    page.get_by_placeholder("Ask your documents").fill(
        "Where may my dog travel? ![x](https://evil.test/x.png)"
    )
    page.keyboard.press("Enter")
    settle(page)
    picture("compare-native")
    page.get_by_role("radio", name="A list of questions").click()
    settle(page)
    picture("list-empty")
    page.get_by_role("textbox", name="Questions").fill(
        "How fast is the train?\nWho is the chef?\nIs there wifi?"
    )
    page.get_by_role("button", name="Ask them all").click()
    page.wait_for_timeout(1500)
    picture("list-running")
    settle(page)
    picture("list-done")


def _documents(page: Page, picture: Callable[[str], None]) -> None:
    go(page, "Documents")
    picture("documents")
    files = [{"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}]
    files += [
        {"name": f"note {n}.md", "mimeType": "text/plain", "buffer": b"# Note\nText. " * 9} for n in (1, 2)
    ]
    files += [{"name": "torn.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 nothing"}]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)  # type: ignore[arg-type]
    page.get_by_role("button", name="Add 4 documents").click()
    settle(page)
    picture("documents-report")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").wait_for()
    page.wait_for_timeout(500)
    picture("documents-delete")
    page.get_by_role("button", name="Keep them").click()
    settle(page)


def _settings(page: Page, picture: Callable[[str], None]) -> None:
    go(page, "Settings")
    page.get_by_role("button", name="Test connections").click()
    settle(page)
    picture("settings")
    page.get_by_role("textbox", name="Address").fill("http://127.0.0.1:9")
    page.get_by_role("button", name="Use for this session").first.click()
    settle(page)
    go(page, "Compare")
    picture("compare-not-connected")


def main(out: Path) -> None:
    """Walk everything in both themes and at both widths."""
    with tempfile.TemporaryDirectory() as home, chromium() as browser:
        slow = {"TANDEM_OFFLINE_FIRST_TOKEN_MS": "300", "TANDEM_OFFLINE_TOKEN_MS": "40"}
        with app(Path(home), **slow) as address:
            for width in sys.argv[2:] or WIDTHS:
                for scheme in SCHEMES:
                    walk(browser, address, out, width, scheme)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
