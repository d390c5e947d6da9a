"""What whoever starts the app sees in the terminal: where it runs, and nothing else."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.browser import shots

pytestmark = pytest.mark.browser
WELCOME = re.compile(
    r"Uvicorn server started|You can now view your Streamlit app|URL: http|Stopping\.\.\.|^$"
)
MADE = Path(sys.prefix) == shots.ROOT / ".venv" and shutil.which("make")


def first_steps(browser, address: str) -> None:
    page = shots.open_page(browser, address)
    page.get_by_role("button", name="Try it on the sample").click()
    page.wait_for_url("**/compare*")
    page.get_by_role("link", name="[1]").first.wait_for()
    shots.settle(page)
    page.context.close()


def said(home: Path) -> list[str]:
    """What the log holds beyond the words of a start and an end."""
    return [line for line in (home / "streamlit.log").read_text().splitlines() if not WELCOME.search(line)]


@pytest.mark.skipif(not MADE, reason="make run uses .venv, and these tests run elsewhere")
def test_make_run_says_where_it_runs_and_then_keeps_quiet(browser, tmp_path):
    port = shots.free_port()
    # On a desktop it would open the developer's own browser.
    quiet = {"STREAMLIT_SERVER_HEADLESS": "true"}
    with shots.serve(["make", "run", f"PORT={port}"], port, tmp_path, **quiet) as address:
        first_steps(browser, address)
    assert f"http://127.0.0.1:{port}" in (tmp_path / "streamlit.log").read_text()
    assert said(tmp_path) == []


def test_watching_the_sources_says_nothing_while_nothing_changes(browser, tmp_path):
    """As Streamlit Community Cloud starts it. The watcher sees every file that is opened, .venv's too."""
    port = shots.free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1"]
    with shots.serve(command, port, tmp_path) as address:
        first_steps(browser, address)
    assert said(tmp_path) == []
