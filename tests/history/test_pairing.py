"""Since when a test differs from its partner, by hand and through each database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from histories import night, point, result, run

from bootmatrix.history.database import opened
from bootmatrix.history.nights import compare
from bootmatrix.model import PairFinding, PairVerdict

if TYPE_CHECKING:
    from pathlib import Path

MORE = PairFinding(
    "ocaml", "4.14", "5.3", PairVerdict.MORE, "", "memory_peak", "B", "lower", 1e7, 1.26e7, 0.26, 0.24, 0.27, 0.02, 12
)
SIGNS = {
    "+": MORE,
    "-": replace(MORE, verdict=PairVerdict.LESS, change=-0.1, low=-0.12, high=-0.09),
    "=": replace(MORE, verdict=PairVerdict.SAME, change=0.0, low=-0.01, high=0.01),
    "?": replace(MORE, verdict=PairVerdict.UNDECIDED, why="too few"),
    "!": replace(MORE, verdict=PairVerdict.UNKNOWN, why="not measured"),
    "o": replace(MORE, base="5.0"),
}
SAID = "against 4.14, 5.3 needs 26% more memory (24 to 27%)"


def told(signs: str) -> list[tuple[str, str, str]]:
    nights = [night(number) for number in range(len(signs))]
    points = [
        point(each.run, "P", pairs=(SIGNS[sign],) if sign in SIGNS else ())
        for each, sign in zip(nights, signs, strict=True)
    ]
    found = compare(nights[-1], nights[:-1], points).changes
    return [(change.kind, change.detail, change.since.run if change.since else "") for change in found]


@pytest.mark.parametrize(
    ("signs", "since"),
    [("+++", "r0000"), ("=++", "r0001"), ("-++", "r0001"), ("=+?.+", "r0001"), ("+=+", "r0002"), ("o+", "r0001")],
)
def test_a_difference_is_told_with_the_night_since_which_it_is_known(signs: str, since: str) -> None:
    assert told(signs) == [("difference", SAID, since)]


@pytest.mark.parametrize("signs", ["===", "++?", "++!", "++.", "?=", "-o="])
def test_what_is_not_known_or_never_differed_is_no_news(signs: str) -> None:
    expected = [("no difference", "r0002")] if signs == "-o=" else []
    assert [(kind, since) for kind, _, since in told(signs)] == expected


def test_the_end_of_a_difference_is_told_once() -> None:
    was = "against 4.14, 5.3 needs as much memory (-1.0 to +1.0%) [it needs 26% more memory (24 to 27%) in r0001]"
    assert told("++?=") == [("no difference", was, "r0003")]
    assert told("++==") == []


def test_a_history_keeps_pairs_and_what_is_recorded_again_takes_their_place(url: str, tmp_path: Path) -> None:
    other = replace(MORE, name="r\x00te \ud800", unit="", better="", why="a\x00")
    blank = PairFinding("ocaml", "4.14", "5.3", PairVerdict.UNKNOWN, "no partner")
    with opened(tmp_path, url) as past:
        past.record(run(1, result("t", pairs=(SIGNS["="],)), result("u")))
        past.record(run(1, result("t", pairs=(MORE, other, blank, MORE)), result("u")))
    with opened(tmp_path, url) as past:
        first, second = past.points(past.nights("main", 9))
    assert {each.name: each for each in first.pairs} == {
        "memory_peak": MORE,
        "r\ufffdte ?": replace(other, name="r\ufffdte ?", why="a\ufffd"),
    }
    assert second.pairs == ()
