from __future__ import annotations

from hypothesis import given, strategies as st

from bootmatrix.model import SEVERITY, VERDICTS
from bootmatrix.screen.pen import STYLES
from bootmatrix.screen.signs import ASCII, KINDS, UNICODE, box, merged, share, split


def signs(room: int, total: int, running: int = 0, **counts: int) -> str:
    tally = [counts.get(kind.replace(" ", "_"), 0) for kind in SEVERITY]
    return "".join(text for text, _ in box(tally, running, total, room, UNICODE))


def test_every_verdict_has_a_place_a_sign_and_a_style_of_its_own() -> None:
    assert sorted(SEVERITY) == sorted(VERDICTS)
    for alphabet in (UNICODE, ASCII):
        assert len({*alphabet.of.values(), *alphabet.steps}) == len(KINDS) + len(alphabet.steps)
    assert set(KINDS) <= set(STYLES)
    assert "".join([*ASCII.of.values(), ASCII.steps, ASCII.dots]).isascii()


def test_where_there_is_room_each_test_has_a_sign_the_worst_first() -> None:
    assert signs(12, 8, running=2, passed=3, failed=1, flaky=1) == "F≈■■■►►·"


def test_one_failure_among_a_thousand_is_seen_and_so_is_the_last_that_is_not_done() -> None:
    assert signs(10, 1001, passed=999, failed=1) == "F■■■■■■■■·"
    assert signs(10, 1001, passed=1000, failed=1) == "F■■■■■■■■■"


def test_a_single_sign_fills_and_tells_the_worst() -> None:
    filling = [signs(1, 8, passed=done) for done in range(9)]
    assert filling == ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "■"]
    assert signs(1, 8, running=1) == "►"
    assert signs(1, 8, passed=6, error=1, timed_out=1) == "T"
    assert signs(1, 8, passed=1, flaky=1) == "≈"
    assert signs(1, 8, skipped=8) == "-"
    assert signs(1, 8, skipped=7, passed=1) == "■"


def test_more_results_than_were_announced_do_no_harm() -> None:
    assert signs(5, 1, running=3, passed=2) == "■■"
    assert signs(5, 0) == ""


@given(st.lists(st.integers(0, 10**6), min_size=11, max_size=11), st.integers(1, 200))
def test_shares_fill_the_room_and_lose_nobody_if_there_is_room(parts: list[int], room: int) -> None:
    shared = share(parts, room)
    present = [part for part in parts if part]
    assert sum(shared) == (room if present else 0)
    assert len([part for part in shared if part]) == min(len(present), room)
    assert all(part or not got for part, got in zip(parts, shared, strict=True))


def test_signs_are_split_and_neighbours_merged() -> None:
    assert list(split([("aaa", "x"), ("bb", "y")], 2)) == [[("aa", "x")], [("a", "x"), ("b", "y")], [("b", "y")]]
    assert merged([("a", "x"), ("b", "x"), ("c", "y")]) == [("ab", "x"), ("c", "y")]
