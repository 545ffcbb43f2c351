from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from bootmatrix.commands import by_hand, script
from bootmatrix.commands.common import (
    allow_option,
    box_option,
    engine_option,
    matrix_options,
    one_boot,
    place_of,
    plan_to_run,
    test_argument,
)
from bootmatrix.engines import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep


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
@box_option
@engine_option
@allow_option
@matrix_options
def command(
    test: str,
    attempt: int,
    box: str | None,
    engine: str,
    allow: tuple[Path, ...],
    directory: Path | None,
    file: Path,
) -> None:
    """Print the exact commands that boot one test by hand: copied into a shell they work.

    What they need, the image and the build, is made first if it is not there. On a host over SSH a run does it all.
    """
    step = one_boot(plan_to_run(directory, file, allow, (test,), engine), test)
    by_hand.check(step)
    if step.remote:
        by_hand.remark(f"{step.remote.name} is reached over SSH, and nothing of a boot stays there: a run repeats it")
        click.echo(shlex.join(["bootmatrix", "run", step.id, *step.options]))
        return
    from bootmatrix.boots.preparing import Preparer  # noqa: PLC0415
    from bootmatrix.boots.routing import Router  # noqa: PLC0415

    with place_of(step, engine, built=True) as place:
        with by_hand.possible(step):
            found, lacking = Router(Preparer(), asked=box or "").outside(step, step.fields, place)
        if lacking:
            _tell_boxed(step, str(lacking), attempt)
            return
        for text in _remarks(step, found, place):
            by_hand.remark(text)
        lines = [line for each in found for line in place.command_line(by_hand.job(each, attempt, place))]
    if step.guests:
        lines = [script.of(found, lines, inside=engine == Engine.HOST)]
    for line in lines:
        click.echo(by_hand.line(step, line) if by_hand.networked(step) else line)


def _tell_boxed(step: BootStep, why: str, attempt: int) -> None:
    """Of several guests a run alone boots all in one."""
    number = ["--attempt", str(attempt)] if attempt > 1 else []
    words = ["run", "--box", "always"] if step.guests else ["box", *number]
    for part in step.parts:
        for text in _expected(part):
            by_hand.remark(part.told(text))
    by_hand.remark(f"it boots in a box, an emulated machine: {why}")
    line = shlex.join([*by_hand.ourselves(), *words, step.id, *step.options])
    if not step.guests:
        by_hand.remark(f"a shell there, with all that the boot has: {line} -- sh -i")
    click.echo(line)


def _remarks(step: BootStep, found: Sequence[Prepared], place: Place) -> Iterator[str]:
    for each in found:
        yield from map(each.step.told, _of_guest(each, place))
    yield from by_hand.addresses(step)
    networked = by_hand.networked(step)
    if networked:
        yield "the command sets its network up, says how to ask the guest from a second terminal, and ends with Ctrl-C"
    if step.guests:
        yield f"a guest that waits for others starts {script.PATIENCE} s after them; each line has its guest before it"
    elif step.runner.noise:
        told = ", which then has the way to ask the guest, too" if networked else ""
        yield f"its standard error is mostly a trace: add 2>trace to keep it off the console{told}"


def _of_guest(prepared: Prepared, place: Place) -> Iterator[str]:
    step = prepared.step
    yield from _expected(step)
    if prepared.choice.name:
        yield f"accelerator {prepared.choice.name}: {prepared.choice.reason or 'as asked'}"
    if step.build and step.build.image:
        yield f"image {step.build.image.name}, build {step.build.id}: {shlex.quote(str(step.build.output(place)))}"


def _expected(step: BootStep) -> Iterator[str]:
    expect = step.fields.expect
    yield f"{step.test_id}: expected {' or '.join(expect.outcome)}, within {step.fields.timeout:g} s"
    for pattern in [*expect.console, *expect.console_any]:
        yield f"the console must show {pattern}"
    for pattern in expect.console_not:
        yield f"the console must not show {pattern}"
