"""The benchmarks: what they make of their rounds, what they say of what is missing, and that they run at all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, write_matrix

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # the wheel has no benchmarks

from benchmarks import contract, finding, measuring, table, writing  # noqa: E402
from benchmarks.contract import Failed, Measure, Missing, Sample, Target  # noqa: E402
from benchmarks.figures import (  # noqa: E402
    _hello,
    list as million,
    makespan,
    memory,
)
from benchmarks.finding import Found  # noqa: E402
from benchmarks.project import Done  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Generator

FASTER = Measure("boots", "a boot", "another", target=Target(20, least=True, aim=50), of="ms")
SHORT = Measure("time", "a list", unit="s", target=Target(4))
TOLD = Measure("first line", "the same", unit="s")
DOCUMENTED = (ROOT / "docs/benchmarks.md").read_text()


def samples(*pairs: tuple[float, float]) -> tuple[Sample, ...]:
    return tuple(Sample(theirs / ours, {"ours": ours, "theirs": theirs}) for ours, theirs in pairs)


def benchmarks(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *args],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


class Figure(contract.Figure):
    """Gives the rounds that it is made of, and raises what stands among them."""

    measures = (SHORT, TOLD)

    def __init__(self, *given: float | Exception) -> None:
        self.given, self.closed = given, False

    def rounds(self, scale: float) -> Generator[contract.Round]:
        try:
            for value in self.given:
                if isinstance(value, Exception):
                    raise value
                yield {"time": Sample(value * scale), "first line": Sample(0.1)}
        finally:
            self.closed = True


def found(figure: Figure, monkeypatch: pytest.MonkeyPatch, rounds: int = 2) -> list[Found]:
    monkeypatch.setattr(contract, "load", lambda _name: figure)
    return finding.find("mine", rounds, 0.5, lambda _text: None)


def test_median_spread_and_sides() -> None:
    told = Found("x", FASTER, samples((1, 30), (2, 30), (1, 10))).as_dict()
    assert (told["median"], told["min"], told["max"]) == (15, 10, 30)
    assert told["rounds"][1] == {"value": 15, "sides": {"ours": 2, "theirs": 30}}
    assert Found("x", FASTER, samples((1, 30), (2, 30), (1, 10))).sides() == {"ours": 1, "theirs": 30}


@pytest.mark.parametrize(
    ("measure", "values", "reached"),
    [
        (SHORT, [3.9, 4.0, 9.0], True),
        (SHORT, [3.9, 4.1, 9.0], False),
        (FASTER, [1, 20, 20], True),
        (FASTER, [19, 19, 90], False),
        (TOLD, [1], None),
        (SHORT, [], None),
    ],
)
def test_a_target_is_reached_by_the_median(measure: Measure, values: list[float], reached: bool | None) -> None:
    assert Found("x", measure, tuple(map(Sample, values))).reached is reached


def test_a_target_says_which_way() -> None:
    assert Target(4).as_dict() == {"at_most": 4}
    assert Target(0.25, least=True, aim=0.5).as_dict() == {"at_least": 0.25, "aim": 0.5}
    assert table.shown_target(Target(0.25, least=True, aim=0.5), "") == "at least 0.25 (aim 0.5)"
    assert table.shown_target(Target(400), "MB") == "at most 400 MB"


def test_rounds_are_taken_until_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = Figure(1, 3, Failed("never asked for"))
    time, first = found(figure, monkeypatch)
    assert (time.values, first.values, figure.closed) == ([0.5, 1.5], [0.1, 0.1], True)


def test_what_is_missing_and_what_failed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = found(Figure(Missing("no Solo5")), monkeypatch)
    assert [(one.missing, one.failed, one.reached) for one in missing] == [("no Solo5", "", None)] * 2
    failed = found(Figure(1, Failed("status 3"), 1), monkeypatch, rounds=3)
    assert [(one.missing, one.failed, len(one.samples)) for one in failed] == [("", "status 3", 1)] * 2
    assert table.row(missing[0])[:2] == ["mine time", "missing"]
    assert table.reason(missing[0]) == "cannot be measured here: no Solo5"
    assert table.reason(failed[0]) == "failed: status 3"


def test_a_row_of_the_table() -> None:
    row = table.row(Found("x", FASTER, samples((1, 30), (2, 30))))
    assert row == ["x boots", "22.5", "15 to 30", "ours 1.5, theirs 30 ms", "at least 20 (aim 50)", "yes"]
    assert [table.number(value) for value in (0.01234, 1.5, 99.94, 12345.6)] == ["0.0123", "1.5", "99.9", "12,346"]


def test_a_command_is_measured_apart_from_us(tmp_path: Path) -> None:
    large = bytearray(300 << 20)  # ours, which must not count
    small = measuring.measured([sys.executable, "-c", "print('hello')"], tmp_path)
    assert small.output == "hello\n"
    assert 0 < small.first <= small.wall
    assert small.peak < 50e6 < len(large)
    busy = "import time; d = b'1' * (200 << 20); t = time.process_time()\nwhile time.process_time() < t + 0.2: pass"
    full = measuring.measured([sys.executable, "-c", busy], tmp_path)
    assert full.peak > 200e6
    assert full.cpu >= 0.2


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"status 3 of sh -c .*: both\nsaid"):
        measuring.measured(["sh", "-c", "echo both; echo said >&2; exit 3"], tmp_path)
    with pytest.raises(Failed, match="No such file"):
        measuring.measured(["there-is-no-such-command"], tmp_path)


@pytest.mark.parametrize(
    "matrix",
    [
        million.matrix(1),
        makespan.matrix(0.01),
        memory.matrix(2),
        _hello.matrix("qemu", 2),
        _hello.matrix("solo5-spt", 2),
    ],
    ids=["list", "makespan", "memory", "qemu", "spt"],
)
def test_every_matrix_loads(matrix: dict[str, Any], tmp_path: Path) -> None:
    write_matrix(tmp_path, matrix)
    listed = bootmatrix("list", cwd=tmp_path, BOOTMATRIX_ALLOW=str(ROOT))
    assert listed.returncode == 0, listed.stderr


def test_the_seconds_of_boots_are_the_journals(tmp_path: Path) -> None:
    told = [("run started", 0), ("boot started", 1), ("boot started", 2)]
    told += [
        ("boot finished", 4),
        ("boot started", 4),
        ("boot finished", 6),
        ("boot finished", 9),
        ("run finished", 12),
    ]
    lines = [json.dumps({"time": "2026-01-01T00:00:00+00:00", "event": kind, "monotonic": at}) for kind, at in told]
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n")
    done = Done(measuring.Taken(13, 1, 1, 1, ""), tmp_path)
    assert (done.boots(), done.steady(2)) == (8, 3)
    sides = {name: sample.sides for name, sample in _hello.compared(done, 3, 0.5, "xargs").items()}
    assert sides["steady"] == {"bootmatrix": 3000, "xargs": 500}
    assert sides["command"]["bootmatrix"] == pytest.approx(13000 / 3)


def test_the_bare_command_has_this_hosts_paths() -> None:
    mount = "--mount=type=bind,bind-nonrecursive=true,source=/c/b1,target=/unikernels,readonly"
    words = ("docker", "run", "--rm", "--memory=9", mount, "--entrypoint=", "image", "sh")
    argv = ("/usr/bin/qemu", "-kernel", "/unikernels/hello.elf", "/unikernels-not")
    guest = _hello.Hello(None, 1, argv, words)  # type: ignore[arg-type]  # no run here
    assert guest.on_host() == ("/usr/bin/qemu", "-kernel", "/c/b1/hello.elf", "/unikernels-not")
    inside = ("docker", "run", "--name=x", "--rm", mount, "--entrypoint=", "image", "sh")
    assert guest.in_container("x") == inside


def test_the_run_whose_reports_are_measured_is_whole(tmp_path: Path) -> None:
    writing.prepare(tmp_path, 200)
    assert writing.write(tmp_path) > 0
    told = json.loads((tmp_path / "run/results.json").read_bytes())
    failed = [result for result in told["results"] if result["verdict"] == "failed"]
    assert (len(told["results"]), len(failed), told["verdicts"]) == (200, 2, {"passed": 198, "failed": 2})
    consoles = [tmp_path / "run" / result["attempts"][0]["console"] for result in failed]
    assert [console.stat().st_size for console in consoles] == [4096, 4096]
    assert (tmp_path / "run/junit.xml").read_text().count("<system-out>") == 2


def test_every_figure_is_documented_and_no_other() -> None:
    section = DOCUMENTED.partition("## The figures")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", section, re.MULTILINE)
    measures = {(name, measure.name) for name in contract.names() for measure in contract.load(name).measures}
    assert set(rows) == measures


def test_they_run(tmp_path: Path) -> None:
    file = tmp_path / "new" / "figures.json"
    done = benchmarks("list", "makespan", "start", "--scale", "0.01", "--rounds", "1", "--json", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(file.read_text())
    assert {"cores", "memory", "kernel", "python", "versions", "date"} <= set(told["machine"])
    assert (told["scale"], told["rounds"]) == (0.01, 1)
    names = [(one["figure"], one["name"]) for one in told["figures"]]
    assert names == [(name, m.name) for name in ("list", "makespan", "start") for m in contract.load(name).measures]
    for one in told["figures"]:
        assert (one["missing"], one["failed"], len(one["rounds"])) == ("", "", 1), one
        assert one["min"] == one["median"] == one["max"] == one["rounds"][0]["value"] > 0
        assert one["what"]
        assert (one["target"] is None) == (one["reached"] is None)
        assert one["figure"] in done.stdout


def test_without_an_engine_they_say_so(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = benchmarks("memory", "--rounds", "1", "--json", str(file), DOCKER_HOST=f"unix://{tmp_path}/none")
    assert done.returncode == 0, done.stdout + done.stderr
    (one,) = json.loads(file.read_text())["figures"]
    assert "engine" in one["missing"]
    assert (one["rounds"], one["median"], one["reached"]) == ([], None, None)
    assert "cannot be measured here" in done.stdout


def test_a_figure_that_does_not_exist_is_refused() -> None:
    done = benchmarks("speed")
    assert done.returncode == 2
    assert "docker-run, leaks, list, makespan" in done.stderr
