"""Whole runs of the program, with real boots, as users start them."""

from __future__ import annotations

import json
import math
import signal
import subprocess
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import psutil
import pytest
import yaml
from conftest import ROOT, made_image
from support import bootmatrix, script, scripted, started, write_matrix

from bootmatrix import results as stored
from bootmatrix.model import Phase, PhaseName
from bootmatrix.places.containers import engine, settings

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result, Run

pytestmark = pytest.mark.docker


def load(folder: Path) -> Run:
    return stored.load(folder / "results.json")


def results(out: Path) -> dict[str, Any]:
    return {result.id: result for result in load(out / "latest").results}


def verdicts(out: Path) -> dict[str, str]:
    return {name.partition("/")[2]: result.verdict for name, result in results(out).items()}


def containers(run: str = "") -> list[dict[str, Any]]:
    label = f"{settings.LABEL}={run}" if run else settings.LABEL
    found: list[dict[str, Any]] = engine.client().containers(all=True, filters={"label": label})
    return found


@pytest.fixture(scope="module", autouse=True)
def _image() -> None:
    made_image("x86_64")


def test_every_verdict_of_scripted_guests_is_right(tmp_path: Path) -> None:
    flaky = script('test "$1" = 2', args=["{attempt}"], retry={"attempts": 3})
    matrix = scripted(
        good=script("echo SUCCESS", expect={"console": "SUCCESS"}),
        lying=script("echo dead", expect={"console": "SUCCESS"}),
        crying=script("echo SUCCESS; exit 1", expect={"console": "SUCCESS"}),
        bad=script("exit 4"),
        crash=script("kill -SEGV $$", expect={"outcome": "crashed(SIGSEGV)"}),
        slow=script("sleep 60", timeout="1 s"),
        silent=script("echo once; sleep 60", idle_timeout="1 s", expect={"outcome": "hung"}),
        flood=script("yes", console_limit="64 KiB"),
        flaky=flaky,
        selfskip=script("exit 77", exit_codes={77: "skipped"}),
        off=script("exit 0", skip="not today"),
        known=script("exit 1", **{"expected-failure": "a known bug"}),
        surprise=script("exit 0", **{"expected-failure": "a known bug"}),
        absent={"runner": {"command": ["no-such-tender"]}},
        wanted={"runner": {"command": ["no-such-tender"]}, "unavailable": "error"},
        lost=script("exit 0", unikernel="no-such-file"),
        bytes=script('i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %03o $i)"; i=$((i+1)); done; exit 1'),
    )
    write_matrix(tmp_path, matrix)
    done = bootmatrix("run", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert verdicts(tmp_path / "out") == {
        "good": "passed",
        "lying": "contradicted",
        "crying": "contradicted",
        "bad": "failed",
        "crash": "passed",
        "slow": "timed out",
        "silent": "passed",
        "flood": "timed out",
        "flaky": "flaky",
        "selfskip": "skipped",
        "off": "skipped",
        "known": "expected failure",
        "surprise": "unexpected pass",
        "absent": "skipped",
        "wanted": "error",
        "lost": "error",
        "bytes": "failed",
    }
    root = ET.parse(tmp_path / "out" / "latest" / "junit.xml").getroot()  # noqa: S314  # our own file
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("17", "7", "2")
    events = [json.loads(line) for line in (tmp_path / "out/latest/events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events].count("boot finished") == 17
    assert containers(events[0].get("run", load(tmp_path / "out/latest").id)) == []


# Each test on each architecture and on each tender, with one compiler: those of the other make what hello proves.
OF_QEMU = {"x86_64": ("gcc", "clang"), "aarch64": ("clang", "gcc"), "riscv64": ("gcc", "clang")}
OF_SOLO5 = {"hvt": ("clang", "gcc"), "spt": ("gcc", "clang"), "virtio": ("clang", "gcc")}


def selected(cells: dict[str, tuple[str, str]], name: str) -> list[str]:
    """All tests of a cell for each, and one of its sibling's."""
    every = [
        (name.format(f"{first}-debian-12", each), name.format(f"{second}-debian-12", each))
        for each, (first, second) in cells.items()
    ]
    return [term for first, second in every for term in (first, f"{second}/hello")]


def in_a_cell() -> int:
    """The tests of our own matrix, those of each parameter."""
    tests = yaml.safe_load((ROOT / "matrix.yaml").read_text())["tests"].values()
    return sum(math.prod(len(texts) for texts in test.get("params", {}).values()) for test in tests)


def phases(result: Result) -> set[str]:
    """Those of the last attempt, which must be in the order of time, the end last."""
    made = result.attempts[-1].phases
    assert [each.at for each in made] == sorted(each.at for each in made)
    assert made[-1] == Phase(PhaseName.END, result.attempts[-1].seconds)
    return {each.name for each in made}


def test_our_own_unikernels_boot_on_three_architectures(tmp_path: Path) -> None:
    for arch in ("aarch64", "riscv64"):
        made_image(arch)
    out = tmp_path / "out"
    chosen = selected(OF_QEMU, "{}-{}-qemu")
    done = bootmatrix("run", *chosen, "--out", str(out), cwd=ROOT, BOOTMATRIX_HISTORY="none")
    assert done.returncode == 0, done.stdout + done.stderr
    found = results(out)
    assert len(found) == 3 * (in_a_cell() + 1)
    assert {r.verdict for name, r in found.items() if name.endswith("/flaky")} == {"flaky"}
    assert {r.verdict for name, r in found.items() if name.endswith("/tap-skip")} == {"skipped"}
    failing = {r.verdict for name, r in found.items() if name.endswith(("/tap-fail", "/http-fail"))}
    assert failing == {"expected failure"}
    rest = [r for r in found.values() if r.test not in {"flaky", "tap-skip", "tap-fail", "http-fail"}]
    assert {r.verdict for r in rest} == {"passed"}
    assert {a.accelerator for r in found.values() for a in r.attempts} <= {"tcg", "kvm"}
    firmware = {"x86_64": {"firmware"}, "aarch64": set(), "riscv64": {"firmware"}}
    for hello in (r for r in rest if r.test == "hello"):
        assert phases(hello) == {*firmware[hello.axes["arch"]], "entry", "first_byte", "end"}
    assert all(a.accelerator_reason for r in rest for a in r.attempts)


@pytest.mark.solo5
def test_our_own_unikernels_boot_on_every_solo5_tender(tmp_path: Path) -> None:
    out = tmp_path / "out"
    chosen = selected(OF_SOLO5, "{}-x86_64-solo5-{}")
    done = bootmatrix("run", *chosen, "--out", str(out), cwd=ROOT, BOOTMATRIX_HISTORY="none")
    assert done.returncode == 0, done.stdout + done.stderr
    found = results(out)
    assert len(found) == 3 * (in_a_cell() + 1)
    spt = [r for r in found.values() if r.axes["backend"] == "solo5-spt" and r.test in {"hello", "abort", "crash"}]
    assert {r.verdict for r in spt} == {"passed"}
    kinds = {
        (r.axes["backend"], r.attempts[0].outcome.kind) for r in found.values() if r.test == "crash" and r.attempts
    }
    assert {kind for _, kind in kinds} == {"crashed"}
    assert {name for hello in spt if hello.test == "hello" for name in phases(hello)} == {"entry", "first_byte", "end"}


def test_a_second_run_builds_nothing_again(tmp_path: Path) -> None:
    matrix = scripted(hello=script("true", build="it", unikernel="it"))
    matrix["builds"] = {"it": {"run": "touch $OUT/it", "axes": ["os"]}}
    write_matrix(tmp_path, matrix)
    env = {"BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    seen = []
    for _ in range(2):
        assert bootmatrix("run", cwd=tmp_path, **env).returncode == 0
        text = (tmp_path / "out/latest/events.jsonl").read_text()
        seen.append([json.loads(line)["event"] for line in text.splitlines()])
    assert "build finished" in seen[0]
    assert "build found" in seen[1]
    assert "build finished" not in seen[1]


def test_a_build_that_fails_is_told_for_each_of_its_tests(tmp_path: Path) -> None:
    matrix = scripted(one=script("true", build="it"), two=script("true", build="it"), free=script("true"))
    matrix["tests"]["free"]["build"] = None
    matrix["builds"] = {"it": {"run": "echo broken compiler >&2; exit 1"}}
    write_matrix(tmp_path, matrix)
    done = bootmatrix("run", cwd=tmp_path)
    assert done.returncode == 1
    assert verdicts(tmp_path / "out") == {"one": "error", "two": "error", "free": "passed"}
    assert all("broken compiler" in r.reason for r in results(tmp_path / "out").values() if r.verdict == "error")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_its_boots_and_writes_its_reports(tmp_path: Path, number: int) -> None:
    tests = {f"t{i}": script("echo up; sleep 300", timeout="10 min") for i in range(6)}
    write_matrix(tmp_path, scripted(first=script("true"), **tests))
    with started("run", "-j", "2", cwd=tmp_path) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "first" in line:
                break
        process.send_signal(number)
        rest = process.stdout.read()
    assert process.returncode == 130, rest
    told = verdicts(tmp_path / "out")
    assert told.pop("first") == "passed"
    assert set(told) == set(tests)
    assert set(told.values()) <= {"error", "skipped"}
    assert (tmp_path / "out/latest/junit.xml").exists()
    assert containers(load(tmp_path / "out/latest").id) == []


def test_a_tender_ended_from_outside_is_no_verdict_on_the_guest(tmp_path: Path) -> None:
    """QEMU ended by SIGTERM exits with 0: the retry, not that status, decides."""
    write_matrix(tmp_path, qemu_matrix("hang", timeout="60 s", expect={"outcome": "exited(0)"}, retry={"attempts": 1}))
    ended = 0
    with started("run", cwd=tmp_path, BOOTMATRIX_ALLOW=str(ROOT)) as process:
        while process.poll() is None:
            for qemu in _qemus("hang.elf"):
                qemu.send_signal(signal.SIGTERM)
                ended += 1
                psutil.wait_procs([qemu], timeout=10)
    (result,) = results(tmp_path / "out").values()
    assert ended >= 2
    assert result.verdict == "error"
    assert result.infrastructure
    assert len(result.attempts) == 4
    assert {attempt.outcome.kind for attempt in result.attempts} == {"broken"}
    assert process.returncode == 3


def qemu_matrix(test: str, **fields: Any) -> dict[str, Any]:
    return {
        "axes": {"compiler": ["gcc"], "os": ["debian-12"], "arch": ["x86_64"], "backend": ["qemu"]},
        "builds": {"unikernels": {"source": str(ROOT / "unikernels"), "run": 'make ARCH="$ARCH" OUT="$OUT"'}},
        "tests": {test: fields},
    }


def _qemus(kernel: str) -> list[psutil.Process]:
    """QEMU itself, not the shell above it."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        words = process.info["cmdline"] or []
        if words and "qemu-system" in words[0] and words[-1].endswith(kernel):
            found.append(process)
    return found


@pytest.mark.parametrize(("test", "status"), [("hello", 1), ("crash", 125), ("abort", 127)])
def test_the_printed_commands_repeat_a_boot(test: str, status: int) -> None:
    printed = bootmatrix("repro", f"gcc-debian-12-x86_64-qemu/{test}", cwd=ROOT)
    assert printed.returncode == 0, printed.stderr
    done = subprocess.run(["sh"], input=printed.stdout, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert test in done.stdout.lower() or "SUCCESS" in done.stdout


def test_many_boots_leave_nothing_behind(tmp_path: Path) -> None:
    tests = {"hello": script("echo hello", params={"n": [str(n) for n in range(40)]})}
    write_matrix(tmp_path, scripted(**tests))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    volumes = _volumes()
    assert bootmatrix("run", "-j", "4", cwd=tmp_path, TMPDIR=str(scratch)).returncode == 0
    assert len(results(tmp_path / "out")) == 40
    assert containers(load(tmp_path / "out/latest").id) == []
    assert list(scratch.iterdir()) == []
    assert _volumes() <= volumes


def _volumes() -> set[str]:
    return {each["Name"] for each in engine.client().volumes()["Volumes"] or []}


def test_no_engine_is_said_with_its_remedy(tmp_path: Path) -> None:
    write_matrix(tmp_path, scripted(hello=script("true")))
    done = bootmatrix("run", cwd=tmp_path, DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert done.returncode == 3
    assert f"no container engine answers at unix://{tmp_path}/no.sock: No such file or directory\n" in done.stderr
    assert "bootmatrix doctor" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_boot_sees_its_unikernel_and_nothing_else_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a token")
    write_matrix(tmp_path, scripted(look=script("ls -a /unikernels; cat /unikernels/secret", exit_codes={1: "passed"})))
    bootmatrix("run", cwd=tmp_path)
    (result,) = results(tmp_path / "out").values()
    assert result.verdict == "passed"
    seen = (tmp_path / "out/latest" / result.attempts[0].console).read_text().split()
    assert seen == [".", "..", "matrix.yaml"]
