from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bootmatrix.commands import by_hand, holding
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
    from pathlib import Path


@click.command(
    "net",
    epilog="""\b
Examples:
  bootmatrix repro gcc-debian-12-x86_64-qemu/web          prints such a command, with the boot
  bootmatrix net gcc-debian-12-x86_64-qemu/web --engine host -- bash""",
)
@test_argument
@click.argument("command", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@engine_option
@allow_option
@matrix_options
def command(
    test: str, command: tuple[str, ...], engine: str, allow: tuple[Path, ...], directory: Path | None, file: Path
) -> None:
    """Set up the networks of one test while a command runs: by hand, as a run has them.

    The command is a program of this host. With --engine host it stands in the networks itself; else it is the engine's,
    such as docker run, and names the container whose network they are. Afterwards whatever stands in them is ended, and
    they are gone. The exit status is the command's.
    """
    step = one_boot(plan_to_run(directory, file, allow, (test,), engine), test)
    by_hand.check(step)
    with place_of(step, engine, built=False) as place, holding.held(step, place) as standing:
        status = holding.run(standing, command)
    raise SystemExit(status)
