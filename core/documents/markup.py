"""Text of web pages, through BeautifulSoup: structure kept readable, scripts and navigation dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.documents.text import clean_text
from core.errors import DocumentError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import PageElement, Tag

_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]{2,40})""", re.IGNORECASE
)
_PROLOGUE = re.compile(r"\s*<\?xml[^>]*>")

_DROPPED = {
    *("head", "script", "style", "noscript", "template", "nav", "footer", "dialog"),
    *("svg", "math", "iframe", "object", "canvas", "audio", "video"),
    *("button", "select", "textarea"),
}
_DROPPED_ROLES = {"navigation", "search", "contentinfo"}
_BLOCKS = {
    *("html", "body", "main", "header", "article", "section", "aside", "div", "p", "pre", "hr", "blockquote"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "address", "details", "summary", "figure", "figcaption"),
    *("ul", "ol", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "form", "fieldset", "legend"),
}
_HEADINGS = {f"h{level}": f"{'#' * level} " for level in range(1, 7)}
_LINES = {"br", "tr", "caption"}
_CELLS = ["td", "th"]
_LONGEST_CELL = 300
_MOST_CELL_PARTS = 50
# BeautifulSoup spends 20 to 40 microseconds and 2 kB on each.
_MOST_TAGS = 300_000
_PARAGRAPH = "\n\n"

_SPACE = re.compile(r"\s+")
_LONE_MARK = re.compile(r"^(-|#{1,6})\n{1,2}(?=[^-#\n])", re.MULTILINE)
_LOOSE_LIST = re.compile(r"^(- .*)\n\n(?=- )", re.MULTILINE)


def declared_encoding(data: bytes) -> str:
    """The encoding that a page names in its first 4 kB, read as browsers do; empty without one."""
    match = _CHARSET.search(data[:4096])
    name = match[1].decode("ascii", "ignore").lower() if match else ""
    return "cp1252" if name in {"iso-8859-1", "latin1", "latin-1", "us-ascii"} else name


def read_html(name: str, text: str) -> str:
    """A page's text: its title, then headings as `# ...`, list items as `- ...`, tables by row.

    lxml is the parser: html.parser takes minutes for 1 MB of unclosed tags. Raises `DocumentError`
    for a page of too many tags.
    """
    from bs4 import BeautifulSoup

    if text.count("<") > _MOST_TAGS:
        raise DocumentError(
            f"“{name}” is a web page of more than {_MOST_TAGS:,} tags: split it, or save it as PDF or text."
        )

    # The line end keeps BeautifulSoup from warning about text that looks like a file name.
    soup = BeautifulSoup(_PROLOGUE.sub("", text, count=1) + "\n", "lxml")
    root = _content(soup)
    body = _LOOSE_LIST.sub(r"\1\n", _LONE_MARK.sub(r"\1 ", clean_text(_joined(_walk(root)))))
    title, first = _line(soup.title), _line(root.find("h1"))
    heading = f"# {title}\n\n" if title and not (first and first in title) else ""
    return heading + body


def _line(tag: Tag | None) -> str:
    return _SPACE.sub(" ", tag.get_text()).strip() if tag is not None else ""


def _content(soup: BeautifulSoup) -> Tag:
    """The page's own `main` when it holds a fair share of the text, else everything."""
    main = soup.find("main") or soup.find(None, {"role": "main"})
    if main is not None and len(main.get_text()) > 0.3 * len(soup.get_text()):
        return main
    return soup


def _joined(pieces: Iterator[str]) -> str:
    """The pieces in one, without the space that separates tags at a line's start."""
    kept = ["\n"]
    for piece in filter(None, pieces):
        text = piece.removeprefix(" ") if kept[-1].endswith("\n") else piece
        if text:
            kept.append(text)
    return "".join(kept)


def _walk(root: Tag) -> Iterator[str]:
    """Pieces of text in document order; a loop, so that nesting of any depth is read.

    The stack holds, for each open tag, its remaining children, what follows its text, and how
    white space inside is treated: as it is ("pre"), on one line ("cell"), or by blocks ("").
    """
    from bs4.element import Tag

    stack: list[tuple[Iterator[PageElement], str, str]] = [(iter(root.contents), "", "")]
    while stack:
        children, closing, mode = stack[-1]
        node = next(children, None)
        if node is None:
            stack.pop()
            yield closing
        elif not isinstance(node, Tag):
            yield _string(node, mode)
        elif not _is_dropped(node):
            opening, closing = _frame(node, mode)
            yield opening
            stack.append((iter(node.contents), closing, mode or _mode(node)))


def _is_dropped(tag: Tag) -> bool:
    return (
        tag.name in _DROPPED
        or tag.has_attr("hidden")
        or tag.get("aria-hidden") == "true"
        or tag.get("role") in _DROPPED_ROLES
    )


def _mode(tag: Tag) -> str:
    if tag.name == "pre":
        return "pre"
    return "cell" if tag.name in _CELLS and _is_small(tag) else ""


def _is_small(cell: Tag) -> bool:
    """A cell of data, not of layout; looks at a bounded number of parts, cells may nest."""
    waiting, parts, text = list(cell.contents), 0, 0
    while waiting and parts <= _MOST_CELL_PARTS and text <= _LONGEST_CELL:
        node = waiting.pop()
        parts += 1
        if isinstance(node, str):
            text += len(node)
        else:
            waiting.extend(getattr(node, "contents", ()))
    return not waiting


def _frame(tag: Tag, mode: str) -> tuple[str, str]:
    """What stands before and after a tag's text."""
    name = tag.name
    if mode == "cell":
        return (" ", " ") if name in _BLOCKS or name in _LINES or name == "li" else ("", "")
    if name in _CELLS:
        return (" | " if tag.find_previous_sibling(_CELLS) else "", "")
    if name in _BLOCKS:
        return _PARAGRAPH + _HEADINGS.get(name, ""), _PARAGRAPH
    if name == "li":
        return "\n- ", ""
    return "", "\n" if name in _LINES else ""


def _string(node: PageElement, mode: str) -> str:
    """A text node's text; comments, declarations and the like are none."""
    from bs4.element import CData, NavigableString

    if type(node) not in {NavigableString, CData}:
        return ""
    return str(node) if mode == "pre" else _SPACE.sub(" ", str(node))
