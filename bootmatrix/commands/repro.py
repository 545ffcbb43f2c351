from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

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
    from bootmatrix.boots import preparing  # noqa: PLC0415
    from bootmatrix.boots.tenders import Unavailable  # noqa: PLC0415
    from bootmatrix.errors import Problem, UserError  # noqa: PLC0415
    from bootmatrix.model import Rejected  # noqa: PLC0415

    step = one_boot(plan_to_run(directory, file, allow, (test,), engine), test)
    if step.skip:
        raise UserError(Problem(f"{step.id} is skipped: {step.skip}"))
    with place_of(step, engine, built=True) as place:
        try:
            prepared = preparing.Preparer().prepare(step, step.fields, place)
        except (Unavailable, Rejected) as error:
            remedy = getattr(error, "remedy", "")
            raise UserError(Problem(f"{step.id} cannot boot here: {error}", remedy=remedy)) from None
        _print(step, prepared, place, attempt)


def _print(step: BootStep, prepared: Prepared, place: Place, attempt: int) -> None:
    from bootmatrix.boots import preparing  # noqa: PLC0415

    for line in _remarks(step, prepared, place):
        _remark(line)
    for line in place.command_line(preparing.job_by_hand(prepared, attempt, place)):
        click.echo(line)


def _remark(text: str) -> None:
    """A line of a shell's comment, whatever the matrix has in it: a newline there would begin a command."""
    from bootmatrix.errors import printable  # noqa: PLC0415

    click.echo(f"# {printable(text)}")


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
    if step.runner.noise:
        yield "its standard error is mostly a trace: add 2>trace to keep it off the console"
