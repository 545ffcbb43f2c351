"""A run to look at, of any size: `python tests/page/demo.py FOLDER [TESTS]` makes it and writes its page.

It says what the page's size is, how long it took to write and how much memory.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import plugins, results
from bootmatrix.history import findings
from bootmatrix.history.findings import Change, ChangeKind, Changes, Night, Trend, Trends
from bootmatrix.model import (
    Attempt,
    Case,
    Measure,
    Outcome,
    PairFinding,
    Phase,
    PhaseName,
    Quarantine,
    Result,
    Run,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.model import Report

ROOT = Path(__file__).parents[2]
STARTED = "2026-11-23T23:06:15.123Z"
AXES = {
    "compiler": ("gcc", "clang"),
    "os": ("debian-12", "debian-13"),
    "arch": ("x86_64", "aarch64", "riscv64"),
    "backend": ("qemu", "solo5-hvt", "solo5-spt", "solo5-virtio"),
}
TESTS = ("hello", "net", "tap", "stack@depth=10", "stack@depth=1000000", "block", "clock", "heap@pages=64,smp=2")
NIGHTS = tuple(
    Night(f"202611{day:02}-020000-000{day:02}", f"2026-11-{day:02}T02:00:00Z", f"{day:02}" * 10, "main")
    for day in range(1, 24)
)
WEIGHTS = {"passed": 88, "flaky": 2, "failed": 2, "skipped": 4, "quarantined": 1, "expected failure": 1}
REASONS = {
    "contradicted": "exited(0) as expected, but the console never shows 'SUCCESS'",
    "failed": "exited(1) instead of exited(0)",
    "timed out": "no end within 30 s",
    "unexpected pass": "marked as an expected failure, but it passed",
    "error": """build unikernels-gcc ended with status 2: src/net.c:12:9: error: 'mtu' undeclared
    out/20261123-230615-1230abcde/logs/build-unikernels-gcc.log, line 31:
    src/net.c: In function 'send':
    src/net.c:12:9: error: 'mtu' undeclared
       12 |   if (mtu < size)
          |       ^~~""",
    "quarantined": "a race in virtio-net (mia, until 2026-12-31): crashed(SIGSEGV)",
    "flaky": "passed at attempt 2, after exited(1)",
    "passed": "exited(0)",
    "expected failure": "the clock drifts under TCG (exited(1) instead of exited(0))",
    "skipped": "this host has no solo5-spt\n    install Solo5, or name its folder: `runner: {prefix: FOLDER}`",
}
CONSOLE = """\
            |      ___|
  __|  _ \\  |  _ \\ __ \\
