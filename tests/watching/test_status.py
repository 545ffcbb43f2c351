"""A guest that has printed the status with which it ends, and does not power off."""

from __future__ import annotations

import pytest
from watching.fakes import STATUS, FakeProcess, out, watched

from bootmatrix.places.place import Exit
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind


@pytest.mark.parametrize(
    ("chunks", "told"),
    [
        ([b"EXIT: STATUS=1\n"], True),
        ([b"EXIT: STA", b"TUS=1\r", b"\n"], True),
        ([bytes([byte]) for byte in b"EXIT: \x1b[1mSTATUS=1"], True),
        ([b"EXIT: STATUS=1 bye\n\n"], True),
        ([b"EXIT: STATUS=1\n", b"more work\n"], False),
        ([b"EXIT: STATUS=1\nmore work\n"], False),
        ([b"no status\n"], False),
        ([b"EXIT: STATUS=1\n" + b" " * 5000], False),
    ],
)
def test_a_status_line_tells_the_end_if_it_is_the_last(chunks: list[bytes], told: bool) -> None:
    process = FakeProcess(*map(out, chunks), ends=False)
    seen = watched(process, Limits(1000, 10_000, exit_pattern=STATUS), step=0.5)
    assert (seen.is_for(StopKind.STATUS_TOLD), seen.stopped) == (told, "" if told else "no end within 16 min 40 s")


def test_an_idle_time_out_that_is_shorter_than_the_grace_does_not_hide_the_status() -> None:
    seen = watched(FakeProcess(out(b"EXIT: STATUS=1"), ends=False), Limits(60, 100, 2, exit_pattern=STATUS), step=0.5)
    assert seen.is_for(StopKind.STATUS_TOLD)


def test_a_guest_that_told_its_status_and_ends_is_told_by_its_end() -> None:
    seen = watched(FakeProcess(out(b"EXIT: STATUS=1\n")), Limits(10, 100, exit_pattern=STATUS), step=5)
    assert (seen.is_for(StopKind.STATUS_TOLD), seen.exit) == (False, Exit(0))
