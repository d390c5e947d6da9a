"""A catalogue on SQLite, and on PostgreSQL when TANDEM_TEST_DATABASE_URL names an empty database."""

import os

import pytest

from core.catalogue import Catalogue
from core.settings import Settings

_SERVER = os.environ.get("TANDEM_TEST_DATABASE_URL", "")
_needs_server = pytest.mark.skipif(not _SERVER, reason="TANDEM_TEST_DATABASE_URL is not set")


@pytest.fixture(params=["sqlite", pytest.param("server", marks=_needs_server)])
def settings(request, tmp_path):
    url = _SERVER if request.param == "server" else ""
    return Settings.load({"home": tmp_path, "database_url": url})


@pytest.fixture
def catalogue(settings):
    opened = Catalogue.open(settings)
    with opened.transaction() as connection:
        for table in ("documents", "pages", "leases"):
            connection.exec_driver_sql(f"DELETE FROM tandem_{table}")
    yield opened
    opened.close()
