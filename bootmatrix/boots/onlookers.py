"""Who looks on at a boot, and what it may do until it is ended: all that a test asks for is read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.checks.ready import Ready
from bootmatrix.checks.witness import Checks
from bootmatrix.model import OutcomeKind, parse_outcome
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.witnesses.packets import Packets
from bootmatrix.watching.witnesses.relay import Relay
from bootmatrix.watching.witnesses.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.checks.check import World
    from bootmatrix.matrix.schema import TestFields
    from bootmatrix.places.place import Process
    from bootmatrix.planning.plan import BootStep
    from bootmatrix.watching.witness import Witness


def limits(step: BootStep, fields: TestFields, stretch: float) -> Limits:
    """What every process has limits of; `stretch` times the test's own time-outs."""
    return Limits(
        timeout=fields.timeout * stretch,
        size=fields.console_limit,
        idle=fields.idle_timeout * stretch if fields.idle_timeout else None,
        exit_pattern=fields.console_exit,
        noise=step.runner.noise,
        panic=step.runner.panic,
    )


def of(
    step: BootStep,
    fields: TestFields,
    follow: Callable[[bytes], None] | None,
    world: Callable[[Process], World],
    stretch: float = 1.0,
) -> Iterator[Witness]:
    """Those besides the ones that see to the limits, new ones for each boot; `follow` wants the console while it is
    printed, `world` says what checks may use.
    """
    yield Usage()
    if step.interfaces:
        yield Packets(step.interfaces, always=fields.capture == "always")
    yield from _asking(fields, world, stretch)
    if follow:
        yield Relay(follow)


def _asking(fields: TestFields, world: Callable[[Process], World], stretch: float) -> Iterator[Witness]:
    """Whether the guest is ready, and then its checks. Whoever expects another end than `stopped` waits for that."""
    stops = any(parse_outcome(word).kind == OutcomeKind.STOPPED for word in fields.expect.outcome)
    at_once = not fields.ready
    checks = Checks(fields.checks, world, at_once=at_once, ends_boot=stops, stretch=stretch) if fields.checks else None
    if fields.ready:
        then = checks.begin if checks else None if stops else _nothing
        yield Ready(fields.ready, world, then, stretch=stretch)
    if checks:
        yield checks


def _nothing() -> None:
    """What is done with a guest that is ready, and is then left alone."""
