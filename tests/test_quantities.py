"""Times and sizes as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, strategies as st

from bootmatrix import quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500 ms", 0.5),
        ("30 s", 30),
        ("30", 30),
        ("30sec", 30),
        ("2 min", 120),
        ("2m", 120),
        ("1.5 h", 5400),
        (" 1 S ", 1),
    ],
)
def test_times(text: str, expected: float) -> None:
    assert quantities.seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("64 MiB", 64 << 20),
        ("64m", 64 << 20),
        ("1 GiB", 1 << 30),
        ("512 KiB", 512 << 10),
        ("1 MB", 10**6),
        ("10 b", 10),
    ],
)
def test_sizes(text: str, expected: int) -> None:
    assert quantities.size(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "-1 s",
        "1 d",
        "1e3",
        "1 s s",
        "1,5 s",
        "inf",
        "nan",
        "٣ s",
        "1" * 13,
        ".5 s",
        "1. s",
        None,
        [],
        "1\n\n;s",
    ],
)
def test_what_is_no_time_is_told_with_examples(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not a time such as 500 ms, 30 s, 2 min or 1 h"):
        quantities.seconds(text)


@pytest.mark.parametrize("text", ["0", "0 s", "0.0 h"])
def test_only_a_pause_may_be_nothing(text: str) -> None:
    assert quantities.pause(text) == 0
    with pytest.raises(ValueError, match="must be longer than zero"):
        quantities.seconds(text)


def test_a_time_ends_within_a_week() -> None:
    assert quantities.seconds("168 h") == quantities.WEEK
    with pytest.raises(ValueError, match="'169 h' is more than a week"):
        quantities.seconds("169 h")


@pytest.mark.parametrize("text", ["64", "64 MiBs", "64 s", "-1 MiB", "1e3 MiB", "", None])
def test_what_is_no_size_is_told_with_examples(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not a size with its unit, such as 64 MiB or 1 GiB"):
        quantities.size(text)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (64 << 20, "64 MiB"), (5 << 40, "5120 GiB")],
)
def test_sizes_for_people(count: int, expected: str) -> None:
    assert quantities.human_size(count) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0.00 s"),
        (0.0042, "4.2 ms"),
        (0.00996, "10 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.10 s"),
        (0.149, "0.15 s"),
        (12.4, "12 s"),
        (59.4, "59 s"),
        (59.7, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.9, "1 h 0 min"),
        (7300, "2 h 1 min"),
    ],
)
def test_times_for_people(count: float, expected: str) -> None:
    assert quantities.human_time(count) == expected


@given(st.text())
def test_any_text_is_a_quantity_or_a_value_error(text: str) -> None:
    for read in (quantities.seconds, quantities.pause, quantities.size):
        with contextlib.suppress(ValueError):
            assert read(text) >= 0


@given(st.integers(1, 1 << 40))
def test_a_size_that_is_told_whole_is_read_back(count: int) -> None:
    assert quantities.size(quantities.human_size(count << 10)) == pytest.approx(count << 10, rel=0.06)


@pytest.mark.parametrize(("count", "said"), [(0, "0 tests"), (1, "1 test"), (2, "2 tests"), (12_345, "12,345 tests")])
def test_how_many_is_said_in_the_right_number(count: int, said: str) -> None:
    assert quantities.how_many(count, "test") == said


@pytest.mark.parametrize(
    ("text", "an_hour"),
    [("1 MiB/h", 1 << 20), ("64 KiB/s", 3600 << 16), ("10/min", 600), ("1.5 / h", 1.5), ("0/s", 0), ("1 kB/ms", 3.6e9)],
)
def test_growths(text: str, an_hour: float) -> None:
    assert quantities.rate(text) == pytest.approx(an_hour)


@pytest.mark.parametrize("text", ["", "1", "1 MiB", "/h", "1/", "1 MiB/", "1 MiB/day", "x/h", "-1/h", "1/1/h", 5, None])
def test_what_is_no_growth_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a"):
        quantities.rate(text)


@pytest.mark.parametrize(
    ("amount", "unit", "told"),
    [
        (1.5 * (1 << 20), "B", "1.5 MiB/h"),
        (-2048.0, "B", "-2 KiB/h"),
        (0.0, "", "0/h"),
        (12.345, "objects", "12.35 objects/h"),
        (-8886123.4, "words", "-8,886,123 words/h"),
    ],
)
def test_a_growth_for_people(amount: float, unit: str, told: str) -> None:
    assert quantities.human_rate(amount, unit) == told


@pytest.mark.parametrize(
    ("what", "said"), [("try", "2 tries"), ("entry", "2 entries"), ("key", "2 keys"), ("more test", "2 more tests")]
)
def test_several_of_a_thing_are_spelled_as_in_english(what: str, said: str) -> None:
    assert quantities.how_many(2, what) == said


@pytest.mark.parametrize(("count", "said"), [(0, "0 lines are"), (1, "1 line is"), (2, "2 lines are")])
def test_what_is_said_of_one_is_said_in_the_singular(count: int, said: str) -> None:
    assert quantities.how_many_are(count, "line") == said


@pytest.mark.parametrize(("count", "said"), [(1, "the last run"), (2, "the last 2 runs")])
def test_one_run_is_not_told_as_the_last_1_runs(count: int, said: str) -> None:
    assert quantities.the_last(count, "run") == said
