"""The SQL database behind the catalogue and the history: opening it, and its failures as sentences."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.schema import CreateIndex, CreateTable
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random

from core.errors import StorageError, redact
from core.settings import Settings

# How long a writer waits for another one, in seconds; each transaction takes milliseconds.
_BUSY = 30.0
# How long a PostgreSQL that does not answer is waited for, in seconds, with the drivers that take it so.
_CONNECT = {"connect_timeout": 10}
_PATIENT = {"postgresql", "postgresql+psycopg", "postgresql+psycopg2"}

_creating = threading.Lock()


@dataclass(frozen=True)
class Database:
    """Tables that are kept together: in a SQLite file under `home`, or where `database_url` says.

    `name` is what sentences call it, `file` its SQLite file, `damaged` what to do when that file is
    beyond repair and has been moved away.
    """

    name: str
    file: str
    metadata: MetaData
    damaged: str

    def connect(self, settings: Settings) -> Engine:
        """Open the database of the settings and create what is missing; blocks.

        Raises `StorageError` when the address, the driver, the server or the disk is at fault.
        """
        url = settings.database_url or f"sqlite:///{settings.home.absolute() / self.file}"
        try:
            if not settings.database_url:
                settings.home.mkdir(parents=True, exist_ok=True)
            engine = _engine(url)
            with _creating:
                _create(engine, self.metadata)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise _unusable(error) from None
        except (DBAPIError, OSError) as error:
            raise self.explain(error, url) from error
        return engine

    def explain(self, error: Exception, url: str) -> StorageError:
        """One sentence for a failed database call: which database, and what to do."""
        parsed = make_url(url)
        text = str(getattr(error, "orig", None) or error)
        if not parsed.drivername.startswith("sqlite"):
            return StorageError(
                f"The {self.name}'s database on {parsed.host or 'this machine'} failed "
                f"({redact(_brief(text), [parsed.password or ''])}): check that it is running and that "
                "TANDEM_DATABASE_URL is right."
            )
        where = f"The {self.name} {parsed.database or ''}"
        for signs, sentence in _SENTENCES:
            if any(sign in text.lower() for sign in signs):
                return StorageError(sentence.format(where=where, damaged=self.damaged))
        return StorageError(f"{where} failed ({_brief(text)}): set TANDEM_HOME to a folder that works.")


_SENTENCES = (
    (
        ("full", "no space", "quota", "disk i/o error", "file too large"),
        "{where} cannot be written because the disk is full: free some space and run it again.",
    ),
    (
        ("readonly", "read-only", "unable to open", "permission", "not a directory", "file exists"),
        "{where} cannot be written: correct the permissions of its folder, or set TANDEM_HOME to another.",
    ),
    (
        ("locked", "busy"),
        "{where} is held by another program: close that program and run it again.",
    ),
    (
        ("malformed", "not a database"),
        "{where} is damaged: move it away and {damaged}.",
    ),
)


def _engine(url: str) -> Engine:
    driver = make_url(url).drivername
    if not driver.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, connect_args=_CONNECT if driver in _PATIENT else {})
    engine = create_engine(url, connect_args={"timeout": _BUSY})
    event.listen(engine, "connect", _tune_sqlite)
    return engine


# SQLite does not wait for others at a change of the journal's mode, as it does everywhere else.
@retry(
    retry=retry_if_exception_message(match="database is locked"),
    stop=stop_after_delay(_BUSY),
    wait=wait_random(0.005, 0.05),
    reraise=True,
)
def _tune_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Readers never wait for the writer; what a killed process committed survives.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _create(engine: Engine, metadata: MetaData) -> None:
    for attempt in range(2):
        try:
            with engine.begin() as connection:
                for table in metadata.sorted_tables:
                    connection.execute(CreateTable(table, if_not_exists=True))
                    for index in table.indexes:
                        connection.execute(CreateIndex(index, if_not_exists=True))
            return
        except IntegrityError:
            # PostgreSQL: two processes created the same table at once, and the other one won.
            if attempt:
                raise


def _unusable(error: Exception) -> StorageError:
    if isinstance(error, ImportError):
        return StorageError(
            f"TANDEM_DATABASE_URL needs the Python package {error.name or 'of its driver'}: install it, "
            "or leave the setting empty to use SQLite."
        )
    return StorageError(
        "TANDEM_DATABASE_URL is not a database address: write postgresql+psycopg://USER@HOST/NAME, "
        "or leave it empty to use SQLite."
    )


def _brief(text: str) -> str:
    return text.strip().splitlines()[0][:160].rstrip(". ") if text.strip() else "no detail"
