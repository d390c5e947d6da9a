"""The catalogue's tables and the database that they are in."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

from core.database import Database

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
Index("tandem_documents_workspace", documents.c.workspace, documents.c.content_hash)

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

_database = Database("catalogue", "catalogue.db", metadata, "ingest the documents again")
connect = _database.connect
explain = _database.explain
