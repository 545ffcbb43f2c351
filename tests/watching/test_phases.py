"""How far a boot has come: by what it prints, when that was read, and never by what a guest prints later."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from watching.fakes import BEGUN, Clock, FakeProcess, out

from bootmatrix.model import Sign, Signs
from bootmatrix.places.place import TENDER
from bootmatrix.watching import watch
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.witnesses import phases
from bootmatrix.watching.witnesses.phases import Phases

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = Sign(r"^running$", by_tender=True)
READS = Sign(r"^reads a kernel$", by_tender=True, last=True)
BANNER = Sign(r"^Kernel [0-9]")


class Timed(FakeProcess):
    """Its chunks come a second after each other."""

    def __init__(self, clock: Clock, *chunks: tuple[str, bytes]) -> None:
        super().__init__(*chunks)
        self.clock, self.at = clock, BEGUN

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        self.at += 1
        self.clock.now = self.at
        return super().read(seconds)


def err(data: bytes) -> tuple[str, bytes]:
    return TENDER, data


def found(signs: Signs, *chunks: tuple[str, bytes]) -> dict[str, int]:
    """The phases, and which chunk showed each."""
    clock = Clock()
    limits = Limits(timeout=1e6, size=1 << 30)
    seen = watch.watch(Timed(clock, *chunks), limits, threading.Event(), also=[Phases(signs)], clock=clock)
    return {each.name: round(each.at) for each in seen.findings.phases}


def test_the_first_byte_is_of_the_console() -> None:
    assert found(Signs(), err(b"x"), out(b"a"), out(b"b")) == {"first_byte": 2}
    assert found(Signs(), err(b"x")) == {}


def test_what_is_printed_first_tells_the_entry() -> None:
    signs = Signs(entry=BANNER)
    assert found(signs, out(b"firmware\nKer"), out(b"nel 1"), out(b".0\nKernel 2\n")) == {"first_byte": 1, "entry": 2}
    assert found(signs, err(b"Kernel 1\n"), out(b"no Kernel 1\n")) == {"first_byte": 2}


def test_the_tender_tells_when_the_machine_runs() -> None:
    assert found(Signs(RUNS), err(b"started\n"), err(b"running\nrunning\n"), out(b"a"), err(b"running\n")) == {
        "firmware": 2,
        "first_byte": 3,
    }


@pytest.mark.parametrize(
    ("chunks", "entry"),
    [
        ([err(b"reads a kernel\n"), err(b"reads a kernel\nx\n"), err(b"x\n"), out(b"a")], 2),
        ([err(b"reads a kernel\n"), out(b"a"), err(b"reads a kernel\n")], 2),  # read later, and written before
        ([err(b"reads a kernel\n"), out(b"a"), err(b"x\n"), err(b"reads a kernel\n")], 1),  # the guest's own doing
        ([err(b"reads a kernel\n"), out(b"a"), out(b"b")], 1),
        ([err(b"reads a kernel\n"), err(b"reads a kernel\n")], None),  # whoever did the last one
    ],
)
def test_the_last_of_its_kind_before_the_console(chunks: list[tuple[str, bytes]], entry: int | None) -> None:
    assert found(Signs(entry=READS), *chunks).get("entry") == entry


def test_signs_are_looked_for_at_the_beginning_only() -> None:
    def flood() -> Iterator[tuple[str, bytes]]:
        line = b"x" * 1023 + b"\n"
        yield from (out(line * 64) for _ in range(phases.LOOKED_AT // len(line * 64)))
        yield out(b"Kernel 1\n")

    assert found(Signs(entry=BANNER), *flood()) == {"first_byte": 1}
