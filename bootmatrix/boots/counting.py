"""A boot beside the one that is judged, in which the guest's instructions are counted: its times mean nothing, and its
end changes no verdict.

It runs under TCG whatever the other ran on, with a clock that goes by instructions and a fixed seed for what is random,
so that the same unikernel executes the same instructions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.boots import given, judgement, words
from bootmatrix.boots.preparing import boot_of, runner_of
from bootmatrix.boots.tenders import last_line
from bootmatrix.counting import counter, program
from bootmatrix.counting.counter import Counters, Uncounted
from bootmatrix.counting.program import Program
from bootmatrix.counting.tables import COVERAGE, FUNCTIONS
from bootmatrix.counting.tally import NOISE, Tally
from bootmatrix.errors import BootmatrixError, Fatal, printable
from bootmatrix.model import Better, Counter, Measure, Rejected, Verdict
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.watch import watch
from bootmatrix.watching.witness import NOTHING, Findings

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.places.place import Job, Place
    from bootmatrix.watching.watch import Watched

INSTRUCTIONS = "instructions"
SLOWER = 4  # times as slow as the boot that is judged may this one be: an allowance, in its time-outs
WHY = "uncounted.txt"
KEPT = 400_000  # functions of all unikernels that are kept in mind
NOTES = 20  # that a run makes of what is not counted; the reason lies beside each console besides


@dataclass
class Counting:
    """Counts in any place; what it found out of compilers and unikernels it keeps for the next boot."""

    stop: threading.Event
    note: Callable[[str], None]
    counters: Counters = field(default_factory=Counters)
    _programs: dict[tuple[object, ...], Program | str] = field(default_factory=dict)
    _noted: set[str] = field(default_factory=set)

    def counted(self, prepared: Prepared, place: Place, attempt: int, found: Verdict) -> Findings:
        """The instructions of an attempt with that verdict, as a measure and as tables; nothing where none are wanted,
        or they cannot be counted, which then is noted. Raises Fatal if the run must end.
        """
        if not wanted(prepared) or found != Verdict.PASSED or self.stop.is_set():
            return NOTHING
        try:
            return self._counted(prepared, place, attempt)
        except Fatal:
            raise
        except (BootmatrixError, Rejected, Uncounted) as error:
            if self.stop.is_set():
                return NOTHING
            self._note(prepared.step.id, f"its instructions are not counted: {error}")
            return Findings(files={WHY: f"{error}\n".encode("utf-8", "replace")})

    def _note(self, test: str, why: str) -> None:
        """Once for each reason: a place without a compiler has it for thousands of tests."""
        if why not in self._noted and len(self._noted) < NOTES:
            self._noted.add(why)
            self.note(f"{test}: {why}")

    def _counted(self, prepared: Prepared, place: Place, attempt: int) -> Findings:
        fields, read = prepared.fields, self._program(prepared.file)
        tally = Tally(read)
        seen = self._watched(prepared, place, _job(prepared, place, read, self.counters.of(place), attempt), tally)
        if trouble := _trouble(prepared, tally, seen):
            raise Uncounted(trouble)
        made = Measure(INSTRUCTIONS, tally.total, INSTRUCTIONS, Better.LOWER)
        files = {FUNCTIONS: tally.functions()} if fields.count and read.functions else {}
        if fields.coverage and read.functions:
            files[COVERAGE] = tally.coverage()
        elif fields.coverage:
            self._note(prepared.step.id, f"its coverage is not known: {printable(prepared.file.name)} has no symbols")
        return Findings(metrics=(made,) if fields.count else (), files=files)

    def _program(self, file: Path) -> Program:
        """Raises Uncounted if it is none that can be counted."""
        try:
            state = file.stat()
            key = (str(file), state.st_ino, state.st_size, state.st_mtime_ns)
            found = self._programs.get(key) or _read(file)
        except OSError as error:
            raise Uncounted(f"{printable(file.name)}: {error.strerror}") from None
        if sum(len(each.functions) for each in [*self._programs.values()] if isinstance(each, Program)) > KEPT:
            self._programs.clear()
        self._programs[key] = found
        if isinstance(found, str):
            raise Uncounted(f"{printable(file.name)}: {found}")
        return found

    def _watched(self, prepared: Prepared, place: Place, job: Job, tally: Tally) -> Watched:
        fields, noise = prepared.fields, prepared.step.runner.noise
        limits = Limits(
            timeout=fields.timeout * SLOWER,
            size=fields.console_limit,
            exit_pattern=fields.console_exit,
            noise=f"{NOISE}|{noise}" if noise else NOISE,
            panic=prepared.step.runner.panic,
            cpus=fields.cpus,
        )
        with place.start(job) as process:
            return watch(process, limits, self.stop, also=[tally])


def _read(file: Path) -> Program | str:
    """What it has, or why it is none: that takes as long to find out, and more so where it was made to."""
    try:
        return program.read(file.resolve())
    except ValueError as error:
        return str(error)


def wanted(prepared: Prepared) -> bool:
    """Whether the test asks for it, and its backend can."""
    return bool(prepared.fields.count or prepared.fields.coverage) and prepared.step.runner.counts


def _job(prepared: Prepared, place: Place, read: Program, library: bytes, attempt: int) -> Job:
    fields, folder = prepared.fields, place.folder()
    path = f"{folder}/{counter.NAME}"
    until = fields.ready.text if fields.ready else ""
    told = tuple(f"range={start:x}:{end:x}" for start, end in read.ranges)
    told += (f"until={until.encode('utf-8', 'surrogateescape').hex()}",) if until else ()
    boot = replace(boot_of(prepared, attempt, folder), accel="tcg", counter=Counter(path, told))
    launch = runner_of(prepared, boot, attempt).launch(boot)
    words.check(launch.argv)
    return replace(
        prepared.job,
        argv=(*_preloaded(path), *launch.argv),
        devices=launch.devices,
        folder=folder,
        files={**launch.files, counter.NAME: library},
        disks=given.disks(prepared.given, fields, prepared.step, attempt, folder).made,
    )


def _preloaded(path: str) -> tuple[str, ...]:
    """The beginning of the command line: the counter is to see the console and the trace."""
    if any(char in path for char in " :\t"):
        raise Uncounted(f"{path} has a blank or a colon: use a folder for temporary files (TMPDIR) without")
    return ("env", f"LD_PRELOAD={path}")


def _trouble(prepared: Prepared, tally: Tally, seen: Watched) -> str:
    """Why what was counted is not what the test asks for; empty if it is."""
    if not tally.end:
        if seen.stopped:
            return f"the boot that counts them was ended: {seen.stopped}"
        said = last_line(texts.clean(seen.tender.raw()))
        how = "the boot that counts them has told no end"
        return f"{how}: {printable(said, 200)}" if said else how
    if prepared.fields.ready and tally.end != "ready":
        return "the guest ended before it was ready in the boot that counts them"
    if tally.end == "end":
        judged = judgement.judge(prepared.step, prepared.fields, seen).judgement
        if judged.verdict != Verdict.PASSED:
            return f"the boot that counts them does not pass: {judged.reason}"
    return ""
