"""Runs to be reported: each verdict, several cells, changes, and all that a guest may word hostile."""

from __future__ import annotations

import itertools
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootmatrix import plugins, results
from bootmatrix.history import findings
from bootmatrix.history.findings import Change, ChangeKind, Changes, Night
from bootmatrix.model import (
    SEVERITY,
    Attempt,
    Case,
    Growth,
    Measure,
    Outcome,
    Quarantine,
    Result,
    Run,
    Side,
    Verdict,
    bounds,
)
from bootmatrix.runs.journal import Journal

if TYPE_CHECKING:
    from bootmatrix.model import Report

ROOT = Path(__file__).parents[2]
STARTED = "2026-11-23T23:06:15.123Z"
AXES = ("compiler", "os", "arch", "backend")
CONSOLE = "".join(f"[    0.{n:06}] line {n}\n" for n in range(40)) + "panic: out of cheese\n"
CASES = (
    Case("adds", "passed"),
    Case("divides # not by 0", "failed", "got 41\nnot 42"),
    Case("network", "skipped", "no device"),
)
GROWTH = Growth("memory", "B", 0.0, 0.0, 2 << 20, 1 << 20, Side.UNDECIDED, 0.0, 540.0, "guest")
QUARANTINE = Quarantine("mia", "a race in virtio", "2026-12-31", "matrix.yaml:12:3")
REASONS = {
    "passed": "exited(0)",
    "flaky": "passed at attempt 2, after exited(1)",
    "failed": "exited(1) instead of exited(0)",
    "contradicted": "exited(0) as expected, but the console never shows 'SUCCESS'",
    "timed out": "no end within 30 s",
    "error": "the build failed: make: Error 2\n    install make",
    "skipped": "this host has no /dev/kvm",
    "expected failure": "bug 42 (exited(1) instead of exited(0))",
    "unexpected pass": "marked as an expected failure, but it passed",
    "undecided": "memory grows by 0 B/h (0 B/h to 2 MiB/h), and 1 MiB/h are allowed: a longer soak may tell",
    "quarantined": "a race in virtio (mia, until 2026-12-31): crashed(SIGSEGV)",
}
EVIL = (
    "<script>alert(1)</script> <img src=x onerror=y> [a](http://evil.example) ![b](http://evil.example/i.png) "
    "http://evil.example www.evil.example <http://evil.example> a@evil.example @octocat @org/team #123 org/repo#1 GH-1 "
    "**bold** _em_ | a | `one` ``two`` ~~~ ```three``` & &lt; &#64; $x$ \\ \\| :smile: "
    "\n\n```\n# heading\n</details>\n````````\n~~~\n- list\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    "[ref]: http://evil.example\n::error::owned\n##[error]owned\n%0A::error::owned\n"
    "Bail out!\nok 99 - owned\n  ...\n  ---\n...\n1..7\n# TODO owned\n"
    "\r::warning::owned\x1b[31mred\x1b[0m \0 \x9b \x85 \u2028 \u202e \u2066 \ud800 \ufffe 😀 'single' \"double\" "
    "# SKIP owned"
)


def attempt(number: int, verdict: str, **more: Any) -> Attempt:
    made = Attempt(
        number=number,
        verdict=Verdict(verdict),
        reason=REASONS.get(verdict, verdict),
        outcome=Outcome("exited", "0" if verdict == "passed" else "1", "exit status"),
        started=STARTED,
        seconds=0.125 * number,
        accelerator="tcg",
        memory=64 << 20,
        metrics=(Measure("requests", 1200.5, "1/s", "higher"),),
    )
    return replace(made, **more)


def result(
    verdict: str = "passed", cell: str = "gcc-debian-12-x86_64-qemu", test: str = "hello", **more: Any
) -> Result:
    compiler, system, release, arch, backend = cell.split("-", 4)
    if verdict == "undecided":
        more = {"attempts": (attempt(1, verdict, growth=(GROWTH,)),), **more}
    last = "passed" if verdict in {"passed", "flaky", "unexpected pass"} else "failed"
    tried = (attempt(1, "failed"), attempt(2, last)) if verdict in {"flaky", "failed"} else (attempt(1, last),)
    made = Result(
        cell=cell,
        test=test,
        verdict=Verdict(verdict),
        reason=REASONS[verdict],
        seconds=1.5,
        started=STARTED,
        attempts=() if verdict in {"skipped", "error"} else tried,
        axes={"compiler": compiler, "os": f"{system}-{release}", "arch": arch, "backend": backend, "format": "elf"},
        image="debian-12:1234",
        digest="sha256:0123",
        repro=f"bootmatrix repro {cell}/{test}",
        size=123_456,
        host="x86_64 2 cores",
        quarantine=QUARANTINE if verdict == "quarantined" else Quarantine(),
        where="ci/matrix.yaml:7:3",
    )
    return replace(made, **more)


def run(*told_of: Result, **more: Any) -> Run:
    made = Run(
        "20261123-230615-1230abcde", STARTED, 83.4, "0.1", "bootmatrix run", {"name": "host"}, told_of, axes=AXES
    )
    return replace(made, **more)


def every() -> list[Result]:
    """One of each verdict, the best first."""
    return [result(verdict, test=verdict.replace(" ", "-")) for verdict in reversed(SEVERITY)]


