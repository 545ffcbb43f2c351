"""Who looks on at a boot, and what it may do until it is ended: all that a test asks for is read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching.limits import Limits
from bootmatrix.watching.witnesses.packets import Packets
from bootmatrix.watching.witnesses.relay import Relay
from bootmatrix.watching.witnesses.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.matrix.schema import TestFields
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


def of(step: BootStep, fields: TestFields, follow: Callable[[bytes], None] | None) -> Iterator[Witness]:
    """Those besides the ones that see to the limits, new ones for each boot; `follow` wants the console while it is
    printed.
    """
    yield Usage()
    if step.interfaces:
        yield Packets(step.interfaces, always=fields.capture == "always")
    if follow:
        yield Relay(follow)
