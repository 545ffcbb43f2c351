"""What a process prints, bounded as bytes and cleaned to text; texts for eyes: lines that nothing obeys."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given, strategies as st

from bootmatrix import texts
from bootmatrix.texts import LAST, Record, clean

ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
ANY = st.text(st.characters() | st.sampled_from("\x1b\x9b[]\a\r\n\t\0\ud800\u202e\u2028\ufeff\x85"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain ü 😀", "plain ü 😀"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("a\tb\nc\rd\u2028e\xa0f", "a b c d e f"),
        ("\0\x07\x7f\x9b\u202e\ufeff\ud800\ufffe", "\ufffd" * 8),
    ],
)
def test_a_line_shows_nothing_that_a_terminal_obeys(text: str, line: str) -> None:
    assert texts.harmless(text) == line


def test_what_is_visible_keeps_its_lines_and_loses_its_colours() -> None:
    assert texts.visible("\x1b[1mone\x1b[0m\r\ntwo\rthree\x07\n\tfour") == "one\ntwo\nthree\ufffd\n    four"


@given(ANY)
def test_all_that_is_visible_is_printable(text: str) -> None:
    assert all(line.isprintable() for line in texts.visible(text).split("\n"))
    assert texts.harmless(text).isprintable()
    assert len(texts.harmless(text)) == len(text)


@given(ANY, st.integers(4, 60))
def test_a_line_is_one_and_bounded(text: str, most: int) -> None:
    line = texts.line(text, most)
    assert line.isprintable()
    assert len(line) <= most


def test_xml_holds_whatever_is_visible() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert not ILLEGAL.search(texts.visible(every))
    assert not ILLEGAL.search("".join(filter(str.isprintable, every)))  # which is taken as it is


def test_a_record_keeps_the_first_and_the_last_bytes() -> None:
    record = Record(4)
    for chunk in (b"ab", b"cdef", b"x" * (2 * LAST), b"yz"):
        record.add(chunk)
    raw = record.raw()
    assert raw.startswith(b"abcd\n[bootmatrix: ")
    assert raw.endswith(b"xyz")
    assert record.total == 8 + 2 * LAST


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_is_cleaned_to_text(byte: int) -> None:
    text = clean(bytes([65, byte, 66]))
    assert text[0] == "A" or byte == 0x7F
    assert text.isprintable() or byte in {9, 10, 13}
    assert len(text) <= 3


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\r\nb\rc\nd", "a\nb\nc\nd"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b[38;5;196mred\x1b[K", "red"),
        (b"\x1b]0;title\x07x", "x"),
        (b"\x1b]8;;http://a\x1b\\x", "x"),
        (b"\x1b(Bx\x1bcx\x1b7x\x1b=x", "xxxx"),
        (b"\x1b]never closed\nnot ok 1\n\x07", "never closed\nnot ok 1\n"),
        (b"\x1b[\nnot ok 1", "\nnot ok 1"),
        (b"\x1b", ""),
        (b"x\x1b[", "x"),
        ("naïve".encode(), "naïve"),
        (b"\xc3(", "�("),
        (b"\xed\xa0\x80", "���"),
    ],
)
def test_what_a_terminal_does_not_show_is_removed_and_no_line_with_it(raw: bytes, text: str) -> None:
    assert clean(raw) == text


@pytest.mark.parametrize("unit", [b"\x1b[", b"\x1b]", b"\x1b[0;", b"\x1b ", b"\x1b]a\x1b", b"\r", b"\xff", b" "])
def test_a_hostile_console_is_cleaned_in_linear_time(unit: bytes) -> None:
    assert len(clean(unit * 300_000)) <= 1_200_000
