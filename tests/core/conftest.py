"""Fixtures that several rooms' tests share: a real PostgreSQL, for whatever is kept in SQL."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.postgres_server import PostgresServer, unsupported


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Address of an empty database; `TANDEM_TEST_DATABASE_URL` names one that already runs."""
    if given := os.environ.get("TANDEM_TEST_DATABASE_URL"):
        yield given
        return
    if reason := unsupported():
        pytest.skip(reason)
    with PostgresServer() as server:
        yield server.url


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server of this test's own, to be stopped and started at will."""
    if reason := unsupported():
        pytest.skip(reason)
    with PostgresServer() as server:
        yield server
