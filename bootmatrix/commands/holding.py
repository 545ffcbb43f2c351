"""The networks of a test, while people boot its guests in them by hand."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from typing import TYPE_CHECKING

from bootmatrix.commands import by_hand
from bootmatrix.errors import InfrastructureError, Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bootmatrix.model import Interface
    from bootmatrix.places.namespace import Shared
    from bootmatrix.places.place import Place
    from bootmatrix.places.standing import Held, Standing
    from bootmatrix.planning.step import BootStep

WAIT = ("sh", "-c", "read -r line")  # until it is ended
ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def held(step: BootStep, place: Place) -> Iterator[Held]:
    """While this lasts, there are the networks of a test, and it is said how to ask its guests; what stands in them
    ends with them.

    Raises UserError if the test has none, or if this host gives it none; InfrastructureError.
    """
    if not by_hand.networked(step):
        what = f"the test {step.id} has no networks"
        raise UserError(Problem(what, remedy="give it some with `nets`, or run the command as it is"))
    for text in by_hand.addresses(step):
        by_hand.remark(text, err=True)
    if step.guests:
        with _together(step, place) as together:
            yield together
    else:
        with _alone(step, place) as standing:
            tell(standing, step.interfaces[0])
            yield standing


@contextlib.contextmanager
def _together(step: BootStep, place: Place) -> Iterator[Held]:
    """Each guest has a place of its own, and so has each network, from where they are asked."""
    from bootmatrix.boots import attaching  # noqa: PLC0415
    from bootmatrix.places.standing import Together  # noqa: PLC0415

    interfaces = [each for part in step.parts for each in attaching.interfaces(part, place)]
    with contextlib.ExitStack() as stack:
        shared = stack.enter_context(place.shared(f"the networks of {step.id}", interfaces))
        guests = {
            part.guest: stack.enter_context(_alone(part, place, shared, port))
            for port, part in enumerate(step.parts)
            if part.interfaces
        }
        names = {name: f"{by_hand.name(step)}-net-{name}" for name in shared.ends}
        ends = {name: place.standing(shared.ends[name], called) for name, called in names.items()}
        for name, end in ends.items():
            tell(end, next(each for each in interfaces if each.network.name == name), f"in {name}, ")
        together = Together(guests, ends.values())
        try:
            yield together
        finally:
            together.clear()


def tell(standing: Standing, interface: Interface, where: str = "") -> None:
    """How to ask who has an interface."""
    for way in standing.ways_in(f"ping {interface.address.ip}"):
        by_hand.remark(f"ask it from a second terminal {where}{way}", err=True)


@contextlib.contextmanager
def _alone(step: BootStep, place: Place, shared: Shared | None = None, port: int = 0) -> Iterator[Standing]:
    """Where one guest is booted."""
    from bootmatrix.boots import attaching  # noqa: PLC0415
    from bootmatrix.places.place import Job  # noqa: PLC0415

    name, interfaces = f"the networks of {step.id}", attaching.interfaces(step, place)
    waiting = Job(WAIT, name, interfaces=interfaces, reads=True, shared=shared, port=port)
    if trouble := place.lacks(waiting):
        raise UserError(Problem(f"{step.test_id} has no network here: {trouble}"))
    with place.start(waiting) as process:
        assert process.namespace  # noqa: S101  # the contract: it has interfaces
        try:
            standing = place.standing(process.namespace, by_hand.name(step))
        except InfrastructureError as error:
            called = by_hand.name(step)
            remedy = f"perhaps they are there already, in another terminal: end that, or remove {called}"
            what = f"the networks of {step.test_id} cannot be set up: {error}"
            raise InfrastructureError(Problem(what, remedy=remedy)) from None
        try:
            yield standing
        finally:
            standing.clear()


def run(held: Held, argv: Sequence[str]) -> int:
    """The exit status of a command in them, 128 and its number if a signal ended it, as shells have it.

    Raises UserError if it cannot be started.
    """
    started: list[subprocess.Popen[bytes]] = []

    def end(_number: int, _frame: object) -> None:
        held.clear()
        for process in started:
            process.terminate()

    def interrupt(_number: int, _frame: object) -> None:
        held.interrupt()

    with handled(dict.fromkeys(ENDING, end) | {signal.SIGINT: interrupt}):
        try:
            started.append(subprocess.Popen(held.command(argv)))
        except OSError as error:
            what = f"{argv[0]} cannot be started: {error.strerror}"
            raise UserError(Problem(what, remedy="give a program of this host")) from None
        with started[0] as process:
            status = process.wait()
    return status if status >= 0 else 128 - status


@contextlib.contextmanager
def handled(handlers: Mapping[signal.Signals, Callable[[int, object], None]]) -> Iterator[None]:
    """While this lasts, these signals are handled so; those that we were told to ignore stay ignored."""
    from bootmatrix.program import signals  # noqa: PLC0415

    ours = {number: handler for number, handler in handlers.items() if not signals.was_ignored(number)}
    before = {number: signal.signal(number, handler) for number, handler in ours.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
