"""A history on SQLite, and on a real PostgreSQL where there is one."""

import pytest

from core.history import History
from core.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return Settings.load({"home": tmp_path, "database_url": url})


@pytest.fixture
def history(settings):
    opened = History.open(settings)
    with opened.write() as writer:
        writer.delete([run.run_id for run in opened.runs(limit=500).runs])
    yield opened
    opened.close()
