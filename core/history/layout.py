"""What the reports of all kinds of runs share: how a template is found, and where a run happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.history.benchmarks import moment

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def template(path: Path) -> Template:
    """The template at `path`, which may extend those beside this file; all that it fills in is escaped."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader([path.parent, Path(__file__).parent]),
    )
    return environment.get_template(path.name)


def date_and_time(text: str) -> str:
    """A run's `started_at` for people; empty without one."""
    return f"{datetime.fromtimestamp(moment(text), UTC):%Y-%m-%d %H:%M} UTC" if text else ""


def backend_label(environment: Mapping[str, Any]) -> str:
    """The Milvus of a run in words."""
    return str((environment.get("backend") or {}).get("label", ""))


def where(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Milvus, machine, system and the versions of the packages, as rows of a table."""
    found: dict[str, Any] = dict(environment)
    backend, achieved = found.get("backend") or {}, found.get("rtts_ms") or {}
    added = [f"{asked} ms asked for: {got} ms measured" for asked, got in achieved.items() if asked != "0"]
    machine = (
        found.get("cpu", ""),
        f"{found.get('cores', '?')} cores",
        f"{found.get('memory_gib', '?')} GiB",
    )
    rows = [
        ("Milvus", f"{backend.get('label', '')} at {backend.get('address', '')}"),
        ("Round trip", "; ".join([f"{backend.get('rtt_ms', '?')} ms", *added])),
        ("Machine", ", ".join(machine)),
        ("System", f"Python {found.get('python', '')}, {found.get('platform', '')}"),
    ]
    return rows + [(str(name), str(version)) for name, version in (found.get("packages") or {}).items()]
