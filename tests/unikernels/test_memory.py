"""The memory guest, soaked for seconds on all that can boot it: a leak is found, and what is none passes."""

from __future__ import annotations

import functools
import shutil
from typing import TYPE_CHECKING, Any

import once
import pytest
from support import bootmatrix, write_matrix

from bootmatrix import results
from bootmatrix.judging.growth import DISTURBED
from bootmatrix.model import Result, Side

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB = 1 << 20
# At 0.1 s, so that each of the parts of a soak has samples enough on a busy machine, too. QEMU has pages of 2 MiB.
SOAK = {"duration": "13 s", "sample": "100 ms", "warmup": "1500 ms"}
BOUNDS = {"memory": "100 MiB/h", "heap": "100 MiB/h"}
HEAP = {"heap": {"regex": r"heap=(\d+)", "unit": "B", "series": True}}
TESTS: dict[str, dict[str, Any]] = {
    "flat": {"args": []},
    "cache": {"args": ["cache"]},
    "leak": {"args": ["leak=3072"]},
    "hidden-leak": {"args": ["saw-tooth", "leak=3072"]},
}
LEAKS = ("leak", "hidden-leak")

pytestmark = [pytest.mark.qemu, pytest.mark.solo5]


@pytest.fixture(scope="module")
def ran(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Result]]:
    """The run's folder and its results, all soaked at once."""
    built = build("x86_64", "elf", "spt")
    out = once.made(tmp_path_factory, "memory-soaks", functools.partial(soak_all, built)) / "out/latest"
    return out, {result.id: result for result in results.load(out / "results.json").results}


def soak_all(built: Path, folder: Path) -> None:
    for ending in ("elf", "spt"):
        shutil.copy(built / f"memory.{ending}", folder)
    common = {"unikernel": "memory.{format}", "ready": "ready", "metrics": HEAP, "soak": {**SOAK, "max_growth": BOUNDS}}
    matrix = {"axes": {"arch": ["x86_64"], "backend": ["qemu", "solo5-spt"]}, "defaults": common, "tests": TESTS}
    write_matrix(folder, matrix)
    done = bootmatrix("run", "--engine", "host", "-j", "8", cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
    assert done.returncode in {0, 1}, done.stdout + done.stderr


@pytest.mark.parametrize("backend", ["qemu", "solo5-spt"])
@pytest.mark.parametrize("test", TESTS)
def test_a_leak_is_found_and_what_is_none_is_not(ran: tuple[Path, dict[str, Result]], backend: str, test: str) -> None:
    result = ran[1][f"x86_64-{backend}/{test}"]
    (attempt,) = result.attempts
    memory, heap = attempt.growth
    assert (memory.name, memory.of, heap.name, heap.of) == ("memory", "guest", "heap", "")
    sides = {memory.verdict, heap.verdict}
    assert (Side.WITHIN if test in LEAKS else Side.ABOVE) not in sides
    if sides == {Side.UNDECIDED}:  # on a busy machine samples leave gaps; the run itself must have measured that it was
        (waited,) = (measure.value for measure in result.measures if measure.name == "processor_wait")
        assert waited > 100 * DISTURBED, result.reason
    undecided = "undecided" if Side.UNDECIDED in sides else "passed"
    assert result.verdict == ("failed" if Side.ABOVE in sides else undecided)


def test_what_was_sampled_lies_beside_the_console(ran: tuple[Path, dict[str, Result]]) -> None:
    out, told = ran
    (attempt,) = told["x86_64-solo5-spt/leak"].attempts
    usage, series = ((out / name).read_text().splitlines() for name in sorted(attempt.files, reverse=True))
    assert usage[0] == "seconds,cpu_seconds,memory_bytes,memory_kind,guest_bytes"
    assert len(usage) > 50
    memory, heap = ([int(line.rpartition(",")[2]) for line in lines[-2:]] for lines in (usage, series))
    assert series[0] == "seconds,name,value"
    assert abs(memory[-1] - heap[-1]) < 4 * MIB  # the guest's image, and what came between the two


def test_how_long_others_kept_it_waiting_is_measured(ran: tuple[Path, dict[str, Result]]) -> None:
    measured = {measure.name for measure in ran[1]["x86_64-solo5-spt/flat"].measures}
    assert {"processor_wait", "heap", "ready_time"} <= measured
