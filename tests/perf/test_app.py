"""The app in a real browser: how soon a fresh tab says something, and how much memory it holds."""

import statistics
import time

import psutil
import pytest

from tests.browser import shots

pytestmark = pytest.mark.perf

ROUNDS = 7
QUESTIONS = (
    "How much does the police department receive?",
    "What is spent on public health?",
    "Which programs help homeless residents?",
    "How large is the deficit?",
    "What does the budget say about child care?",
    "How many positions does the fire department have?",
    "What is the budget of the library?",
    "Who approves transfers between departments?",
    "What is a surplus transfer?",
    "When does the fiscal year begin?",
)


@pytest.fixture(scope="module")
def browser():
    with shots.chromium() as running:
        yield running


def first_text(browser, address):
    """Seconds from opening a fresh tab (no cache) to the first heading of the page."""
    context = browser.new_context()
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.get_by_role("heading", level=1).first.wait_for()
    taken = time.perf_counter() - start
    context.close()
    return taken


def test_a_fresh_tab_says_something_nearly_as_soon_as_hello_world(browser, tmp_path, capsys):
    hello = tmp_path / "hello.py"
    hello.write_text('import streamlit as st\n\nst.title("Hello, world")\n')
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    with shots.app(homes[0]) as tandem, shots.app(homes[1], str(hello)) as plain:
        shots.open_page(browser, tandem).context.close()  # the first visitor of a process warms it
        first_text(browser, plain)
        rounds = [(first_text(browser, tandem), first_text(browser, plain)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    with capsys.disabled():
        print(f"\nfirst text: {ours:.2f} s, hello world {theirs:.2f} s: {ours / theirs:.2f}x")
    assert ours / theirs <= 1.5


def resident_mb(port):
    """Resident memory of the server that listens on the port, its children included."""
    owner = next(
        c.pid for c in psutil.net_connections("tcp") if c.laddr.port == port and c.status == "LISTEN"
    )
    server = psutil.Process(owner)
    return sum(item.memory_info().rss for item in (server, *server.children(recursive=True))) / 2**20


def test_memory_after_a_large_ingest_and_ten_questions(browser, data_dir, tmp_path, capsys):
    with shots.app(tmp_path) as address:
        page = shots.open_page(browser, address)
        shots.go(page, "Documents")
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(data_dir / "sf_budget_2021.pdf")
        page.get_by_role("button", name="Add 1 document").click()
        page.get_by_text("1 document indexed in both engines").wait_for(timeout=120_000)
        shots.go(page, "Compare")
        for question in QUESTIONS:
            page.get_by_placeholder("Ask your documents").fill(question)
            page.keyboard.press("Enter")
            page.get_by_role("heading", name=question).wait_for()
            shots.settle(page)
        held = resident_mb(int(address.rsplit(":", 1)[1]))
    with capsys.disabled():
        print(f"\nresident memory: {held:.0f} MB")
    assert held < 600
