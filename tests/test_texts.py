"""Texts that others wrote, for eyes: lines that nothing obeys, and that XML can hold."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootmatrix import texts

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
