"""report.tap as readers of TAP take it: our own, and npm's tap-parser, on which node-tap stands."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from reports.examples import CASES, CONSOLE, EVIL, REASONS, every, hostile, result, run, with_console, written
from support import npm_shared

from bootmatrix.model import Case
from bootmatrix.protocols import tap

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result, Run

NAMES = [EVIL, "a {", "a # SKIP b", "a \\", "\\#", "# TODO", "", "- a", "1 - a", "a\nok 2", "a # time=1ms", "\0"]


def text(made: Run, folder: Path) -> str:
    return written("tap", made, folder).read_bytes().decode()


def points(source: str) -> list[str]:
    return re.findall(r"^(?:not )?ok .*$", source, re.MULTILINE)


def diagnostics(source: str) -> list[dict[str, Any]]:
    return [
        yaml.safe_load(found) for found in re.findall(r"^  ---\n(.*?)^  \.\.\.\n", source, re.MULTILINE | re.DOTALL)
    ]


def with_cases(made: Result, *cases: Case) -> Result:
    return replace(made, attempts=(replace(made.attempts[-1], cases=cases),))


def test_every_verdict(tmp_path: Path) -> None:
    source = text(run(*every()), tmp_path)
    cell = "gcc-debian-12-x86_64-qemu"
    assert source.startswith("TAP version 14\n1..11\n")
    assert points(source) == [
        f"ok 1 - {cell}/skipped # SKIP this host has no /dev/kvm",
        f"not ok 2 - {cell}/expected-failure # TODO expected failure: bug 42 (exited(1) instead of exited(0))",
        f"ok 3 - {cell}/passed",
        f"ok 4 - {cell}/flaky",
        f"not ok 5 - {cell}/undecided # TODO undecided: {REASONS['undecided']}",
        f"not ok 6 - {cell}/quarantined # TODO quarantined: a race in virtio (mia, until 2026-12-31): crashed(SIGSEGV)",
        f"not ok 7 - {cell}/error",
        f"not ok 8 - {cell}/unexpected-pass",
        f"not ok 9 - {cell}/timed-out",
        f"not ok 10 - {cell}/failed",
        f"not ok 11 - {cell}/contradicted",
    ]
    assert [found["verdict"] for found in diagnostics(source)] == [
        each.verdict for each in every() if each.verdict not in {"passed", "skipped"}
    ]


def test_a_diagnostic_says_why_and_shows_the_console(tmp_path: Path) -> None:
    (found,) = diagnostics(text(run(with_console(result("failed"), tmp_path)), tmp_path))
    assert found == {
        "verdict": "failed",
        "message": "exited(1) instead of exited(0)",
        "attempts": ["exited(1) after 0.125 s", "exited(1) after 0.250 s"],
        "repeat it": "bootmatrix repro gcc-debian-12-x86_64-qemu/hello",
        "console": "\n".join(CONSOLE.splitlines()[-20:]),
    }


def test_of_many_consoles_the_first_are_shown_and_the_others_named(tmp_path: Path) -> None:
    made = with_console(result("failed"), tmp_path)
    console = made.attempts[-1].console
    found = diagnostics(text(run(*[made] * 1001), tmp_path))
    assert [each["console"].endswith("cheese") for each in found] == [True] * 1000 + [False]
    assert found[-1]["console"] == f"[in {console}]"


def test_the_guests_own_cases_are_a_subtest(tmp_path: Path) -> None:
    source = text(run(with_cases(result("failed"), *CASES)), tmp_path)
    assert source.splitlines()[2:8] == [
        "# Subtest: gcc-debian-12-x86_64-qemu/hello",
        "    1..3",
        "    ok 1 - adds",
        "    not ok 2 - divides \\# not by 0",
        "      ---",
        "      message: |-",
    ]
    assert "    ok 3 - network # SKIP no device\nnot ok 1 - gcc" in source
    todo = text(run(with_cases(result("expected failure"), *CASES)), tmp_path)
    assert "    not ok 2 - divides \\# not by 0 # TODO expected failure\n" in todo


def test_an_interrupted_run_and_one_without_tests(tmp_path: Path) -> None:
    assert text(run(), tmp_path) == "TAP version 14\n1..0 # no test\n"
    assert text(run(result("skipped"), interrupted=True), tmp_path).endswith("\nBail out! the run was interrupted\n")


def test_our_own_reader_finds_every_test_and_no_other(tmp_path: Path) -> None:
    evil = [hostile(tmp_path, verdict) for verdict in ("failed", "flaky", "quarantined", "skipped")]
    told = tap.parse(text(run(*every(), *evil), tmp_path))
    assert told.trouble == ""
    good = ["skipped", "skipped", "passed", "passed", "skipped", "skipped"]
    statuses = [*good, *["failed"] * 6, "passed", "skipped", "skipped"]
    assert [case.status for case in told.cases] == statuses
    assert [case.name for case in told.cases[:11]] == [each.id for each in every()]


def test_a_console_that_is_tap_is_none_for_a_reader_that_knows_no_yaml(tmp_path: Path) -> None:
    console = "TAP version 14\nok 1\nBail out!\n1..9\n  ...\nnot ok 3"
    source = text(run(with_console(result("failed"), tmp_path, console)), tmp_path)
    assert tap.parse(source).trouble == ""
    assert not re.search(r"^\s*(ok|Bail out!|1\.\.9)", source, re.MULTILINE)
    assert diagnostics(source)[0]["console"] == console


def test_hostile_texts_are_one_value_of_yaml(tmp_path: Path) -> None:
    (found,) = diagnostics(text(run(hostile(tmp_path)), tmp_path))
    assert set(found) == {"verdict", "message", "attempts", "repeat it", "console"}
    assert "\nBail out!\nok 99 - owned\n" in found["message"]


@pytest.fixture(scope="session")
def tap_parser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = npm_shared(tmp_path_factory, "tap-parser")
    return folder / "node_modules/.bin/tap-parser"


def parsed(program: Path, source: str) -> list[list[Any]]:
    done = subprocess.run(
        [program, "--strict", "--json=0"], input=source, capture_output=True, text=True, timeout=60, check=False
    )
    events: list[list[Any]] = json.loads(done.stdout)
    return events


@pytest.mark.npm
def test_tap_parser_takes_a_run_as_it_is(tap_parser: Path, tmp_path: Path) -> None:
    told = [*every(), with_cases(result(test="cases"), *CASES[::2]), with_console(result("failed", test="c"), tmp_path)]
    events = parsed(tap_parser, text(run(*told), tmp_path))
    asserts = [event[1] for event in events if event[0] == "assert"]
    assert [(one["name"], one["ok"], bool(one["skip"]), bool(one["todo"])) for one in asserts] == [
        (
            each.id,
            each.verdict in {"passed", "flaky", "skipped"},
            each.verdict == "skipped",
            each.verdict in {"expected failure", "undecided", "quarantined"},
        )
        for each in told
    ]
    assert [one["diag"]["verdict"] for one in asserts if one["diag"]][-1] == "failed"
    (child,) = (event[1] for event in events if event[0] == "child")
    assert [event[1]["name"] for event in child if event[0] == "assert"] == ["adds", "network"]
    ((_, complete),) = (event for event in events if event[0] == "complete")
    assert (complete["count"], complete["pass"], complete["fail"]) == (13, 4, 9)
    assert [event for event in events if event[0] in {"extra", "bailout"}] == []


@pytest.mark.npm
def test_no_text_is_a_point_a_plan_or_a_bail_out_for_tap_parser(tap_parser: Path, tmp_path: Path) -> None:
    told = [
        with_console(hostile(tmp_path, verdict), tmp_path, EVIL) for verdict in ("failed", "quarantined", "skipped")
    ]
    for name in NAMES:
        cases = (Case(name, "failed", name), Case(name, "skipped", name), Case(name, "passed"))
        told += [
            with_cases(result("failed", test=name, reason=name), *cases),
            result("skipped", test=name, reason=name),
        ]
    events = parsed(tap_parser, text(run(*told), tmp_path))
    asserts = [event[1] for event in events if event[0] == "assert"]
    assert [(one["ok"], bool(one["skip"]), bool(one["todo"])) for one in asserts] == [
        (each.verdict == "skipped", each.verdict == "skipped", each.verdict == "quarantined") for each in told
    ]
    assert [one for one in asserts if one["buffered"]] == []
    assert all(one["diag"]["verdict"] == each.verdict for one, each in zip(asserts, told, strict=True) if one["diag"])
    children = [event[1] for event in events if event[0] == "child"]
    counts = [sum(event[0] == "assert" for event in child) for child in children]
    assert counts == [3] * (2 + len(NAMES))
    ((_, complete),) = (event for event in events if event[0] == "complete")
    assert (complete["count"], complete["plan"]["end"], complete["bailout"]) == (len(told), len(told), False)
    assert [event for event in events if event[0] in {"extra", "bailout"}] == []
