"""Pages as Streamlit runs them, over a real Milvus Lite and the built-in endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from pages.parts.safe_text import JOINER
from tests.source import ROOT

FULL = "full"
"""A workspace that holds the sample corpus; tests must leave it as it is."""


@pytest.fixture(scope="package", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for all page tests: opening another Milvus Lite for each would take a second each."""
    home = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TANDEM_HOME", str(home))
        yield home


@pytest.fixture
def visit() -> Callable[..., AppTest]:
    """Opens a page as a new visitor: `visit("compare", workspace="full")`."""

    def open_page(page: str = "home", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        return app if page == "home" else app.switch_page(f"pages/{page}.py").run()

    return open_page


@pytest.fixture(scope="package")
def sample_loaded(_home: Path) -> None:
    """The sample corpus is in the workspace `full`."""

    async def load() -> None:
        workspace = await core.Workspace.open(core.Settings.load(), FULL)
        uploads = [core.Upload(path.name, path) for path in core.sample.documents()]
        await core.ingest(workspace, uploads)

    core.run(load())


def texts(app: AppTest) -> str:
    """All markdown and captions of a page, for looking whether something is said."""
    return "\n".join([*(part.value for part in app.markdown), *(part.value for part in app.caption)])


def said(app: AppTest) -> str:
    """The page's errors as a person reads them."""
    return "\n".join(part.value for part in app.error).replace("\\", "").replace(JOINER, "")


def button(app: AppTest, label: str, at: int = 0) -> Any:
    """The button whose label starts with these words; `at` picks among several."""
    return [button for button in app.button if button.label.startswith(label)][at]
