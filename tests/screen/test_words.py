from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len
from screen.screens import result

from bootmatrix.screen.words import details, fit, lines_of, safe, squeeze, whole


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, né, 日本", "plain, né, 日本"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("a\tb\r\nc", "a b  c"),
        ("\x9b2J", "\ufffd2J"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\ud800", "\ufffd"),
        ("[bold]no markup[/]", "[bold]no markup[/]"),
    ],
)
def test_nothing_that_a_terminal_would_obey_is_left(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text(), st.integers(1, 30), st.sampled_from(["…", "..."]))
def test_a_text_is_cut_to_the_columns_there_are(text: str, width: int, dots: str) -> None:
    for cut in (fit(safe(text), width, dots), squeeze(safe(text), width, dots)):
        assert cell_len(cut) <= width
        assert cut == safe(text) or cell_len(safe(text)) > width or len(text) > width


def test_marks_without_a_width_are_no_way_to_a_long_line() -> None:
    assert len(fit("e" + "\u0301" * 10_000, 10)) < 100


def test_an_id_that_is_too_long_keeps_its_test() -> None:
    assert squeeze("gcc-debian-12-x86_64-qemu/hello", 20) == "gcc-debian…emu/hello"


@pytest.mark.parametrize(
    ("reason", "lines"),
    [
        ("", ("", "")),
        ("one", ("one", "")),
        ("one\n    two\n", ("one", "two")),
        ("\n one\n two\n three\n\n", ("one", "three")),
    ],
)
def test_of_a_reason_the_first_and_the_last_line_matter(reason: str, lines: tuple[str, str]) -> None:
    assert lines_of(reason) == lines


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.99, "59 s"), (60, "1 min 0 s"), (3599.9, "59 min 59 s"), (7380, "2 h 3 min")]
)
def test_a_time_that_goes_on_is_told_in_whole_seconds(seconds: float, words: str) -> None:
    assert whole(seconds) == words


def test_a_pass_tells_its_time_one_taken_again_its_run_and_the_others_their_reason() -> None:
    assert details(result()) == "  0.15 s (tcg)"
    assert details(result(reused="2025-07-01")) == "  (reused from run 2025-07-01)"
    again = replace(result(reason="exited(0); attempt 1 was ended"), attempts=result().attempts * 2)
    assert details(again) == "  0.15 s (tcg)  exited(0); attempt 1 was ended"
    assert details(result(verdict="failed", reason="one\ntwo")) == "  one"
