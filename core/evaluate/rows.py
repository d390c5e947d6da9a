"""The rows of a question file with their line numbers, whatever of it can be read."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import UsageError
from core.history.texts import FORMULA_SIGNS

_LARGEST_CELL = 10_000_000
_DELIMITERS = ",;\t"
# A line that no file has; where it is part of a cell, that cell was never closed.
_END = "\ufdd0end"
_MOST_UNCLOSED = 100


@dataclass(frozen=True)
class Row:
    """One row: where it begins (line, from 1), and its columns, or why it has none."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def csv_rows(text: str) -> Iterator[Row]:
    """Rows under a header that has a column `question`; commas, semicolons or tabs.

    A quotation mark that is never closed would swallow every row after its own: reading goes on in the
    line below. Raises `UsageError` when the header has no such column.
    """
    csv.field_size_limit(_LARGEST_CELL)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((line for line in lines if line), "")
    delimiter = max(_DELIMITERS, key=Counter(first).__getitem__)
    header: list[str] | None = None
    for begins, cells in _records(lines, delimiter):
        if isinstance(cells, str):
            yield Row(begins, problem=cells)
        elif header is None:
            header = _header(cells)
        elif len(cells) > len(header):
            yield Row(begins, problem=_too_wide(len(cells), len(header), delimiter))
        else:
            yield Row(begins, dict(zip(header, map(_unguarded, cells), strict=False)))


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, and that is read again as it was."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA_SIGNS) else cell


def _unguarded(cell: str) -> str:
    """The cell that `guarded` made this of; a spreadsheet shows no such mark, either."""
    bare = cell.removeprefix("'")
    return bare if guarded(bare) == cell else cell


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Line and cells of each row that holds anything, or why it has none."""
    start = 0
    for _ in range(_MOST_UNCLOSED):
        rest = (f"{line}\n" for line in [*lines[start:], _END])
        reader = csv.reader(rest, delimiter=delimiter)
        begins = start + 1
        for cells in _whole(reader):
            if cells and cells[-1].rstrip("\n") == _END:
                return
            if cells and cells[-1].rstrip("\n").endswith(_END):
                break
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = start + reader.line_num + 1
        yield begins, "A quotation mark in it is never closed: close it, or take it out."
        start = begins
    yield start + 1, "From here on nothing was read: too many quotation marks before are never closed."


def jsonl_rows(text: str) -> Iterator[Row]:
    """One JSON object a line."""
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            yield _row(line, content)


def json_rows(text: str) -> Iterator[Row]:
    """The objects of a list, or of the list under `questions` or `data`; good ones before a fault are kept.

    Raises `UsageError` when there is no such list.
    """
    start = _list_start(text)
    if start is None:
        raise UsageError('The JSON file holds no list of questions: write [{"question": ...}, ...].')
    decoder, place, counted, line = json.JSONDecoder(), start, 0, 1
    while True:
        place = _skip(text, place, " \t\r\n,")
        line, counted = line + text.count("\n", counted, place), place
        if place >= len(text):
            yield Row(line, problem="The list is not closed: the file may be cut off.")
            return
        if text[place] == "]":
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            yield Row(line, problem="From here on the file is not valid JSON: correct it.")
            return
        yield Row(line, value) if isinstance(value, dict) else Row(line, problem=_NO_OBJECT)


_NO_OBJECT = 'It is not a JSON object: write {"question": ..., "answers": [...]}.'


def _row(line: int, content: str) -> Row:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return Row(line, problem="It is not valid JSON: correct the line.")
    return Row(line, value) if isinstance(value, dict) else Row(line, problem=_NO_OBJECT)


def _whole(reader: Any) -> Iterator[list[str]]:
    """The rows up to the first that csv cannot read, which only an oversized cell can cause."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(f"The CSV file cannot be read at line {reader.line_num} ({error}).") from None


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not {name.lower() for name in names} & {"question", "query"}:
        shown = ", ".join(name[:30] for name in names[:8])
        raise UsageError(
            f"The CSV file has no column “question” in its first row ({shown}): name the columns there."
        )
    return names


def _too_wide(cells: int, columns: int, delimiter: str) -> str:
    name = {"\t": "a tab", ",": "a comma", ";": "a semicolon"}[delimiter]
    return f"It has {cells} cells for {columns} columns: put text that holds {name} into quotation marks."


def _list_start(text: str) -> int | None:
    """Where the first item of the list can be."""
    place = _skip(text, 0, " \t\r\n\ufeff")
    if text[place : place + 1] == "[":
        return place + 1
    for key in '"questions"', '"data"':
        found = text.find(key)
        if text[place : place + 1] == "{" and found >= 0:
            opening = _skip(text, found + len(key), " \t\r\n:")
            if text[opening : opening + 1] == "[":
                return opening + 1
    return None


def _skip(text: str, place: int, letters: str) -> int:
    while place < len(text) and text[place] in letters:
        place += 1
    return place
