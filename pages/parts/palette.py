"""The one colour, mark and pattern of each engine and each mode, used wherever they appear.

Colours are told apart under protanopia, deuteranopia and tritanopia, and every one has a contrast of
at least 3 to 1 against both the light and the dark page, so that charts need not know the theme. Text is
never set in them: a coloured mark stands beside text in the theme's own colour. Marks, patterns and
dashes repeat what the colour says.
"""

from __future__ import annotations

from dataclasses import dataclass

LIGHT_PAGE = "#FFFFFF"
DARK_PAGE = "#11151D"

# Mid grey with at least 3 to 1 on both pages: axes, reference lines, what belongs to nobody.
NEUTRAL = "#7C8798"

# An answer that was right, and one that was wrong; neither belongs to an engine or a mode.
RIGHT, WRONG = "#4C84D6", "#D9483B"


@dataclass(frozen=True)
class Look:
    """How one thing is drawn: `mark` in text, `symbol`, `pattern` and `dash` in plotly's words."""

    label: str
    color: str
    mark: str
    symbol: str
    pattern: str
    dash: str

    @property
    def tag(self) -> str:
        """Markdown: the coloured mark, then the label in the theme's text colour."""
        return f"{self.dot}\u00a0**{self.label}**"

    @property
    def dot(self) -> str:
        """Markdown: the coloured mark alone."""
        return f':color[{self.mark}]{{foreground="{self.color}"}}'


ENGINES: dict[str, Look] = {
    "llamaindex": Look("LlamaIndex", "#7450C8", "●", "circle", "", "solid"),
    "langchain": Look("LangChain", "#C4620F", "■", "square", "", "dash"),
    "pymilvus": Look("pymilvus", "#17A098", "▲", "triangle-up", "", "dot"),
}

MODES: dict[str, Look] = {
    "sequential": Look("Sequential", "#B0438A", "●", "circle", "", "solid"),
    "threads": Look("Threads", "#A99132", "■", "square", "/", "dash"),
    "asyncio": Look("asyncio", "#3391F5", "▲", "triangle-up", "x", "dot"),
    "batch": Look("Batch", "#2F7A2C", "◆", "diamond", ".", "dashdot"),
}


def engine(name: str) -> Look:
    """The look of an engine; a name that is not known gets the neutral one."""
    return ENGINES.get(name) or Look(name, NEUTRAL, "○", "circle-open", "", "solid")


def mode(name: str) -> Look:
    """The look of a mode; a name that is not known gets the neutral one."""
    return MODES.get(name) or Look(name, NEUTRAL, "○", "circle-open", "", "solid")
