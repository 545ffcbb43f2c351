"""Who looks on at a boot, and what it may do until it is ended: all that a test asks for is read here.

What only some tests ask for is imported where it is asked for: most runs have no network, checks or soak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching.limits import Limits
from bootmatrix.watching.witnesses.phases import Phases
from bootmatrix.watching.witnesses.relay import Relay
from bootmatrix.watching.witnesses.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bootmatrix.boots.company import Member
    from bootmatrix.checks.check import World
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.places.place import Process
    from bootmatrix.planning.step import BootStep
    from bootmatrix.watching.witness import Witness
    from bootmatrix.watching.witnesses.soak import Soak


def limits(step: BootStep, fields: TestFields, stretch: float, member: Member | None = None) -> Limits:
    """What every process has limits of; `stretch` times the test's own time-outs, and as long as it is soaked more. A
    `member` of others that is done waits for them, and they have their own.
    """
    return Limits(
        timeout=fields.timeout * stretch + (fields.soak.duration if fields.soak else 0.0),
        size=fields.console_limit,
        idle=fields.idle_timeout * stretch if fields.idle_timeout else None,
        exit_pattern=fields.console_exit,
        noise=step.runner.noise,
        panic=step.runner.panic,
        waits=member.waits if member else bool,
        cpus=fields.cpus,
    )


def of(
    step: BootStep,
    fields: TestFields,
    follow: Callable[[bytes], None] | None,
    world: Callable[[Process], World],
    stretch: float = 1.0,
    member: Member | None = None,
) -> Iterator[Witness]:
    """Those besides the ones that see to the limits, new ones for each boot; `follow` wants the console while it is
    printed, `world` says what checks may use, `member` is the guest among others.
    """
    yield Usage()
    if series := {name: metric.regex for name, metric in fields.metrics.items() if metric.series}:
        from bootmatrix.watching.witnesses.series import Numbers  # noqa: PLC0415

        yield Numbers(series)
    yield Phases(step.runner.signs(step.arch))
    if step.interfaces:
        from bootmatrix.watching.witnesses.packets import Packets  # noqa: PLC0415

        yield Packets(step.interfaces, always=fields.capture == "always")
    if fields.monitoring:
        from bootmatrix.watching.witnesses.monitoring import Monitoring  # noqa: PLC0415

        yield Monitoring(step.interfaces, fields.monitoring)
    yield from _asking(fields, world, _after(member, stops=fields.expect.stops), stretch, member)
    if member:
        yield member
    if follow:
        yield Relay(follow)


def _after(member: Member | None, *, stops: bool) -> Callable[[], None] | None:
    """What is done with a guest of which nothing more is asked, None if it is ended. Whoever expects another end than
    `stopped` waits for that, and a guest among others for them.
    """
    if not stops:
        return _nothing
    return member.done if member else None


def _asking(
    fields: TestFields,
    world: Callable[[Process], World],
    then: Callable[[], None] | None,
    stretch: float,
    member: Member | None,
) -> Iterator[Witness]:
    """Whether the guest is ready, and then its checks, again and again while it is soaked; and `then`."""
    at_once = not fields.ready
    soak, checks = None, None
    if fields.soak:
        from bootmatrix.watching.witnesses.soak import Soak  # noqa: PLC0415

        soak = Soak(fields.soak.duration, _nothing if fields.checks else then, at_once=at_once)
    if fields.checks:
        from bootmatrix.checks.witness import Checks  # noqa: PLC0415

        again = _again(soak)
        checks = Checks(fields.checks, world, at_once=at_once, then=then, stretch=stretch, again=again)
    after = _all_of([each.begin for each in (soak, checks) if each]) or then
    if fields.ready:
        from bootmatrix.checks.ready import Ready  # noqa: PLC0415

        yield Ready(fields.ready, world, _told(member, after) if member else after, stretch=stretch)
    yield from filter(None, (soak, checks))
    if member and not (fields.ready or soak or checks) and then:
        then()


def _again(soak: Soak | None) -> Callable[[], bool] | None:
    return (lambda: soak.goes_on) if soak else None


def _all_of(acts: Sequence[Callable[[], None]]) -> Callable[[], None] | None:
    """One after the other; None if there are none."""

    def act() -> None:
        for each in acts:
            each()

    return act if acts else None


def _told(member: Member, after: Callable[[], None] | None) -> Callable[[], None]:
    """Those that wait for the guest are told first that it is ready."""

    def tell() -> None:
        member.ready()
        if after:
            after()

    return tell


def _nothing() -> None:
    """What is done with a guest of which nothing more is asked, but that has not yet ended itself."""
