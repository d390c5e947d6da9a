"""The report is one file that a browser shows as it is: whole, safe, without a request."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from core.bench.comparisons import ratios
from core.bench.records import Flag, Verdict
from core.history import export_html
from tests.core.bench.results import cell
from tests.core.history.synthetic import ENVIRONMENT, result

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"' & {{ 7 * 7 }} </style>"


class Page(HTMLParser):
    """The tags, attributes and visible text of a page; every tag that is opened must be closed."""

    VOID = frozenset({"meta", "br", "img", "link", "input"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words, self.open = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def run_of(*cells, **changes):
    return replace(result(**changes), cells=cells, ratios=ratios(cells))


def test_the_verdict_comes_first_then_figures_tables_and_what_to_know():
    page = Page(export_html(result(warnings=("The rounds vary.",)), note="before the upgrade")).text
    places = [
        page.index(part)
        for part in (
            "Searches",
            "before the upgrade",
            "What wins",
            "asyncio wins.",
            "Warnings",
            "The rounds vary.",
            "How fast",
            "times as fast (log scale)",
            "ms (log scale)",
            "Every cell",
            "Calls/s",
            "What was held equal",
            "COSINE, 3 a search",
            "Where it ran",
            "Milvus server 2.3.5 at http://127.0.0.1:19530",
            "pymilvus 2.6.17",
        )
    ]
    assert places == sorted(places)


def test_it_asks_nobody_for_anything():
    text = export_html(result())
    page = Page(text)
    assert not set(page.tags) & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert not {name for name, _ in page.attributes} & {"src", "href", "action", "srcset", "background"}
    assert not re.search(r"@import|url\(", text)
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text


def test_whatever_people_and_files_write_stays_text():
    bad = cell("pymilvus.search.asyncio", 0.25)
    bad = replace(bad, flags=(Flag("drift", HOSTILE),))
    noted = replace(cell("pymilvus.search.batch", 1), rounds=(), note=HOSTILE)
    environment = {
        **ENVIRONMENT,
        "cpu": HOSTILE,
        "packages": {HOSTILE: HOSTILE},
        "backend": {"label": HOSTILE},
        "rtts_ms": {HOSTILE: HOSTILE},
    }
    hostile = replace(
        run_of(cell("pymilvus.search.sequential", 2), bad, noted, name=HOSTILE),
        environment=environment,
        warnings=(HOSTILE,),
        verdict=(Verdict("winner", HOSTILE), Verdict(HOSTILE, "x")),
    )
    page = Page(export_html(hostile, note=HOSTILE))
    assert not set(page.tags) & {"script", "img"}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count("<script>alert(1)</script>") >= 8
    assert "49" not in page.text


def test_bars_show_ratios_intervals_and_the_tutorials_own():
    pair = (
        cell("llamaindex.query.sequential", 30, consistency="Strong"),
        cell("llamaindex.query.asyncio", 1.0, consistency="Strong"),
    )
    text = export_html(run_of(*pair))
    assert "30×" in Page(text).text
    assert "LlamaIndex query: 100 calls, Strong" in text
    assert 'class="published"' in text
    assert text.count('class="whisker"') == 1
    assert 'class="published"' not in export_html(result())


def test_a_difference_that_is_none_is_pale():
    pair = (
        cell("pymilvus.search.sequential", 1, noise=0.2),
        cell("pymilvus.search.asyncio", 1.05, noise=0.2),
    )
    text = export_html(run_of(*pair))
    assert "(no difference)" in text
    assert 'class="asyncio same"' in text


def test_what_was_swept_is_drawn_as_lines_with_the_rounds_as_whiskers():
    widths = (1, 4, 16, 64)
    swept = [
        cell(f"{name}.asyncio", 2.0 / width**0.7, concurrency=width)
        for name in ("pymilvus.search", "llamaindex.query")
        for width in widths
    ]
    page = Page(export_html(run_of(*swept)))
    assert "Throughput against concurrency" in page.text
    assert "calls under way at once" in page.text
    assert "calls a second (log scale)" in page.text
    assert page.tags.count("polyline") == 2


@pytest.mark.parametrize("state", ["complete", "incomplete", "cancelled"])
def test_a_run_of_which_nothing_is_left_is_still_a_page(state):
    nothing = replace(result(), cells=(), ratios=(), verdict=(), environment={}, state=state, started_at="")
    page = Page(export_html(nothing)).text
    assert "Nothing can be concluded" in page
    assert "No cell was finished." in page
    assert state in page


def test_a_large_run_stays_a_small_file():
    many = [
        cell(f"pymilvus.search.{mode}", 1.0, count=count, rtt=rtt)
        for mode in ("sequential", "threads", "asyncio")
        for count in range(10, 110, 10)
        for rtt in (0.0, 10.0, 50.0)
    ]
    assert len(export_html(run_of(*many)).encode()) < 600_000
