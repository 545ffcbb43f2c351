"""Rows that are damaged, files that are spoilt: what is sound is used, what is not is told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from histories import CELL, result, run
from history.hostile import DAMAGE, change, ended

from bootmatrix.errors import BootmatrixError
from bootmatrix.history import findings
from bootmatrix.history.database import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_rows_are_left_out_and_the_rest_is_used(what: str, file: Path, tmp_path: Path) -> None:
    change(file, DAMAGE[what])
    folder, notes = ended(tmp_path, str(file))
    drawn = findings.trends(folder)
    assert drawn
    assert drawn.nights[-1].run == "r0003"
    assert set(drawn.tests) == {f"{CELL}/hello"}
    if notes:
        assert len(notes) == 1
        assert " ignored; " in notes[0]
        assert "move the file away" in notes[0]
    with opened(tmp_path, str(file)) as past:  # what can be read is sound, whatever it is
        assert [one.run for one in past.points(past.nights(None, 9)) if one.id == f"{CELL}/hello"][-1] == "r0003"
        assert dict(past.tests())[f"{CELL}/hello"] == run(3, result()).results[0].values


@pytest.mark.parametrize(
    "what", ["places that never were", "a verdict of bytes", "attempts in words", "a long reason", "a time in words"]
)
def test_what_was_left_out_is_told(what: str, file: Path, tmp_path: Path) -> None:
    change(file, DAMAGE[what])
    assert len(ended(tmp_path, str(file))[1]) == 1


def refusal(place: Path, tmp_path: Path) -> str:
    """What is said where a history is used; empty if it can be."""
    try:
        with opened(tmp_path, str(place)) as past:
            past.record(run(3, *(result(f"t{at}") for at in range(200))))
            list(past.points(past.nights(None, 9)))
    except BootmatrixError as error:
        return str(error)
    return ""


def spoilt(file: Path) -> Iterator[tuple[str, bytes]]:
    whole, dice = file.read_bytes(), random.Random(5)  # noqa: S311  # no secret
    for size in (1, 15, 16, 99, 100, 4095, 4096, 4097, len(whole) // 2, len(whole) - 1):
        yield f"cut off at {size}", whole[:size]
    for at in range(0, len(whole), 4096):
        yield f"spoilt at {at}", whole[:at] + b"\xa5" * 4096 + whole[at + 4096 :]
    for at in range(0, min(len(whole), 1 << 16), 1024):
        yield f"noise at {at}", whole[:at] + dice.randbytes(64) + whole[at + 64 :]
    yield "noise", dice.randbytes(20_000)


def test_a_spoilt_file_is_told_as_spoilt_wherever_it_is(file: Path, tmp_path: Path) -> None:
    """Or what is spoilt is not needed; never is it told as anything else, and never is it waited for."""
    refused = 0
    for index, (how, raw) in enumerate(spoilt(file)):
        place = tmp_path / f"spoilt{index}"
        place.write_bytes(raw)
        if said := refusal(place, tmp_path):
            assert "move the file away" in said, how
            assert "already exists" not in said, how
            refused += 1
        for each in tmp_path.glob(f"{place.name}*"):
            each.unlink()
    assert refused > 20
