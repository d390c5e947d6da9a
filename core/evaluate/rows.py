"""The rows of a question file with their line numbers, whatever of it can be read."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from core.errors import UsageError

_LARGEST_CELL = 10_000_000
_DELIMITERS = ",;\t"
_MOST_TORN = 100


@dataclass(frozen=True)
class Row:
    """One row: where it begins (line, from 1), and its columns, or why it has none."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def csv_rows(text: str) -> Iterator[Row]:
    """Rows under a header that has a column `question`; commas, semicolons or tabs.

    Raises `UsageError` when the header has no such column.
    """
    csv.field_size_limit(_LARGEST_CELL)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=Counter(first).__getitem__)
    lines = text.split("\n")
    header: list[str] | None = None
    start = 0
    for _ in range(_MOST_TORN):
        header, again = yield from _records(lines, start, delimiter, header)
        if again is None:
            return
        start = again
    raise UsageError(f"The CSV file cannot be read: {_MOST_TORN} of its quotation marks are never closed.")


def _records(
    lines: list[str], start: int, delimiter: str, header: list[str] | None
) -> Generator[Row, None, tuple[list[str] | None, int | None]]:
    """The rows from the line `start` (from 0) on; without a header, the first row is it.

    Returns the header, and where to go on behind a row whose quotation takes all that follows for its text.
    """
    for begins, ends, cells in _csv_cells(lines, start, delimiter):
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = _header(cells)
        elif ends == len(lines) and _unclosed(lines[begins:], delimiter):
            yield Row(begins + 1, problem="A quotation mark is opened and never closed: close it.")
            return header, begins + 1
        elif len(cells) > len(header):
            yield Row(begins + 1, problem=_too_wide(len(cells), len(header), delimiter))
        else:
            yield Row(begins + 1, dict(zip(header, cells, strict=False)))
    return header, None


def _csv_cells(lines: list[str], start: int, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Every row's first line (from 0), the line behind its last one, and its cells."""
    reader = csv.reader(StringIO("\n".join(lines[start:]), newline=""), delimiter=delimiter)
    begins = start
    for cells in _whole(reader):
        ends = start + reader.line_num
        # The empty line behind a last line break is no line to the reader.
        yield begins, len(lines) if ends == len(lines) - 1 and not lines[-1] else ends, cells
        begins = ends


def _unclosed(lines: list[str], delimiter: str) -> bool:
    """Whether the last row, in these lines, ends within a quotation."""
    opened = lines[0].startswith('"') or f'{delimiter}"' in lines[0]
    return opened and sum(line.count('"') for line in lines) % 2 == 1


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
