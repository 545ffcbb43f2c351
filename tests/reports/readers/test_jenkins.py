"""Jenkins by its rules, from its plug-ins' sources.

junit-plugin: SuiteResult.java and CaseResult.java (hudson.tasks.junit); junit-attachments-plugin:
GetTestDataMethodObject.java (hudson.plugins.junitattachments).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

KEPT, KEPT_OF_FAILURES = 500, 50_000  # characters at each end of an output, unless all of it is asked for
ATTACHMENT = re.compile(r"\[\[ATTACHMENT\|.+\]\]")


@dataclass
class Seen:
    state: str
    message: str | None
    trace: str | None
    stdout: str
    flaky: list[tuple[str | None, str | None]]
    reruns: list[tuple[str | None, str | None]]
    properties: dict[str | None, str | None]
    attachments: list[str] = field(default_factory=list)


def case(element: ET.Element) -> Seen:
    """An `error` comes before a `failure`, a `skipped` before both; its message is the attribute, else the text."""
    broken = element.find("error") if element.find("error") is not None else element.find("failure")
    skipped = element.find("skipped")
    state = "skipped" if skipped is not None else "failed" if broken is not None else "passed"
    message = broken.get("message") if broken is not None else None
    if skipped is not None:
        message = skipped.get("message", skipped.text or "")
    stdout = trimmed(element.findtext("system-out") or "", KEPT if broken is None else KEPT_OF_FAILURES)
    return Seen(
        state,
        message,
        broken.text if broken is not None else None,
        stdout,
        [(again.get("message"), again.findtext("system-out")) for again in element.findall("flakyFailure")],
        [(again.get("message"), again.findtext("stackTrace")) for again in element.findall("rerunFailure")],
        {item.get("name"): item.get("value") for item in element.iterfind("properties/property")},
        [mark[len("[[ATTACHMENT|") : -2].partition("|")[0] for mark in ATTACHMENT.findall(stdout)],
    )


def trimmed(text: str, half: int) -> str:
    cut = len(text) - 2 * half
    return text if cut <= 0 else f"{text[:half]}\n...[truncated {cut} chars]...\n{text[-half:]}"


def read(file: Path) -> dict[str | None, Seen]:
    root = ET.parse(file).getroot()  # noqa: S314  # our own file
    return {one.get("name"): case(one) for suite in root.iterfind("testsuite") for one in suite.iterfind("testcase")}


def test_states_are_as_meant(junit: Path) -> None:
    states = {name: seen.state for name, seen in read(junit).items()}
    assert states == {
        **dict.fromkeys(("passes", "flaky", "cases/adds"), "passed"),
        **dict.fromkeys(("fails", "errs", "unexpected", "cases", "cases/divides"), "failed"),
        **dict.fromkeys(("skips", "expected", "kept", "cases/network"), "skipped"),
    }


def test_attempts_and_reasons_are_told(junit: Path) -> None:
    seen = read(junit)
    ((message, printed),) = seen["flaky"].flaky
    assert message == "exited(1) instead of exited(0)"
    assert "console of attempt 1" in (printed or "")
    assert [trace for _, trace in seen["fails"].reruns] == [
        f"attempt {number}: exited(1) instead of exited(0)" for number in (2, 3)
    ]
    assert seen["errs"].message == "broken(no KVM) instead of exited(0)"
    assert seen["expected"].message == "expected failure: bug 7 (exited(1))"
    assert "bug 42, since May (ada@example.org, until 2026-12-31): failed" in (seen["kept"].message or "")
    assert "attempt 3: exited(1) after 0.125 s" in (seen["fails"].trace or "")


@pytest.mark.parametrize("name", ["flaky", "fails", "errs", "kept"])
def test_attachments_are_files_of_the_workspace_and_no_others(name: str, junit: Path, workspace: Path) -> None:
    paths = read(junit)[name].attachments
    console = workspace / f"out/run-1/consoles/gcc-debian-12-x86_64-qemu/{name}"
    assert {workspace / path for path in paths} == set(console.glob("*.log"))
    assert (workspace / paths[0]).read_text().startswith("console of attempt ")


def test_properties_of_a_test_are_told_in_the_dialect_that_has_them(junit: Path, with_properties: Path) -> None:
    assert read(junit)["passes"].properties == {}
    assert read(with_properties)["passes"].properties["measure.latency"] == "12.5 us"


def test_the_start_of_a_suite_is_a_time(junit: Path) -> None:
    for suite in ET.parse(junit).getroot():  # noqa: S314  # our own file
        assert datetime.fromisoformat(suite.get("timestamp", "") + "Z").year == 2026
