"""A catalogue on SQLite, and on a real PostgreSQL where there is one."""

import pytest

from core.catalogue import Catalogue
from core.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return Settings.load({"home": tmp_path, "database_url": url})


@pytest.fixture
def catalogue(settings):
    opened = Catalogue.open(settings)
    with opened.transaction() as connection:
        for table in ("documents", "pages", "leases"):
            connection.exec_driver_sql(f"DELETE FROM tandem_{table}")
    yield opened
    opened.close()