\\__ \\ (   | | (   |  ) |
____/\\___/ _|\\___/____/
\x1b[1mSolo5:\x1b[0m Bindings version \x1b[38;5;45mv0.12.1\x1b[0m
\x1b[32m[ok]\x1b[0m memory map: 64 MB addressable
\x1b[32m[ok]\x1b[0m clock: monotonic \x1b[2m(tsc)\x1b[0m
\x1b[33m[warn]\x1b[0m net: no carrier on \x1b[4mtap0\x1b[0m, trying again
\x1b[38;2;255;120;60mnet: retry 1\x1b[0m \x1b[48;5;24m timeout after 250 ms \x1b[0m
\x1b[1;31m[FAIL]\x1b[0m net: ARP for \x1b[7m10.0.0.1\x1b[0m was not answered
"""


def verdicts(count: int) -> Iterator[str]:
    """All of them soon, most of them passed, the same each time."""
    dice = random.Random(7)  # noqa: S311
    yield from ("passed", "passed", "failed", "contradicted", "timed out", "error", "unexpected pass", "quarantined")
    yield from dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)


def ids(count: int) -> Iterator[tuple[dict[str, str], str]]:
    """Values and test: each test in each cell, with as many more tests as that takes."""
    cells = [dict(zip(AXES, values, strict=True)) for values in itertools.product(*AXES.values())]
    names = (*TESTS, *(f"suite-{number:04}" for number in range(count // len(cells))))
    every = ((cell, name) for cell in cells for name in names[: -(-count // len(cells))])
    return itertools.islice(every, count)


def attempt(number: int, verdict: str, dice: random.Random, console: str = "", size: int = 0) -> Attempt:
    good = verdict in {"passed", "unexpected pass"}
    kind = "hung" if verdict == "timed out" else "exited"
    cases = (
        Case("arp", "failed", "expected a reply\ngot none"),
        Case("icmp", "skipped", "no route"),
        Case("link", "passed"),
    )
    took = round(dice.lognormvariate(-2, 0.4), 4)
    return Attempt(
        number=number,
        verdict=Verdict.PASSED if good else Verdict.TIMED_OUT if verdict == "timed out" else Verdict.FAILED,
        reason=REASONS["passed"] if good else REASONS.get(verdict, REASONS["failed"]),
        outcome=Outcome(kind, "0" if good else "" if kind == "hung" else "1", "the tender's exit status"),
        started=STARTED,
        seconds=took,
        accelerator="tcg",
        accelerator_reason="/dev/kvm is not there",
        console=console,
        console_bytes=size,
        command=("solo5-hvt", "--mem=64", "--net:service=tap0", "out/net.hvt", "--message", "it's a test"),
        cases=() if good else cases,
        memory=dice.randint(40, 90) << 20,
        metrics=(Measure("throughput", round(dice.gauss(940, 20), 1), "Mbit/s", "higher"),),
        phases=phases(took),
    )


def phases(took: float) -> tuple[Phase, ...]:
    """Of a boot that took so many seconds."""
    parts = {PhaseName.FIRMWARE: 0.1, PhaseName.FIRST_BYTE: 0.55, PhaseName.ENTRY: 0.6, PhaseName.READY: 0.8}
    return (*(Phase(name, round(part * took, 4)) for name, part in parts.items()), Phase(PhaseName.END, took))


def result(folder: Path, values: dict[str, str], test: str, verdict: str, dice: random.Random) -> Result:
    cell = "-".join(values.values())
    name, _, params = test.partition("@")
    tried: tuple[Attempt, ...] = ()
    if verdict in {"flaky", "failed", "contradicted", "timed out", "quarantined"}:
        made = [printed(folder, cell, test, number) for number in (1, 2)]
        last = "passed" if verdict == "flaky" else verdict
        tried = (attempt(1, "failed", dice, *made[0]), attempt(2, last, dice, *made[1]))
    elif verdict not in {"skipped", "error"}:
        tried = (attempt(1, verdict, dice, f"consoles/{cell}/{test}/1.console.log", 512),)
    paired = name == "clock" and values["compiler"] == "clang" and verdict == "passed"
    if paired:
        tried = (replace(tried[0], files=(boots(folder, cell, test),)),)
    return Result(
        cell=cell,
        test=test,
        verdict=Verdict(verdict),
        reason=REASONS[verdict],
        seconds=sum(each.seconds for each in tried),
        started=STARTED,
        attempts=tried,
        axes={**values, **dict(part.split("=") for part in params.split(",") if part), "format": "elf", "test": name},
        image=f"{values['os']}:1f2e3d",
        unikernel=f"out/{name}.elf",
        repro=f"bootmatrix repro {cell}/{test}",
        key=f"{dice.getrandbits(64):016x}",
        reused="20261122-020000-00022" if verdict == "passed" and dice.random() < 0.1 else "",
        digest=f"sha256:{hashlib.sha256(values['os'].encode()).hexdigest()}",
        size=dice.randint(80, 900) << 10,
        host="x86_64, AMD EPYC, 2 cores",
        quarantine=Quarantine("mia", "a race in virtio-net", "2026-12-31", "matrix.yaml:41:5")
        if verdict == "quarantined"
        else Quarantine(),
        where=f"matrix.yaml:{30 + 3 * len(name)}:3",
        pairs=tuple(pairs(dice)) if paired else (),
    )


def pairs(dice: random.Random) -> Iterator[PairFinding]:
    """One measure that is more, and one of which too little is known."""
    change = dice.uniform(0.2, 0.3)
    more = PairFinding("compiler", "gcc", "clang", "more", name="memory_peak", unit="B", better="lower", until=0.02)
    yield replace(
        more, before=40e6, after=40e6 * (1 + change), change=change, low=change - 0.01, high=change + 0.01, boots=28
    )
    why = "28 boots of each were not enough for ±2%"
    time = replace(more, name="boot_time", unit="s", verdict="undecided", why=why, before=0.13, after=0.131)
    yield replace(time, change=0.01, low=-0.03, high=0.05, boots=28)


def boots(folder: Path, cell: str, test: str) -> str:
    """The table of boots of a pair, relative to the folder."""
    dice = random.Random(cell)  # noqa: S311
    name = f"consoles/{cell}/{test}/1.pair.csv"
    lines = ["boot,block,counts,value,started,seconds,verdict,boot_time,memory_peak"]
    for at in range(60):
        value = "clang" if at % 4 in {1, 2} else "gcc"
        memory = 40e6 * (1.25 if value == "clang" else 1) * dice.gauss(1, 0.005)
        measured = f"{dice.gauss(0.13, 0.01):.4f},{memory:.0f}"
        lines.append(f"{at + 1},{at // 4 + 1},{'yes' if at >= 4 else 'no'},{value},{STARTED},0.2,passed,{measured}")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n")
    return name


def printed(folder: Path, cell: str, test: str, number: int) -> tuple[str, int]:
    """A console's file, relative to the folder, and its size: some are longer than the page shows."""
    name = f"consoles/{cell}/{test}/{number}.console.log"
    text = CONSOLE + ("[    0.000001] probing the bus\n" * 900 if test == "net" else "") + "panic: out of cheese\n"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return name, len(text)


def made(folder: Path, count: int = 384) -> Run:
    """The run in its folder, with its consoles and what history says of it."""
    dice = random.Random(11)  # noqa: S311
    folder.mkdir(parents=True, exist_ok=True)
    every = [result(folder, *each, verdict, dice) for each, verdict in zip(ids(count), verdicts(count), strict=False)]
    host = {"name": "ci-7", "os": "debian-12", "machine": "x86_64"}
    run = Run("20261123-230615-1230abcde", STARTED, 83.4, "0.1.0", "bootmatrix nightly --reuse", host, every)
    run = Run(**{**vars(run), "axes": tuple(AXES), "commit": "4be1d09a53c07e51aa02", "branch": "main"})
    results.write(run, folder / "results.json")
    findings.write(Trends(NIGHTS, {each.id: trend(each, dice) for each in every[:2000]}), folder)
    findings.write(changes(every), folder)
    return results.open_run(folder / "results.json")


def trend(result: Result, dice: random.Random) -> Trend:
    seen = [dice.choice((*("passed",) * 9, "flaky", "")) for _ in NIGHTS[1:]]
    times = [round(dice.gauss(0.13, 0.01), 4) if verdict == "passed" else None for verdict in seen]
    return Trend((*seen, result.verdict), {"boot_time": (*times, 0.15)})


def changes(every: list[Result]) -> Changes:
    bad, fine = ([each.id for each in every if each.good is good] for good in (False, True))
    night = NIGHTS[-3]
    told_of = [
        *(Change(ChangeKind.NEW_FAILURE, each, "exited(1) instead of exited(0)", NIGHTS[-1]) for each in bad[:3]),
        *(Change(ChangeKind.STILL_FAILING, each, "no end within 30 s [4 runs in a row]", night) for each in bad[3:12]),
        measured("worse", fine[0], night, ("boot_time", 0.048, 0.061, "s"), "48 ms -> 61 ms (+27.1%)"),
        measured("worse", fine[1], night, ("memory_peak", 61 << 20, 74 << 20, "B"), "61 MiB -> 74 MiB (+21.3%)"),
        *(Change(ChangeKind.FLAKY, each, "passed at attempt 2", night, rate=(0.1, 0.035, 0.256)) for each in fine[2:4]),
        Change(ChangeKind.NEW, fine[4], "in 48 cells"),
        Change(ChangeKind.GONE, f"{every[0].cell}/entropy", "the last complete run had it"),
        Change(ChangeKind.FIXED, fine[5], "passed; failed in 3 runs", night),
        measured("better", fine[6], night, ("throughput", 880.5, 941.0, "Mbit/s"), "880.5 Mbit/s -> 941 Mbit/s"),
    ]
    return Changes("main", NIGHTS, tuple(told_of), ("2 tests in quarantine failed again.",))


def measured(kind: str, test: str, since: Night, values: tuple[str, float, float, str], words: str) -> Change:
    name, before, after, unit = values
    return Change(
        ChangeKind(kind), test, f"{name}: {words}", since, measure=name, before=before, after=after, unit=unit
    )


def main(folder: Path, count: int) -> None:
    run = made(folder, count)
    report: Report = plugins.load("reports", "html", ROOT / "docs").Report()
    target = folder / report.filename
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    report.write(run, folder, target)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{target}: {target.stat().st_size:,} bytes, {seconds:.2f} s, {peak >> 10} MiB ({before >> 10} before)")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 384)
