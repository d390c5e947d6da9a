"""Reads a run from a file that a colleague sent: nothing in it is trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.bench.records import SCHEMA_VERSION, CellResult, RunResult, Samples, Status
from core.errors import UsageError
from core.history.benchmarks import moment
from core.history.store import History
from core.history.texts import clean, clean_name

MAX_FILE_MB = 50
_ADVICE = "choose a file that Tandem exported as JSON"


@dataclass(frozen=True)
class FiledBenchmark:
    """What a file holds. The result has no id: the history gives it one."""

    result: RunResult
    note: str = ""


def import_json(history: History, data: bytes | str, *, workspace: str = "", name: str = "") -> str:
    """Store a colleague's run under a new id, which is returned; it is marked as imported.

    `name` calls it something else than the file does. Raises `UsageError` with one sentence for a
    file that is too large, damaged, of a later version, or no run at all.
    """
    found = read_json(data)
    result = found.result
    if name:
        result = replace(result, plan=result.plan.model_copy(update={"name": clean_name(name)}))
    return history.add(result, workspace=workspace, note=found.note, imported=True)


def read_file(path: Path) -> bytes:
    """The bytes of a file, but no more than `read_json` takes; `UsageError` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(int(MAX_FILE_MB * 1e6) + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"The file {path} cannot be read ({reason}): correct its path.") from None


def read_json(data: bytes | str) -> FiledBenchmark:
    """The benchmark in a file, without storing it; raises as `import_json` does."""
    raw = parse(data)
    if not isinstance(raw, dict) or not {"schema_version", "plan", "cells"} <= raw.keys():
        raise UsageError(f"This JSON file holds no benchmark: {_ADVICE}.")
    return read_benchmark(raw)


def read_benchmark(raw: Mapping[str, Any]) -> FiledBenchmark:
    """The benchmark in parsed JSON; raises as `import_json` does."""
    from core.history.filed import FiledRun

    check_version(raw, SCHEMA_VERSION)
    with refusing():
        checked = FiledRun.model_validate(raw).model_dump()
        for cell in checked["cells"]:
            for item in cell["round_details"]:
                if not item["samples"]:
                    del item["samples"]
        result = RunResult.from_json({**checked, "run_id": ""})
        _check(result)
    return FiledBenchmark(result, checked["note"])


def parse(data: bytes | str) -> Any:
    """The JSON in a file; `UsageError` for one that is too large or holds something else."""
    if len(data) > MAX_FILE_MB * 1e6:
        raise UsageError(
            f"This file has more than {MAX_FILE_MB} MB: export a benchmark without its samples, or an "
            "evaluation of fewer questions."
        )
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"This file is not JSON: {_ADVICE}.") from None


def check_version(raw: Mapping[str, Any], known: int) -> None:
    """Raise `UsageError` for what a later Tandem wrote."""
    version = raw.get("schema_version")
    if isinstance(version, int) and version > known:
        raise UsageError("This file was written by a later Tandem: update this one to import it.")


@contextmanager
def refusing() -> Iterator[None]:
    """Whatever is found to be wrong with a file inside becomes a `UsageError` of one sentence."""
    try:
        yield
    except ValidationError as error:
        raise UsageError(f"This file cannot be imported ({_explain(error)}): {_ADVICE}.") from None
    except (ValueError, KeyError, TypeError) as error:
        reason = clean(str(error))[:100] if isinstance(error, ValueError) else type(error).__name__
        raise UsageError(f"This file cannot be imported ({reason}): {_ADVICE}.") from None


def _check(result: RunResult) -> None:
    """What only shows in the records: times, and samples whose numbers mean something."""
    if result.started_at:
        moment(result.started_at)
    for cell in result.cells:
        _check_samples(cell)


def _check_samples(cell: CellResult) -> None:
    for item in cell.rounds:
        samples: Samples = item.samples
        kinds, states = set(samples.kind), set(samples.status)
        if not kinds <= set(range(len(samples.kinds))) or not states <= set(Status):
            raise ValueError("its samples are damaged")


def _explain(error: ValidationError) -> str:
    """The first complaint, where it is, and how many more there are."""
    found = error.errors(include_input=False, include_url=False)
    first = found[0]
    where = clean(".".join(str(part) for part in first["loc"]))[:80]
    what = clean(first["msg"].removeprefix("Value error, "))[:120]
    more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
    return f"{where}: {what}{more}" if where else f"{what}{more}"
