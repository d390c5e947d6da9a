"""Every knob of Tandem: typed, with its default and its `TANDEM_*` environment variable.

Values come, in this order, from explicit overrides (a page's form, the command line, the page
layer's reading of `.streamlit/secrets.toml`), the environment, and the defaults below.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import UsageError

Consistency = Literal["Strong", "Session", "Bounded", "Eventually"]
IndexType = Literal["AUTOINDEX", "FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8"]
Metric = Literal["COSINE", "IP", "L2"]
SplitterName = Literal["shared", "llamaindex", "langchain"]

OPENAI_BASE_URL = "https://api.openai.com/v1"
OFFLINE_CHAT_MODEL = "tandem-extractive"
OFFLINE_EMBEDDING_MODEL = "wordllama-256"
OFFLINE_DIMENSION = 256


class Settings(BaseSettings):
    """Immutable settings; use `model_copy(update=...)` or `load(...)` to derive others."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_", frozen=True, extra="ignore")

    # Where things live
    home: Path = Field(Path(".tandem"), description="Folder for everything Tandem keeps on disk.")
    workspace: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_-]{0,40}$",
        description="Workspace that every session shares; empty gives each browser session its own.",
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL of the catalogue and history; empty is SQLite under `home`."
    )

    # Milvus
    milvus_uri: str = Field(
        "", description="File path (Milvus Lite) or http(s) address; empty is Lite under `home`."
    )
    milvus_token: SecretStr = Field(
        SecretStr(""), description="API key, or user:password, of the Milvus server."
    )
    milvus_database: str = Field("", description="Database on the Milvus server; empty is its default.")
    milvus_timeout: float = Field(10.0, gt=0, description="Seconds before any one Milvus call is given up.")
    consistency: Consistency = Field("Bounded", description="Consistency level of searches.")
    index_type: IndexType = Field("AUTOINDEX", description="Index of the dense vectors in controlled mode.")
    index_params: dict[str, Any] = Field(
        default_factory=dict, description="Parameters of that index, as JSON."
    )
    metric: Metric = Field("COSINE", description="Similarity metric of the dense vectors in controlled mode.")

    # The model endpoint
    model_base_url: str = Field(
        "", description="OpenAI-compatible endpoint; empty (with no key) is the built-in one."
    )
    model_key: SecretStr = Field(SecretStr(""), description="Key of that endpoint.")
    chat_model: str = Field("", description="Chat model; empty is the endpoint's default.")
    embedding_model: str = Field("", description="Embedding model; empty is the endpoint's default.")
    embedding_dimension: int = Field(
        0, ge=0, le=32768, description="Vector length; 0 asks the endpoint once."
    )
    embedding_base_url: str = Field(
        "", description="Separate endpoint for embeddings; `offline` is the built-in one."
    )
    embedding_key: SecretStr = Field(SecretStr(""), description="Key of the separate embedding endpoint.")
    model_timeout: float = Field(
        60.0, gt=0, description="Seconds of silence before a model call is given up."
    )
    model_retries: int = Field(3, ge=0, le=10, description="Repeats after 429, 5xx or a lost connection.")
    embedding_batch: int = Field(128, ge=1, le=2048, description="Texts in one embedding request.")
    embedding_concurrency: int = Field(4, ge=1, le=64, description="Embedding requests under way at once.")
    price_input: float | None = Field(
        None, ge=0, description="Price of a million prompt tokens, for cost figures."
    )
    price_output: float | None = Field(None, ge=0, description="Price of a million completion tokens.")
    offline_first_token_ms: float = Field(
        0.0, ge=0, description="Built-in endpoint: delay before the first token."
    )
    offline_token_ms: float = Field(0.0, ge=0, description="Built-in endpoint: delay per further token.")

    # Documents and retrieval
    splitter: SplitterName = Field(
        "shared", description="Splitter of controlled mode, the same for both engines."
    )
    chunk_size: int = Field(1000, ge=100, le=8000, description="Largest chunk, in characters.")
    chunk_overlap: int = Field(150, ge=0, le=4000, description="Characters that neighbouring chunks share.")
    top_k: int = Field(5, ge=1, le=50, description="Chunks retrieved per question in controlled mode.")

    # Limits
    max_file_mb: float = Field(50.0, gt=0, description="Largest file, in megabytes.")
    max_files: int = Field(500, ge=1, description="Most files in one ingest.")
    max_characters: int = Field(5_000_000, ge=1000, description="Most text taken from one file.")
    max_question: int = Field(4000, ge=10, description="Longest question, in characters.")

    @field_validator("model_base_url", "embedding_base_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value and value != "offline" and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _check_overlap(self) -> Settings:
        if self.chunk_overlap > self.chunk_size // 2:
            raise ValueError("must be at most half of TANDEM_CHUNK_SIZE")
        return self

    @classmethod
    def load(cls, overrides: Mapping[str, Any] | None = None) -> Settings:
        """Read the settings; raise `UsageError` naming each wrong variable and what it takes.

        Overrides whose value is None are passed over.
        """
        given = {key: value for key, value in (overrides or {}).items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as error:
            raise UsageError(_explain(error)) from None

    @property
    def lite_path(self) -> str:
        """Where Milvus Lite keeps its folder when no URI is set."""
        return str(self.home / "milvus.db")

    @property
    def uri(self) -> str:
        """The Milvus URI in force."""
        return self.milvus_uri or self.lite_path

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value in force, for `errors.redact`."""
        fields = (self.milvus_token, self.model_key, self.embedding_key)
        return tuple(value.get_secret_value() for value in fields if value.get_secret_value())

    def masked(self) -> dict[str, Any]:
        """Every setting by name, with secrets as `set` or empty; fit to print."""
        shown: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                value = "••••••" if value.get_secret_value() else ""
            shown[name] = str(value) if isinstance(value, Path) else value
        return shown


def _explain(error: ValidationError) -> str:
    """One sentence per wrong setting; the offending value is left out, it may be a secret."""
    parts = []
    for item in error.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in item["loc"]) or "chunk_overlap"
        message = item["msg"].removeprefix("Value error, ")
        parts.append(f"TANDEM_{name.upper()}: {message}")
    return "A setting is not usable. " + "; ".join(parts) + "."
