"""What commands share that let people boot a test by hand: all that it needs, and the lines that do it."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import click

from bootmatrix.errors import Problem, UserError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.places.place import Job, Place
    from bootmatrix.planning.step import BootStep


def prepared(step: BootStep, place: Place) -> Prepared:
    """The boot, or that of one guest of a test, whose image and build are there; raises UserError if it cannot be."""
    from bootmatrix.boots import preparing  # noqa: PLC0415

    check(step)
    with possible(step):
        return preparing.Preparer().prepare(step, step.fields, place)


@contextlib.contextmanager
def possible(step: BootStep) -> Iterator[None]:
    """Raises UserError if what is prepared meanwhile cannot be."""
    from bootmatrix.boots.tenders import Unavailable  # noqa: PLC0415
    from bootmatrix.model import Rejected  # noqa: PLC0415

    try:
        yield
    except (Unavailable, Rejected) as error:
        remedy = getattr(error, "remedy", "")
        raise UserError(Problem(f"{step.test_id} cannot boot here: {step.told(str(error))}", remedy=remedy)) from None


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
    """What people call the networks of a test, or those of one of its guests, while they are there: always the same."""
    from bootmatrix import keys  # noqa: PLC0415

    whole = f"bootmatrix-net-{keys.of('networks by hand', str(step.root), step.test_id)}"
    return f"{whole}-guest-{step.guest}" if step.guest else whole


def networked(step: BootStep) -> bool:
    """Whether a guest of the test has an interface."""
    return any(part.interfaces for part in step.parts)


def line(step: BootStep, words: str) -> str:
    """The command that runs these words of a shell in the networks of a test."""
    return f"{shlex.join([*ourselves(), 'net', step.id, *step.options])} -- {words}"


def ourselves() -> list[str]:
    """The words of a shell that are bootmatrix."""
    return ["bootmatrix"] if shutil.which("bootmatrix") else [sys.executable, "-m", "bootmatrix"]


def remark(text: str, *, err: bool = False) -> None:
    """A line of a shell's comment, whatever the matrix has in it: a newline there would begin a command. It is whole:
    people copy commands from it.
    """
    click.echo(f"# {printable(text, limit=len(text))}", err=err)


def addresses(step: BootStep) -> Iterator[str]:
    """Where its guests are."""
    for part in step.parts:
        for each in part.interfaces:
            net, end = each.network, f"whose host end is {each.network.host.ip}"
            yield part.told(f"its interface {each.name}: {each.address} ({each.mac}) on {net.name}, {end}")
