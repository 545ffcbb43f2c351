"""A program that is run in a container beside the guest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.checks.awaited import missing, shown
from bootmatrix.checks.check import Failed, Report, numbers

if TYPE_CHECKING:
    from bootmatrix.checks.check import Try
    from bootmatrix.matrix.keys.kinds import Command

LIMIT = 1 << 20  # bytes of output that are kept


def ask(options: Command, tried: Try) -> Report:
    """Raises Failed and Ended."""
    world, began = tried.world, tried.clock()
    ran = world.run(tried.network, options.run, options.image, tried.rest(), LIMIT, world.ends.stop)
    tried.raise_ended()
    text, status = texts.clean(ran.output[:LIMIT]), ran.status
    took = tried.clock() - began
    report = Report(numbers(status="none" if status is None else status, seconds=f"{took:.6f}"), text)
    name, last = options.run[0], shown(text.strip().rpartition("\n")[2])
    if status is None:
        raise Failed(f"{name} {ran.cause}; its output ends with {last}", late=ran.late, report=report)
    if status != options.exit:
        what = f"{name} ended with status {status} instead of {options.exit}; its output ends with {last}"
        raise Failed(what, report=report)
    if lacking := missing(options.output, text):
        raise Failed(f"the output of {name} does not show {lacking}; it ends with {last}", report=report)
    return report
