"""A line that is sent to the guest's console, and what the guest must print after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.checks.awaited import Awaited, shown
from bootmatrix.checks.check import LONGEST, Failed, Late, Report, numbers
from bootmatrix.checks.ends import Ended
from bootmatrix.checks.link import worded
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from bootmatrix.checks.check import Try
    from bootmatrix.matrix.keys.kinds import Console

PIECE = 1 << 12  # bytes that a pipe takes as a whole or not at all
PAUSE = 0.005  # seconds for the guest to read


def ask(options: Console, tried: Try) -> Report:
    """Raises Failed and Ended."""
    began, heard = tried.clock(), Awaited(options.expect, tried.clock)
    with tried.world.console.heard(before=not options.send) as ear:
        if options.send:
            _send(options.send, tried)
        _listen(ear, heard, tried)
    took = numbers(bytes=len(heard.data), seconds=f"{tried.clock() - began:.6f}")
    return Report(took, heard.text[:LONGEST])


def _listen(ear: bytearray, heard: Awaited, tried: Try) -> None:
    """Until all that is expected has been printed."""
    feed = tried.world.console
    try:
        while not heard.met():
            going_on = feed.wait(ear, heard.patience(tried.rest()))
            heard.add(feed.taken(ear))
            if not going_on:
                _last_look(heard, tried)
    except Late:
        heard.look()
        if heard.missing:
            what = f"the console did not show {heard.missing} in time; {shown(heard.text)} came"
            raise Failed(what, late=True) from None


def _send(line: str, tried: Try) -> None:
    write = tried.world.write
    if write is None:
        raise Failed("the guest's console takes no input here", final=True)
    data = line.removesuffix("\n").encode() + b"\n"
    left = data
    try:
        while left:
            taken = write(left[:PIECE])
            left = left[taken:]
            if not taken and tried.world.ends.stop.wait(min(PAUSE, tried.rest())):
                raise Ended
    except Late:
        took = f"it took {len(data) - len(left):,} of {how_many(len(data), 'byte')}"
        raise Failed(f"the guest's console did not take the whole line in time: {took}", late=True) from None
    except OSError as error:
        tried.raise_ended()
        why = "it is closed" if isinstance(error, BrokenPipeError) else worded(error)
        raise Failed(f"the guest's console takes no input: {why}") from None


def _last_look(heard: Awaited, tried: Try) -> None:
    heard.look()
    if heard.missing:
        tried.raise_ended()
        raise Failed(f"the console ended without {heard.missing}; {shown(heard.text)} came")
