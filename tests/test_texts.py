"""What a process prints, bounded as bytes and cleaned to text."""

from __future__ import annotations

import pytest

from bootmatrix.texts import LAST, Record, clean


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
