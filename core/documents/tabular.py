"""Text of tables and JSON: one readable block a record."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from core.errors import DocumentError

_DELIMITERS = ",;\t|"
_SAMPLE = 20_000
_NUMBER = re.compile(r"[-+]?[\d.,\s]*\d[\d.,]*%?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LARGEST_FIELD = 2**31 - 1
_DEEPEST = 100
_LONGEST_KEY = 100
_LONGEST_INLINE = 80


def read_csv(text: str, tabs: bool) -> Iterator[str]:
    """One block of `column: value` lines for each row; empty cells are left out.

    The first row names the columns unless it holds numbers (years may be names); nameless columns
    are called `Column 1` and so on.
    """
    # The limit is the process's; its default of 128 kB breaks long articles in a cell.
    csv.field_size_limit(_LARGEST_FIELD)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    rows = csv.reader(StringIO(text, newline=""), delimiter="\t" if tabs else _delimiter(text[:_SAMPLE]))
    first = next((row for row in rows if any(map(str.strip, row))), None)
    if first is None:
        return
    second = next(rows, None)
    named = second is not None and _names_columns(first)
    header = [_inline(cell) for cell in first] if named else []
    if not named:
        yield _record(header, first)
    if second is not None:
        yield _record(header, second)
    for row in rows:
        yield _record(header, row)


def _delimiter(sample: str) -> str:
    """The delimiter that gives most rows the same number of columns (csv.Sniffer fails on prose)."""

    def score(delimiter: str) -> float:
        widths = [len(row) for row in csv.reader(sample.split("\n")[:50], delimiter=delimiter) if row]
        if not widths or widths[0] < 2:
            return 0.0
        return widths.count(widths[0]) / len(widths) + widths[0] / 1000

    return max(_DELIMITERS, key=score)


def _names_columns(row: list[str]) -> bool:
    cells = [cell.strip() for cell in row]
    return any(cells) and not any(map(_is_number, cells))


def _is_number(cell: str) -> bool:
    return len(cell) < 40 and bool(_NUMBER.fullmatch(cell)) and not _YEAR.fullmatch(cell)


def _record(header: list[str], row: list[str]) -> str:
    names = (header[index] if index < len(header) else "" for index in range(len(row)))
    lines = (
        f"{name or f'Column {number}'}: {_inline(cell)}"
        for number, (name, cell) in enumerate(zip(names, row, strict=True), 1)
        if cell.strip()
    )
    return "\n".join(lines) + "\n\n"


def _inline(text: str) -> str:
    return " ".join(text.split())


def read_json(name: str, text: str, lines: bool) -> Iterator[str]:
    """One block of `path.to.key: value` lines for each record; nulls and empty containers are left out.

    A .json file that holds one record a line is read as such. Raises `DocumentError` with the place
    of the first mistake, or when the nesting is absurd.
    """
    if lines:
        yield from _json_lines(name, text)
        return
    try:
        value = _load(name, text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise _invalid(name, error.lineno, error.colno, error.msg) from None
        yield from _json_lines(name, text)
    else:
        yield from _flatten(name, value)


def _json_lines(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                value = _load(name, line)
            except json.JSONDecodeError as error:
                raise _invalid(name, number, error.colno, error.msg) from None
            yield from _flatten(name, value)
            yield "\n\n"


def _load(name: str, text: str) -> Any:
    """Numbers stay as they are written: exact, and of any length."""
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError:
        raise _too_deep(name) from None


def _invalid(name: str, line: int, column: int, message: str) -> DocumentError:
    return DocumentError(
        f"“{name}” is not valid JSON (line {line}, column {column}: {message}):"
        " correct it there, or rename it to .txt to add it as plain text."
    )


def _too_deep(name: str) -> DocumentError:
    return DocumentError(
        f"“{name}” nests more than {_DEEPEST} levels deep:"
        " flatten it, or rename it to .txt to add it as plain text."
    )


def _flatten(name: str, value: Any) -> Iterator[str]:
    """Lines of a JSON value, by a loop; a record in a list starts a new block."""
    stack: list[Iterator[tuple[str, Any]]] = [iter([("", value)])]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
            continue
        path, item = entry
        if not isinstance(item, dict | list):
            yield _line(path, item)
        elif isinstance(item, list) and _is_short_list(item):
            yield _line(path, ", ".join(filter(None, map(_scalar, item))))
        elif len(stack) > _DEEPEST:
            raise _too_deep(name)
        else:
            stack.append(_children(path, item))
            yield "\n" if isinstance(item, dict) and (path.endswith("]") or not path) else ""


def _children(path: str, item: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(item, dict):
        start = f"{path}." if path else ""
        return ((f"{start}{_inline(key)[:_LONGEST_KEY]}", child) for key, child in item.items())
    if not path:
        return (("", child) for child in item)
    return ((f"{path}[{index}]", child) for index, child in enumerate(item))


def _is_short_list(items: Iterable[Any]) -> bool:
    return all(not isinstance(item, dict | list) and len(_scalar(item)) <= _LONGEST_INLINE for item in items)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _line(path: str, value: Any) -> str:
    text = _scalar(value).strip()
    if not text:
        return ""
    return f"{path}: {text}\n" if path else f"{text}\n"
