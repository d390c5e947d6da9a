import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.documents import Document, Page, Splitter, document_id, spans, split, splitters
from core.documents.sentences import sentences

NAMES = ["shared", "langchain", "llamaindex"]
SPLITTERS = [Splitter(name, 120, 30) for name in NAMES] + [Splitter(name, 100, 0) for name in NAMES]
NATIVE = [Splitter(name, 1000, 150, native=True) for name in NAMES[1:]]
PROSE = "Tea is old. It came from China, they say! Who brought it? Nobody knows.\n\nCoffee is younger. "

# Few characters, so that pieces repeat; all that a splitter might trip over.
TEXTS = st.text(alphabet=st.sampled_from("ab .\n,é。👩\u200d\u0301\t"), max_size=900) | st.text(max_size=400)
WORDS = st.lists(
    st.sampled_from(["tea.", "Tea", "a,", "b", "\n", "\n\n", "tea tea", "x" * 150]), max_size=120
)


def document(*pages):
    return Document("a.txt", "hash", "txt", tuple(Page(n, text) for n, text in enumerate(pages, 1)))


def check(text, splitter):
    """Spans are stripped, inside the text, and together leave out nothing but white space."""
    covered = bytearray(len(text))
    for start, end in spans(text, splitter):
        piece = text[start:end]
        assert piece
        assert piece == piece.strip()
        covered[start:end] = b"\x01" * (end - start)
    assert all(done or text[place].isspace() for place, done in enumerate(covered))


@pytest.mark.parametrize("splitter", SPLITTERS + NATIVE, ids=lambda splitter: splitter.label)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(text=TEXTS | WORDS.map(" ".join))
def test_chunks_cover_any_text_and_are_never_blank(splitter, text):
    check(text, splitter)
    if not splitter.native:
        assert all(end - start <= splitter.size for start, end in spans(text, splitter))


@pytest.mark.parametrize("splitter", SPLITTERS + NATIVE, ids=lambda splitter: splitter.label)
def test_offsets_point_at_the_chunk_in_its_page(splitter):
    source = document(PROSE * 20, "", "  one\n", PROSE * 3)
    chunks = split(source, splitter)
    assert {chunk.page for chunk in chunks} == {1, 3, 4}
    for position, chunk in enumerate(chunks):
        assert source.pages[chunk.page_index].text[chunk.start : chunk.end] == chunk.text
        assert (chunk.position, chunk.source, chunk.page_index) == (position, "a.txt", (chunk.page or 0) - 1)


@pytest.mark.parametrize("text", ["", " \n\t ", "."], ids=["empty", "blank", "one"])
@pytest.mark.parametrize("splitter", SPLITTERS[:3], ids=lambda splitter: splitter.label)
def test_text_without_words_gives_no_empty_chunk(splitter, text):
    assert [chunk.text for chunk in split(document(text), splitter)] == ([text] if text == "." else [])


def test_ids_are_stable_unique_and_change_with_file_and_splitter():
    source, splitter = document("same. " * 100, "same. " * 100), Splitter("shared", 100, 20)
    ids = [chunk.id for chunk in split(source, splitter)]
    assert ids == [chunk.id for chunk in split(source, splitter)]
    assert len(set(ids)) == len(ids)
    other = {chunk.id for chunk in split(source, Splitter("shared", 100, 21))}
    changed = {chunk.id for chunk in split(Document("a.txt", "new", "txt", source.pages), splitter)}
    assert not set(ids) & (other | changed)
    assert split(source, splitter)[0].document_id == document_id("a.txt", "hash", splitter)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("Para one ends here.\n\n" + "word " * 40, "Para one ends here.", id="paragraph"),
        pytest.param("A first sentence is here. " + "w" * 40, "A first sentence is here.", id="sentence"),
        pytest.param("Measured by Dr. Wu et al. in may and a " + "w" * 40, None, id="abbreviation"),
        pytest.param("- one item of this\n- two items of it", "- one item of this", id="line"),
        pytest.param("w" * 100, "w" * 32, id="no boundary"),
        pytest.param(
            "这是第一句话它有一点长可以吗。" * 4, "这是第一句话它有一点长可以吗。" * 2, id="Chinese"
        ),
    ],
)
def test_shared_splitter_cuts_at_the_best_boundary(text, first):
    (start, end), *_ = spans(text, Splitter("shared", 32, 0))
    expected = first or "Measured by Dr. Wu et al. in may"
    assert text[start:end] == expected


def test_shared_splitter_overlaps_by_whole_sentences():
    text = "One is here. Two is here. Three is here. Four is here. Five is here."
    pieces = [text[start:end] for start, end in spans(text, Splitter("shared", 42, 16))]
    assert pieces[0].endswith("Three is here.")
    assert pieces[1].startswith("Three is here.")


def test_shared_splitter_does_not_cut_through_an_emoji():
    family = "👨\u200d👩\u200d👧"
    pieces = [(family * 60)[start:end] for start, end in spans(family * 60, Splitter("shared", 102, 0))]
    assert all(piece == family * (len(piece) // 5) for piece in pieces)


@pytest.mark.parametrize("name", NAMES)
def test_overlap_near_the_size_does_not_explode(name):
    assert len(spans(PROSE * 100, Splitter(name, 400, 399))) < 120


@pytest.mark.parametrize(
    ("splitter", "text"),
    [
        pytest.param(Splitter("shared", 40_000, 0), "👍" * 40_000, id="emoji"),
        pytest.param(NATIVE[1], (" " + "-" * 112) * 2000, id="tokens of 113 characters"),
    ],
)
def test_no_chunk_is_larger_than_the_store_takes(splitter, text):
    check(text, splitter)
    sizes = [len(text[start:end].encode()) for start, end in spans(text, splitter)]
    assert 15_000 <= max(sizes) <= 60_000


def test_native_splitters_keep_their_framework_s_own_sizes():
    text = PROSE * 300
    langchain, llamaindex = (spans(text, splitter) for splitter in NATIVE)
    tokenizer = splitters._bundled_tokenizer()
    assert 3800 < max(end - start for start, end in langchain) <= 4000
    assert 800 < max(len(tokenizer(text[start:end])) for start, end in llamaindex) <= 1024


@given(TEXTS)
def test_sentences_join_to_the_text(text):
    assert "".join(sentences(text)) == text


OFFLINE = """
import socket, sys
def refuse(*args, **options):
    raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = refuse
from core.documents import Splitter, spans
text = "Tea is old. Coffee is younger. " * 400
for native in (False, True):
    assert len(spans(text, Splitter("llamaindex", 1000, 150, native=native))) > 1
    assert len(spans(text, Splitter("langchain", 1000, 150, native=native))) > 1
assert "nltk" not in sys.modules, "nltk"
"""


def test_both_frameworks_split_offline_and_without_nltk(tmp_path):
    """A cache folder that LlamaIndex would have to fill by a download stays empty."""
    environment = {**os.environ, "TIKTOKEN_CACHE_DIR": str(tmp_path), "NLTK_DATA": str(tmp_path)}
    subprocess.run([sys.executable, "-c", OFFLINE], env=environment, check=True, timeout=120)
    assert not list(tmp_path.iterdir())