def with_console(made: Result, folder: Path, text: str = CONSOLE) -> Result:
    """With the file that its last attempt names."""
    last = made.attempts[-1]
    name = f"consoles/{zlib.crc32(made.id.encode('utf-8', 'replace'))}/{last.number}.console.log"
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return replace(made, attempts=(*made.attempts[:-1], replace(last, console=name, console_bytes=len(text))))


def of_guests(folder: Path) -> Result:
    """A test of two guests, one of which failed: the file of each console has its guest's name."""
    guests = {}
    for name, verdict in (("server", "passed"), ("client", "failed")):
        console = f"consoles/1.{name}.console.log"
        (folder / console).parent.mkdir(exist_ok=True)
        (folder / console).write_text(f"printed by {name}\n")
        guests[name] = attempt(1, verdict, reason=f"{name} {verdict}", console=console, console_bytes=20)
    return result("failed", test="talk", attempts=(replace(guests["client"], guests=guests),))


def hostile(folder: Path, verdict: str = "failed") -> Result:
    """A result in which all that a guest, a tender or a matrix can word is hostile."""
    cases = (Case(EVIL, "failed", EVIL), Case(EVIL, "skipped", EVIL), Case("", "passed"))
    tried = attempt(1, "failed", reason=EVIL, outcome=Outcome("panicked", EVIL, EVIL), cases=cases, accelerator=EVIL)
    made = result(verdict, reason=EVIL, repro=f"bootmatrix repro {EVIL}", image=EVIL, digest=EVIL, host=EVIL)
    made = replace(made, attempts=(replace(tried, metrics=(Measure(EVIL, 1.0, EVIL, "lower"),)),), test="h")
    made = with_console(made, folder, EVIL)
    quarantine = Quarantine(EVIL, EVIL, EVIL, EVIL) if verdict == "quarantined" else Quarantine()
    return replace(
        made, test=EVIL, cell=EVIL, axes=dict.fromkeys(AXES, EVIL), quarantine=quarantine, where=f"{EVIL}:7:3"
    )


def changed(folder: Path, text: str = "exited(1)", test: str = "gcc-debian-12-x86_64-qemu/hello") -> Changes:
    """What history says of the run in `folder`: one change of each kind."""
    evil = text == EVIL
    text, test = (each.replace("\ud800", "?") for each in (text, test))  # as results read from a disk have it
    night = Night("20261120-000000-0000", STARTED, text if evil else "0123456789abcdef", "main")
    changes = Changes(
        branch=text if evil else "main",
        nights=(night, night),
        changes=(
            Change(ChangeKind.NEW_FAILURE, test, text, since=night),
            Change(ChangeKind.STILL_FAILING, test, text, since=night),
            Change(ChangeKind.WORSE, test, text, measure="boot_time", before=0.1, after=0.25, unit="s"),
            Change(ChangeKind.DIFFERENCE, test, text, since=night, measure="boot_time", before=1, after=2, unit="s"),
            Change(ChangeKind.FLAKY, test, text, rate=(0.125, 0.04, 0.31)),
            Change(ChangeKind.UNDECIDED, test, text, since=night),
            Change(ChangeKind.NEW, test, text),
            Change(ChangeKind.GONE, test, text),
            Change(ChangeKind.FIXED, test, text, since=night),
            Change(ChangeKind.BETTER, test, text, measure=text, before=2e6, after=1e6, unit=text if evil else "B"),
            Change(ChangeKind.NO_DIFFERENCE, test, text, since=night),
        ),
        notes=(text,),
    )
    findings.write(changes, folder)
    return changes


def folder_name(text: str) -> str:
    """The nearest to a text that a folder can be called."""
    name = re.sub(r"[/\x00-\x1f\x7f]|^[.]|^$", "_", text)
    return name if bounds.is_name(name) else name[:150] + name[-100:]


def stored(made: Run, folder: Path) -> Run:
    """The same run, as it is read from the disk: by names that folders can have, at a time that there is."""
    told = [replace(each, cell=folder_name(each.cell), test=folder_name(each.test)) for each in made.results]
    started = made.started if bounds.is_time(made.started) else STARTED
    results.write(replace(made, id=folder_name(made.id), started=started, results=told), folder / "results.json")
    return results.open_run(folder / "results.json")


def demo(folder: Path) -> Run:
    """A run of many cells, with its consoles, its journal and what changed."""
    verdicts = itertools.cycle(["passed"] * 7 + list(SEVERITY) + ["passed"] * 6)
    names = itertools.product(
        ("gcc", "clang"), ("debian-12", "debian-13"), ("x86_64", "aarch64"), ("qemu", "solo5-hvt")
    )
    every_one = [
        result(next(verdicts), "-".join(parts), test)
        for parts in names
        for test in ("hello", "tap", "stack@depth=10", "a|b")
    ]
    told_of = [with_console(each, folder) if each.attempts and not each.good else each for each in every_one]
    changed(folder)
    journal = Journal(folder)
    journal.event("image finished", image="debian-12-x86_64", seconds=71.25)
    journal.event("build finished", build="unikernels gcc", seconds=4.5)
    journal.close()
    return stored(run(*told_of, commit="0123456789abcdef0123", branch="main"), folder)


def report(name: str) -> Report:
    made: Report = plugins.load("reports", name, ROOT / "docs").Report()
    return made


def written(name: str, made: Run, folder: Path) -> Path:
    format_of = report(name)
    target = folder / format_of.filename
    format_of.write(made, folder, target)
    return target
