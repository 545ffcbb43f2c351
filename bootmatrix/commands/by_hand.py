"""What commands share that let people boot a test by hand: all that it needs, and its networks while they last."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from bootmatrix.errors import InfrastructureError, Problem, UserError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.places.place import Job, Place
    from bootmatrix.places.standing import Standing
    from bootmatrix.planning.plan import BootStep

WAIT = ("sh", "-c", "read -r line")  # until it is ended
ENDING = (signal.SIGTERM, signal.SIGHUP)


def prepared(step: BootStep, place: Place) -> Prepared:
    """The boot, whose image and build are there; raises UserError if it cannot be."""
    from bootmatrix.boots import preparing  # noqa: PLC0415
    from bootmatrix.boots.tenders import Unavailable  # noqa: PLC0415
    from bootmatrix.model import Rejected  # noqa: PLC0415

    check(step)
    try:
        return preparing.Preparer().prepare(step, step.fields, place)
    except (Unavailable, Rejected) as error:
        remedy = getattr(error, "remedy", "")
        raise UserError(Problem(f"{step.id} cannot boot here: {error}", remedy=remedy)) from None


def check(step: BootStep) -> None:
    """Raises UserError if the test is skipped."""
    if step.skip:
        raise UserError(Problem(f"{step.id} is skipped: {step.skip}"))


def job(found: Prepared, attempt: int, place: Place) -> Job:
    """That of an attempt, for people: in the networks that `held` sets up, if it has interfaces."""
    from dataclasses import replace  # noqa: PLC0415

    from bootmatrix.boots import preparing  # noqa: PLC0415
    from bootmatrix.places.namespace import Named  # noqa: PLC0415

    made = preparing.job_by_hand(found, attempt, place)
    return replace(made, stands_in=Named(name(found.step))) if made.interfaces else made


def name(step: BootStep) -> str:
    """What people call the networks of a test by, while they are there: the same at each time."""
    from bootmatrix import keys  # noqa: PLC0415

    return f"bootmatrix-net-{keys.of('networks by hand', str(step.root), step.id)}"


def line(step: BootStep, words: str) -> str:
    """The command that runs these words of a shell in the networks of a test."""
    ourselves = ["bootmatrix"] if shutil.which("bootmatrix") else [sys.executable, "-m", "bootmatrix"]
    return f"{shlex.join([*ourselves, 'net', step.id, *step.options])} -- {words}"


def remark(text: str, *, err: bool = False) -> None:
    """A line of a shell's comment, whatever the matrix has in it: a newline there would begin a command."""
    click.echo(f"# {printable(text)}", err=err)


def addresses(step: BootStep) -> Iterator[str]:
    """Where the guest is."""
    for each in step.interfaces:
        net = each.network
        yield f"its interface {each.name}: {each.address} ({each.mac}) on {net.name}, whose host end is {net.host.ip}"


@contextlib.contextmanager
def held(step: BootStep, place: Place) -> Iterator[Standing]:
    """While this lasts, there are the networks of a test, and it is said how to ask its guest; what stands in them
    ends with them.

    Raises UserError if the test has none, or if this host gives it none; InfrastructureError.
    """
    from bootmatrix.places.place import Job  # noqa: PLC0415

    if not step.interfaces:
        what = f"the test {step.id} has no networks"
        raise UserError(Problem(what, remedy="give it some with `nets`, or run the command as it is"))
    waiting = Job(WAIT, f"the networks of {step.id}", interfaces=step.interfaces, reads=True)
    if trouble := place.lacks(waiting):
        raise UserError(Problem(f"{step.id} has no network here: {trouble}"))
    with place.start(waiting) as process:
        assert process.namespace  # noqa: S101  # the contract: it has interfaces
        try:
            standing = place.standing(process.namespace, name(step))
        except InfrastructureError as error:
            remedy = f"perhaps they are there already, in another terminal: end that, or remove {name(step)}"
            what = f"the networks of {step.id} cannot be set up: {error}"
            raise InfrastructureError(Problem(what, remedy=remedy)) from None
        try:
            for text in _said(step, standing):
                remark(text, err=True)
            yield standing
        finally:
            standing.clear()


def _said(step: BootStep, standing: Standing) -> Iterator[str]:
    yield from addresses(step)
    for way in standing.ways_in(f"ping {step.interfaces[0].address.ip}"):
        yield f"ask it from a second terminal {way}"


def run(standing: Standing, argv: Sequence[str]) -> int:
    """The exit status of a command in them, 128 and its number if a signal ended it, as shells have it.

    Raises UserError if it cannot be started.
    """
    started: list[subprocess.Popen[bytes]] = []

    def end(_number: int, _frame: object) -> None:
        standing.clear()
        for process in started:
            process.terminate()

    def interrupt(_number: int, _frame: object) -> None:
        standing.interrupt()

    with _handled(dict.fromkeys(ENDING, end) | {signal.SIGINT: interrupt}):
        try:
            started.append(subprocess.Popen(standing.command(argv)))
        except OSError as error:
            what = f"{argv[0]} cannot be started: {error.strerror}"
            raise UserError(Problem(what, remedy="give a program of this host")) from None
        with started[0] as process:
            status = process.wait()
    return status if status >= 0 else 128 - status


@contextlib.contextmanager
def _handled(handlers: Mapping[signal.Signals, Callable[[int, object], None]]) -> Iterator[None]:
    """While this lasts, these signals are handled so; those that we were told to ignore stay ignored."""
    from bootmatrix.program import signals  # noqa: PLC0415

    ours = {number: handler for number, handler in handlers.items() if not signals.was_ignored(number)}
    before = {number: signal.signal(number, handler) for number, handler in ours.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
