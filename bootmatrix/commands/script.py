"""Several guests of one test, booted by hand: the script of a shell that does it."""

from __future__ import annotations

import shlex
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.boots.preparing import Prepared

PATIENCE = 5  # seconds: by hand nobody sees when a guest is ready


def of(guests: Sequence[Prepared], lines: Sequence[str], *, inside: bool) -> str:
    """One command that starts the guests by these lines, those that wait for others after them, and then waits for
    those that end by themselves; `inside`: each line is to stand in its guest's network by the words of a variable.
    """
    return shlex.join(["sh", "-c", "\n".join(_words(guests, lines, inside=inside))])


def _words(guests: Sequence[Prepared], lines: Sequence[str], *, inside: bool) -> Iterator[str]:
    numbers = {each.step.guest: number for number, each in enumerate(guests)}
    turns = TopologicalSorter({each.step.guest: each.step.after for each in guests})
    turns.prepare()
    while turns:
        turn = sorted(turns.get_ready(), key=numbers.__getitem__)
        for name in turn:
            number = numbers[name]
            yield _started(guests[number], lines[number], f"p{number}", inside=inside)
        turns.done(*turn)
        if turns:
            yield f"sleep {PATIENCE}"
    ending = [f"$p{number}" for number, each in enumerate(guests) if not each.fields.expect.stops]
    yield " ".join(["wait", *ending])


def _started(guest: Prepared, line: str, process: str, *, inside: bool) -> str:
    from bootmatrix.places.standing import variable  # noqa: PLC0415

    there = f"${variable(guest.step.guest)} " if inside and guest.step.interfaces else ""
    errors = "2>/dev/null" if guest.step.runner.noise else "2>&1"
    return f"{there}{line} </dev/null {errors} | sed -u 's/^/{guest.step.guest}: /' & {process}=$!"
