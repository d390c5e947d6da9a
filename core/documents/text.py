"""Bytes to text, and text made fit to be stored, shown and searched."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

from core.errors import DocumentError

_SAMPLE = 65_536
_BOMS = (
    # The UTF-32 mark starts with the UTF-16 one, so it comes first.
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Realistic legacy encodings; left to itself charset-normalizer also proposes DOS and Mac code pages.
_LEGACY = [
    "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip
_WESTERN = frozenset("àâäáãåæçèéêëìíîïñòóôöõøùúûüýÿœšžßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØÙÚÛÜÝŸŒŠŽ")
_WESTERN_SIGNS = frozenset("‘’‚“”„–—…•€£¥©®™°§¶«»‹›·¿¡ªº½¼¾×÷±²³µ¢´\xa0\xad")
# What Polish letters of cp1250 look like when read as Windows-1252.
_SIGN_IN_WORD = re.compile(r"[^\W\d_][¹³¿£¯¥][^\W\d_]")

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# NULs and controls (Milvus, terminals), lone surrogates (no UTF-8), marks without width, soft hyphens.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u2060\ufeff\ufff9-\ufffc\ufffe\uffff\ufdd0-\ufdef\ud800-\udfff]"
)
_ODD_SPACES = re.compile("[\xa0\u2000-\u200a\u202f\u205f\u3000]")
_INNER_SPACES = re.compile(r"(?<=\S)[ \t]{2,}")
# Tokenizers give up on endless runs of spaces.
_DEEP_INDENT = re.compile(r"[ \t]{17,}")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean_text(text: str) -> str:
    """Text with one kind of line end, at most one blank line in a row and no characters that break stores.

    Indentation stays; runs of spaces inside a line become one, spaces at its end go. Whatever looks
    like markup is left as it is: it is the document's text. The result is idempotent and linear in time.
    """
    text = _ODD_SPACES.sub(" ", _UNWANTED.sub("", _LINE_ENDS.sub("\n", text)))
    text = _INNER_SPACES.sub(" ", unicodedata.normalize("NFC", text))
    text = _DEEP_INDENT.sub(" " * 16, text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()


def decode(name: str, data: bytes, declared: str = "") -> str:
    """Decode by byte-order mark, `declared` encoding, UTF-8, UTF-16 without mark, or a guess from a sample.

    Raises `DocumentError` when the bytes are no text at all.
    """
    text = _decode(data, declared)
    if _is_binary(text):
        raise DocumentError(
            f"“{name}” is not a text file: its content is binary. Give it the extension of what it"
            " really is, or save it as text or PDF."
        )
    return text


def _decode(data: bytes, declared: str) -> str:
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return data.decode(codec, "replace")
    if codec := _unmarked_utf16(data[:_SAMPLE]):
        return data.decode(codec, "replace")
    for codec in filter(None, ("utf-8", declared)):
        try:
            return data.decode(codec)
        except (UnicodeError, LookupError, ValueError):
            continue
    text = data.decode("utf-8", "replace")
    return text if _is_damaged_utf8(text) else data.decode(_guess(_telling(data)), "replace")


def _unmarked_utf16(sample: bytes) -> str:
    """UTF-16 of mostly Latin text has a zero in every other byte."""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if half >= 2 and odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if half >= 2 and even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return ""


def _is_damaged_utf8(text: str) -> bool:
    """Few broken bytes among many sound multi-byte characters: better repaired than guessed anew."""
    broken = text.count("\ufffd")
    sound = sum(1 for character in text if character > "\x7f") - broken
    return sound > 4 * broken


def _telling(data: bytes) -> bytes:
    """Up to 32 kB of the lines that hold non-ASCII bytes: all that a guess can go by."""
    lines = (line[:4096] for line in data.split(b"\n") if not line.isascii())
    return b"\n".join(islice(lines, 400))[:32_768]


def _guess(sample: bytes) -> str:
    """Windows-1252 when that reads as western text, else what charset-normalizer finds.

    Asked first, charset-normalizer 3.5 takes Portuguese, Italian, Swedish and Spanish for cp1250.
    """
    if _is_western(sample):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_LEGACY).best()
    return best.encoding if best else "cp1250"


def _is_western(sample: bytes) -> bool:
    text = sample.decode("cp1252", "replace")
    high = [character for character in text if character > "\x7f"]
    letters = sum(character in _WESTERN for character in high)
    known = letters + sum(character in _WESTERN_SIGNS for character in high)
    all_letters = sum(map(str.isalpha, text))
    return (
        known >= 0.98 * len(high) and letters <= max(3, 0.35 * all_letters) and not _SIGN_IN_WORD.search(text)
    )


def _is_binary(text: str) -> bool:
    """More than a tenth of what a text never holds, in three samples."""
    middle = len(text) // 2
    samples = {text[:4096], text[middle : middle + 4096], text[-4096:]}
    return any(sum(map(_is_odd, sample)) > 0.1 * len(sample) for sample in samples)


def _is_odd(character: str) -> bool:
    if character in "\t\n\r\f\v\b\x1b":
        return False
    return character == "\ufffd" or unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"}
