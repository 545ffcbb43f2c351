from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from bootmatrix.commands import by_hand, holding
from bootmatrix.commands.common import allow_option, matrix_options, one_boot, places_of, plan_to_run, test_argument
from bootmatrix.engines import Engine
from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Exit, Place, Process
    from bootmatrix.planning.step import BootStep

TICK = 0.1
INTERRUPTED = 130


@click.command(
    "box",
    epilog="""\b
Examples:
  bootmatrix box debian-12-solo5-hvt/hello
  bootmatrix box debian-12-solo5-hvt/hello -- sh -i     look around there""",
)
@test_argument
@click.argument("command", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--attempt", type=click.IntRange(1), default=1, show_default=True, help="The attempt that it is to be.")
@allow_option
@matrix_options
def command(
    test: str,
    command: tuple[str, ...],
    attempt: int,
    allow: tuple[Path, ...],
    directory: Path | None,
    file: Path,
) -> None:
    """Boot one test by hand in a box, the emulated machine that brings the KVM or the Xen that it needs.

    With COMMAND that is run instead, with all that the boot has. The box is there as long as this lasts, and ends with
    Ctrl-C. What is typed goes to the boot, its console to standard output, what the tender says to standard error; the
    exit status is the tender's, or the command's.
    """
    step = one_boot(plan_to_run(directory, file, allow, (test,), Engine.DOCKER), test)
    by_hand.check(step)
    if step.guests:
        what = f"{step.id} has several guests, of which none boots in a box by hand"
        raise UserError(Problem(what, remedy=f"a run boots all of them: bootmatrix run --box always {step.id}"))
    with places_of(step, Engine.DOCKER, built=True) as (places, makers):
        from bootmatrix.boots.preparing import Preparer, job_of  # noqa: PLC0415
        from bootmatrix.boots.routing import Router  # noqa: PLC0415
        from bootmatrix.running.boxes import Boxes  # noqa: PLC0415

        with by_hand.possible(step):
            router = Router(Preparer(), Boxes(places, makers).of, "always")
            (prepared,), place = router.prepare(step, step.fields, places.of(step.site))
        if not prepared.choice.boxed:
            remedy = f"boot it outside: bootmatrix repro {step.id}"
            raise UserError(Problem(f"{step.id} needs nothing that a box brings", remedy=remedy))
        job = replace(job_of(prepared, attempt, place.folder()), reads=True)
        by_hand.remark(f"{'its boot' if command else 'it runs'}: {shlex.join(job.argv)}", err=True)
        ending = threading.Event()
        with place.start(replace(job, argv=command or job.argv), lambda found: _tell(found, step, place)) as process:
            ends = dict.fromkeys((*holding.ENDING, signal.SIGINT), lambda *_: ending.set())
            with holding.handled(ends):
                status = _followed(process, ending)
    raise SystemExit(status)


def _tell(namespace: Namespace | None, step: BootStep, place: Place) -> None:
    """How to ask the guest, if it has networks."""
    if namespace:
        for text in by_hand.addresses(step):
            by_hand.remark(text, err=True)
        holding.tell(place.standing(namespace, by_hand.name(step)), step.interfaces[0])


def _followed(process: Process, ending: threading.Event) -> int:
    """Its exit status as a shell has it; it is ended when that is wanted."""
    from bootmatrix.places.place import CONSOLE, END  # noqa: PLC0415

    threading.Thread(target=_typed, args=(process,), daemon=True).start()
    while not ending.is_set():
        kind, said = process.read(TICK) or ("", b"")
        if kind == END:
            return _status(process.wait())
        if said:
            stream = (sys.stdout if kind == CONSOLE else sys.stderr).buffer
            stream.write(said)
            stream.flush()
    process.kill()
    return INTERRUPTED


def _typed(process: Process) -> None:
    """What comes from standard input, as fast as it is taken; its end, or that of the boot, is the end of it."""
    with contextlib.suppress(OSError):  # it reads no more
        while data := os.read(0, 1 << 12):
            while data:
                data = data[process.write(data) :]
                if data:
                    time.sleep(TICK)


def _status(end: Exit) -> int:
    return 128 + signal.Signals[end.signal] if end.status is None else end.status
