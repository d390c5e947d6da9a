"""The catalogue's tables, the connection to its database, and its failures as sentences."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.schema import CreateIndex, CreateTable

from core.errors import StorageError, redact
from core.settings import Settings

# How long a writer waits for another one, in seconds; each transaction takes milliseconds.
_BUSY = 30.0

metadata = MetaData()

documents = Table(
    "tandem_documents",
    metadata,
    Column("space", String(120), primary_key=True),
    Column("document_id", String(32), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("splitter", String(64), nullable=False),
    Column("engines", String(64), nullable=False),
    Column("characters", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("added_at", Float(53), nullable=False),
)
_by_workspace = Index("tandem_documents_workspace", documents.c.workspace, documents.c.content_hash)

# One text for all revisions and spaces of a workspace that were cut from the same bytes.
pages = Table(
    "tandem_pages",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("content_hash", String(64), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("page_index", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer),
    Column("text", Text, nullable=False),
)

leases = Table(
    "tandem_leases",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("renewed_at", Float(53), nullable=False),
)

_creating = threading.Lock()


def connect(settings: Settings) -> Engine:
    """Open the database of the settings and create what is missing; blocks.

    Raises `StorageError` when the address, the driver, the server or the disk is at fault.
    """
    url = settings.database_url or f"sqlite:///{settings.home.absolute() / 'catalogue.db'}"
    try:
        if not settings.database_url:
            settings.home.mkdir(parents=True, exist_ok=True)
        engine = _engine(url)
        with _creating:
            _create(engine)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise _unusable(error) from None
    except (DBAPIError, OSError) as error:
        raise explain(error, url) from error
    return engine


def explain(error: Exception, url: str) -> StorageError:
    """One sentence for a failed database call: which database, and what to do."""
    parsed = make_url(url)
    text = str(getattr(error, "orig", None) or error)
    if not parsed.drivername.startswith("sqlite"):
        return StorageError(
            f"The catalogue's database on {parsed.host or 'this machine'} failed "
            f"({redact(_brief(text), [parsed.password or ''])}): check that it is running and that "
            "TANDEM_DATABASE_URL is right."
        )
    where = f"The catalogue {parsed.database or ''}"
    for signs, sentence in _SENTENCES:
        if any(sign in text.lower() for sign in signs):
            return StorageError(sentence.format(where=where))
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
        "{where} is damaged: move it away and ingest the documents again.",
    ),
)


def _engine(url: str) -> Engine:
    if not make_url(url).drivername.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY})
    event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Readers never wait for the writer; what a killed process committed survives.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _create(engine: Engine) -> None:
    for attempt in range(2):
        try:
            with engine.begin() as connection:
                for table in metadata.sorted_tables:
                    connection.execute(CreateTable(table, if_not_exists=True))
                connection.execute(CreateIndex(_by_workspace, if_not_exists=True))
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
