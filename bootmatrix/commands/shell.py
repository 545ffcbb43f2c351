from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from bootmatrix.commands import by_hand, holding
from bootmatrix.commands.common import (
    allow_option,
    complete,
    complete_networked,
    matrix_options,
    one_boot,
    place_of,
    plan_to_run,
)
from bootmatrix.engines import Engine
from bootmatrix.errors import InfrastructureError, Problem, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.places.place import Job, Place
    from bootmatrix.planning.step import BootStep


@click.command(
    "shell",
    epilog="""\b
Examples:
  bootmatrix shell gcc-debian-12-aarch64-qemu
  bootmatrix shell gcc-debian-12-x86_64-qemu --net web
  bootmatrix shell gcc-debian-12-x86_64-qemu --net talk --guest client""",
)
@click.argument("cell", shell_complete=complete)
@click.option(
    "--net",
    "test",
    metavar="TEST",
    default="",
    shell_complete=complete_networked,
    help="Stand in the networks of this test instead, with all that its guest needs.",
)
@click.option(
    "--guest",
    metavar="NAME",
    default="",
    help="With --net, of a test of several guests: stand where this one boots.",
)
@allow_option
@matrix_options
def command(cell: str, test: str, guest: str, allow: tuple[Path, ...], directory: Path | None, file: Path) -> None:
    """Open a shell in a cell's container, as its build sees it; or in the networks of one of its tests.

    The source's private copy is /src, thrown away afterwards, as is $OUT; variables, user and limits are the build's;
    its last output, if there is one, is /unikernels.

    With --net the shell is in the sandbox of that test's boot. The command that boots the guest there is printed, and
    how to ask it. Of several guests the others are booted from other terminals, each by two commands that are printed.
    """
    if guest and not test:
        raise click.UsageError("--guest says where to stand in the networks of a test: give that by --net")
    name = f"{cell}/{test}" if test else cell
    step = one_boot(plan_to_run(directory, file, allow, (name,), Engine.DOCKER), name)
    raise SystemExit(_in_networks(step, guest) if test else _open(step))


def _in_networks(step: BootStep, guest: str) -> int:
    import shlex  # noqa: PLC0415

    from bootmatrix.places.containers import engine, standing as standing_container  # noqa: PLC0415

    there, *others = _parts(step, guest)
    _check_terminal()
    by_hand.check(step)
    with place_of(step, Engine.DOCKER, built=True) as place, holding.held(step, place) as standing:
        for part in others:
            shell, boot = _shell_of(part, place)
            by_hand.remark(f"a shell where the guest '{part.guest}' boots, from a second terminal: {shell}", err=True)
            by_hand.remark(f"boot it there: {boot}", err=True)
        line, boot = _shell_of(there, place)
        again = shlex.join([*engine.cli(), "exec", "-it", standing_container.shell_in(by_hand.name(there)), "sh"])
        by_hand.remark(there.told(f"another shell beside this one, from a second terminal: {again}"), err=True)
        by_hand.remark("boot the guest in one of them; in the background with </dev/null & behind it:", err=True)
        by_hand.remark(boot, err=True)
        with _marked():
            return holding.run(standing, shlex.split(line))


def _parts(step: BootStep, guest: str) -> list[BootStep]:
    """The guest where the shell is, and the others that have networks; raises UserError if it is none of them."""
    known = {part.guest: part for part in step.parts if part.interfaces}
    if not step.guests and guest:
        raise UserError(Problem(f"{step.id} has no guest '{guest}': it is a single one", remedy="leave out --guest"))
    if step.guests and known and guest not in known:
        which = f"no guest '{guest}' with a network" if guest else "several guests, each in a sandbox of its own"
        remedy = suggest(guest, known) if guest else f"say where to stand: --guest {' or '.join(known)}"
        raise UserError(Problem(f"{step.id} has {which}", remedy=remedy))
    there = known.get(guest, step)
    return [there, *(part for part in known.values() if part is not there)]


def _shell_of(part: BootStep, place: Place) -> tuple[str, str]:
    """The commands for a shell where a guest boots, and for its boot there."""
    import shlex  # noqa: PLC0415

    job = by_hand.job(by_hand.prepared(part, place), 1, place)
    shell = replace(job, argv=("sh",), env={**job.env, "PS1": f"{part.id} $ "})
    (line,) = place.command_line(shell, terminal=True)
    return line, shlex.join(job.argv)


def _check_terminal() -> None:
    """Raises InfrastructureError without the engine's own command."""
    from bootmatrix.places.containers import engine  # noqa: PLC0415

    program = engine.cli()[0]
    if not shutil.which(program):
        what = f"`{program}` is not on PATH, and `shell` needs it to attach a terminal"
        raise InfrastructureError(Problem(what, remedy="install the engine's command line: apt-get install docker.io"))


def _open(step: BootStep) -> int:
    import shlex  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    from bootmatrix import files, host  # noqa: PLC0415

    _check_terminal()
    with (
        place_of(step, Engine.DOCKER, built=False) as place,
        files.scratch("shell-", host.scratch()) as folder,
    ):
        (line,) = place.command_line(_job(step, place, folder), terminal=True)
        with _marked():
            return subprocess.run(shlex.split(line), check=False).returncode


def _job(step: BootStep, place: Place, folder: Path) -> Job:
    """The cell's build, with a shell in the place of its commands, without network, and with what it made last."""
    from bootmatrix.boots.tenders import BUILD  # noqa: PLC0415
    from bootmatrix.places.place import Job  # noqa: PLC0415
    from bootmatrix.toolchains import build  # noqa: PLC0415

    job = Job((), f"shell {step.cell.id}", trusted=True)
    if step.build:
        source, output = folder / "src", folder / "out"
        output.mkdir()
        build.copy(step.build.source, source, step.build.matrix)
        job = build.job_of(step.build, place, source, output)
        if (kept := step.build.output(place)).is_dir():
            job = replace(job, mounts=(*job.mounts, place.mount(kept, BUILD)))
    return replace(job, argv=("sh",), env={**job.env, "PS1": f"{step.cell.id} $ "}, network=False)


@contextlib.contextmanager
def _marked() -> Iterator[None]:
    """While this lasts, it is known that there is a container of ours: the next run removes it, should we be killed."""
    from bootmatrix import host  # noqa: PLC0415
    from bootmatrix.runs import lease  # noqa: PLC0415

    folder = host.scratch()
    assert folder is not None  # noqa: S101  # `place_of` holds a lease
    mark = folder / lease.BOXES / "shell"
    mark.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield
    mark.rmdir()
