from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from bootmatrix.commands import by_hand
from bootmatrix.commands.common import (
    allow_option,
    engine_option,
    matrix_options,
    one_boot,
    place_of,
    plan_to_run,
    test_argument,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.places.place import Place
    from bootmatrix.planning.plan import BootStep


@click.command(
    "repro",
    epilog="""\b
Examples:
  bootmatrix repro gcc-debian-12-x86_64-qemu/hello
  bootmatrix repro gcc-debian-12-x86_64-qemu/hello | sh""",
)
@test_argument
@click.option(
    "--attempt",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="The attempt whose arguments are used.",
)
@engine_option
@allow_option
@matrix_options
def command(test: str, attempt: int, engine: str, allow: tuple[Path, ...], directory: Path | None, file: Path) -> None:
    """Print the exact commands that boot one test by hand: copied into a shell they work.

    What they need, the image and the build, is made first if it is not there.
    """
    step = one_boot(plan_to_run(directory, file, allow, (test,), engine), test)
    by_hand.check(step)
    with place_of(step, engine, built=True) as place:
        found = by_hand.prepared(step, place)
        for text in _remarks(step, found, place):
            by_hand.remark(text)
        for line in place.command_line(by_hand.job(found, attempt, place)):
            click.echo(by_hand.line(step, line) if step.interfaces else line)


def _remarks(step: BootStep, prepared: Prepared, place: Place) -> Iterator[str]:
    expect = prepared.fields.expect
    yield f"{step.id}: expected {' or '.join(expect.outcome)}, within {prepared.fields.timeout:g} s"
    for pattern in [*expect.console, *expect.console_any]:
        yield f"the console must show {pattern}"
    for pattern in expect.console_not:
        yield f"the console must not show {pattern}"
    if prepared.choice.name:
        yield f"accelerator {prepared.choice.name}: {prepared.choice.reason or 'as asked'}"
    if step.build and step.build.image:
        yield f"image {step.build.image.name}, build {step.build.id}: {shlex.quote(str(step.build.output(place)))}"
    yield from by_hand.addresses(step)
    if step.interfaces:
        yield "the command sets its network up, says how to ask the guest from a second terminal, and ends with Ctrl-C"
    if step.runner.noise:
        told = ", which then has the way to ask the guest, too" if step.interfaces else ""
        yield f"its standard error is mostly a trace: add 2>trace to keep it off the console{told}"
