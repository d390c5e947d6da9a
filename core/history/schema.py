"""The history's tables: runs of every kind, their cells, and the rounds of these with the raw samples."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from core.database import Database

metadata = MetaData()

runs = Table(
    "tandem_runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("imported", Boolean, nullable=False),
    Column("workload_hash", String(64), nullable=False),
    Column("config", JSON, nullable=False),
    Column("environment", JSON, nullable=False),
    Column("verdict", JSON, nullable=False),
    Column("ratios", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("started_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("heartbeat", Float(53), nullable=False),
)
Index("tandem_runs_newest", runs.c.started_at)

# What a run is made of. Benchmark: a framework's operation in a mode; evaluation: a variant.
cells = Table(
    "tandem_run_cells",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("label", String(200), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("data", JSON, nullable=False),
)

# What a cell is made of, stored as it happens. Benchmark: a round; evaluation: a question.
rounds = Table(
    "tandem_run_rounds",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("label", String(200), primary_key=True),
    Column("round_index", Integer, primary_key=True, autoincrement=False),
    Column("warmup", Boolean, nullable=False),
    Column("data", JSON, nullable=False),
    # With a length MySQL makes it large enough; the others take no notice of it.
    Column("samples", LargeBinary(2**28), nullable=False),
)

database = Database("history", "history.db", metadata, "go on with a new history")
