"""Results of each verdict, and the JUnit report that is made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from conftest import ROOT

from bootmatrix import plugins
from bootmatrix.model import Attempt, Case, Measure, Outcome, Quarantine, Result, Run, Verdict

if TYPE_CHECKING:
    from pathlib import Path

STARTED = "2026-11-23T23:06:15.123Z"
AXES = ("compiler", "os", "arch", "backend")
EVERY_BYTE = bytes(range(256))
HOSTILE = EVERY_BYTE + b"\x1b[31mred\x1b[0m ]]> &amp; <![CDATA[ \xed\xa0\x80 \xef\xbf\xbe \xef\xbf\xbf \xf0\x9f\x98\x80"
HOSTILE_TEXT = "\0\x1b[31mred\x1b[0m ]]> & < \" ' \ud800 \ufffe \uffff 😀 \x85 \u2028"


def attempt(number: int, verdict: str, outcome: str, **more: Any) -> Attempt:
    kind, _, detail = outcome.rstrip(")").partition("(")
    made = Attempt(
        number=number,
        verdict=Verdict(verdict),
        reason=outcome if verdict == "passed" else f"{outcome} instead of exited(0)",
        outcome=Outcome(kind, detail, "the tender's words"),
        started=STARTED,
        seconds=0.125 * number,
        accelerator="tcg",
        accelerator_reason="KVM is not there",
    )
    return replace(made, **more)


def result(verdict: str, *attempts: Attempt, **more: Any) -> Result:
    made = Result(
        cell="gcc-debian-12-x86_64-qemu",
        test="hello",
        verdict=Verdict(verdict),
        reason=attempts[-1].reason if attempts else "/dev/kvm is not there",
        seconds=1.23456,
        started=STARTED,
        attempts=attempts,
        axes={"compiler": "gcc", "os": "debian-12", "arch": "x86_64", "backend": "qemu", "format": "elf"},
        image="debian-12:1234",
        repro="bootmatrix repro gcc-debian-12-x86_64-qemu/hello",
        where="ci/matrix.yaml:7:3",
    )
    return replace(made, **more)


FAILED = attempt(1, "failed", "exited(1)")
HUNG = attempt(1, "timed out", "hung(no end within 30 s)")
SHOWN = "exited(0) as expected, but the console never shows 'SUCCESS'"
CASES = (
    Case("adds", "passed"),
    Case("divides", "failed", "got 41"),
    Case("divides", "failed", "got 42"),
    Case("network", "skipped", "no device"),
)
KEPT = Quarantine("ada@example.org", "bug 42", "2026-12-31", "matrix.yaml:9:3")
METRICS = (Measure("latency", 12.5, "us", "lower"), Measure("packets", 1e6))
RESULTS = {
    "passed": result("passed", attempt(1, "passed", "exited(0)")),
    "flaky": result("flaky", FAILED, attempt(2, "passed", "exited(0)"), reason="passed at attempt 2"),
    "failed": result("failed", FAILED, attempt(2, "failed", "crashed(SIGSEGV)"), attempt(3, "failed", "aborted")),
    "contradicted": result("contradicted", attempt(1, "contradicted", "exited(0)", reason=SHOWN)),
    "timed-out": result("timed out", HUNG, replace(HUNG, number=2)),
    "error-configuration": result(
        "error", attempt(1, "error", "rejected(no device)"), reason="no device\n    attach it"
    ),
    "error-infrastructure": result("error", attempt(1, "error", "broken(no KVM)"), infrastructure=True),
    "skipped": result("skipped"),
    "expected-failure": result("expected failure", FAILED, reason="bug 42 (exited(1) instead of exited(0))"),
    "unexpected-pass": result("unexpected pass", attempt(1, "passed", "exited(0)"), reason="marked, but it passed"),
    "guest-cases": result("failed", attempt(1, "failed", "exited(1)", cases=CASES)),
    "expected-failure-with-cases": result("expected failure", replace(FAILED, cases=CASES), reason="bug 42"),
    "undecided": result(
        "undecided", attempt(1, "undecided", "stopped"), reason="memory may grow: a longer soak may tell"
    ),
    "quarantined": result("quarantined", FAILED, quarantine=KEPT, reason=f"{KEPT}: failed: {FAILED.reason}"),
    "consoles": result(
        "flaky",
        replace(FAILED, console="consoles/1.console.log", tender="consoles/1.tender.log"),
        attempt(2, "passed", "exited(0)", console="consoles/2.console.log", memory=4 << 20, metrics=METRICS),
        reason="passed at attempt 2",
        digest="sha256:abcd",
        size=1234,
        host="a class of hosts",
    ),
}


def written(folder: Path, *results: Result, **options: object) -> Path:
    run = Run("run-1", STARTED, 2.5, "0.1", "bootmatrix run", {"name": "host"}, results, axes=AXES)
    report = plugins.load("reports", "junit", ROOT / "docs").Report(**options)
    target: Path = folder / report.filename
    report.write(run, folder, target)
    return target


def system_out(file: Path) -> str:
    return ET.parse(file).findtext(".//system-out") or ""  # noqa: S314  # our own file


def hostile(folder: Path, raw: bytes = HOSTILE) -> Result:
    """A result in which all that a guest or a tender can word is hostile."""
    (folder / "console.log").write_bytes(raw)
    text = HOSTILE_TEXT
    cases = (Case(text, "failed", text), Case("\0", "passed"), Case("\1", "passed"), Case(text, "skipped", text))
    said = attempt(1, "failed", "exited(1)", reason=text, console="console.log", tender="console.log", cases=cases)
    again = replace(said, number=2, outcome=Outcome("panicked", text, text), accelerator_reason=text)
    return result("failed", said, again, reason=text, image=text, repro=text, axes={text: text}, test=f"a{text}")
