"""Instructions of real guests: the same for the same build, on each architecture; a thousandth more is found."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, runs, write_matrix

from bootmatrix import results

if TYPE_CHECKING:
    from bootmatrix.model import Result

HERE = Path(__file__).resolve().parent
UNIKERNELS = HERE.parents[1] / "unikernels"
SOURCES = ("counted.c", "planted.c")
MAKE = 'make -s -j"$JOBS" ARCH="$ARCH" NAMES="counted planted" OUT="$OUT"'
STATUS = {"match": {"arch": "x86_64"}, "exit_codes": {1: "exited(0)"}}
PLAIN = {"expect": {"outcome": "exited(0)", "console": "SUCCESS"}, "timeout": "60 s", "when": [STATUS]}
WANTED = {**PLAIN, "count": "instructions", "coverage": True}
READY = {"ready": "ready", "expect": {"outcome": ["stopped", "exited(0)"]}}
ROUNDS, MORE = 100_000, 100

pytestmark = pytest.mark.qemu


def sources(folder: Path) -> Path:
    """The unikernels' sources, and the guests of this test among them."""
    copy = shutil.copytree(UNIKERNELS, folder / "unikernels")
    for name in SOURCES:
        shutil.copy(HERE / name, copy / "src" / name)
    return copy


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For this host's own QEMU."""
    folder = tmp_path_factory.mktemp("counted")
    made = ["make", "-s", "-C", str(sources(folder)), "ARCH=x86_64", "NAMES=counted planted", f"OUT={folder}"]
    subprocess.run(made, check=True, capture_output=True)
    return folder


def ran(folder: Path, *args: str, status: int = 0) -> dict[str, Result]:
    for _ in range(4):  # a host that is too busy twice says that it was, and to run it again
        done = bootmatrix("run", *args, cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
        if done.returncode == status or "when this host is less busy" not in done.stdout:
            break
    assert done.returncode == status, done.stdout + done.stderr
    run = results.load(folder / "out/latest/results.json")
    return {result.id: result for result in run.results}


def count(result: Result) -> int:
    (found,) = [each for each in result.measures if each.name == "instructions"]
    assert (found.unit, found.better) == ("instructions", "lower")
    return int(found.value)


def table(folder: Path, result: Result, name: str) -> dict[str, dict[str, str]]:
    (file,) = [each for each in result.attempts[-1].files if each.endswith(name)]
    with (folder / "out/latest" / file).open() as stream:
        return {row["function"]: row for row in csv.DictReader(stream)}


def host_matrix(folder: Path, built: Path, tests: dict[str, Any], **more: Any) -> None:
    for name in ("counted.elf", "planted.elf"):
        shutil.copy(built / "obj" / name, folder / f"of-{name}")
        (folder / name).symlink_to(f"of-{name}")
        shutil.copy(built / name, folder / f"stripped-{name}")
    write_matrix(folder, {"axes": {"arch": ["x86_64"], "backend": ["qemu"]}, "tests": tests, **more})


def test_up_to_ready_or_the_end_by_function(tmp_path: Path, built: Path) -> None:
    for_ever = {**WANTED, **READY, "unikernel": "counted.elf", "args": ["for-ever"], "count": "instructions"}
    tests = {
        "counted": WANTED,
        "again": {**WANTED, "unikernel": "counted.elf"},
        "planted": WANTED,
        "for-ever": for_ever,
        "stripped": {**WANTED, "unikernel": "stripped-counted.elf"},
        "plain": {**PLAIN, "unikernel": "counted.elf"},
        "endless": {
            **WANTED,
            "unikernel": "counted.elf",
            "args": ["for-ever"],
            "timeout": "1 s",
            "expect": {"outcome": "hung"},
        },
        "no-elf": {**WANTED, "unikernel": "matrix.yaml", "expect": {"outcome": ["rejected", "broken", "hung"]}},
    }
    host_matrix(tmp_path, built, tests)
    found = {name.partition("/")[2]: result for name, result in ran(tmp_path, "--engine", "host").items()}
    one, more = (table(tmp_path, found[name], "functions.csv") for name in ("counted", "planted"))
    rounds = int(one["work"]["instructions"]) // ROUNDS
    assert int(more["work"]["instructions"]) - int(one["work"]["instructions"]) == rounds * MORE
    assert one["work"]["file"].endswith("src/counted.c")
    assert count(found["counted"]) == sum(int(row["instructions"]) for row in one.values())
    assert count(found["again"]) == count(found["counted"]) == count(found["stripped"])
    assert count(found["planted"]) - count(found["counted"]) == rounds * MORE
    assert 0.0009 < count(found["planted"]) / count(found["counted"]) - 1 < 0.0011
    assert rounds * ROUNDS < count(found["for-ever"]) < count(found["counted"])
    assert "after" not in table(tmp_path, found["for-ever"], "functions.csv")
    covered = {name: row["executed"] for name, row in table(tmp_path, found["counted"], "coverage.csv").items()}
    assert (covered["work"], covered["after"], covered["never"]) == ("1", "1", "0")
    assert table(tmp_path, found["for-ever"], "coverage.csv")["after"]["executed"] == "0"
    assert not [name for name in found["stripped"].attempts[-1].files if name.endswith(("functions.csv", "age.csv"))]
    assert {each.name for each in found["plain"].measures} & {"instructions"} == set()
    told = (tmp_path / "out/latest/coverage.info").read_text()
    assert re.search(r"^FNDA:4,work\n(?s:.*)^FNDA:3,after\n(?s:.*)^FNDA:0,never$", told, re.MULTILINE), told
    for name, why in (("endless", "no end within 4"), ("no-elf", "no ELF file")):
        assert found[name].verdict == "passed", found[name].reason
        assert not [each for each in found[name].measures if each.name == "instructions"]
        (file,) = [each for each in found[name].attempts[-1].files if each.endswith("uncounted.txt")]
        assert why in (tmp_path / "out/latest" / file).read_text()


def test_that_a_file_without_symbols_has_no_coverage_is_told(tmp_path: Path, built: Path) -> None:
    host_matrix(tmp_path, built, {"t": {**WANTED, "unikernel": "stripped-counted.elf"}})
    done = bootmatrix("run", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert "x86_64-qemu/t: its coverage is not known: stripped-counted.elf has no symbols" in done.stdout, done.stderr


def test_the_first_night_with_a_thousandth_more_is_told(tmp_path: Path, built: Path) -> None:
    test = {**WANTED, "coverage": False, "unikernel": "guest.elf"}
    host_matrix(tmp_path, built, {"t": test})
    for name in ("counted", "counted", "counted", "planted"):
        shutil.copy(tmp_path / f"of-{name}.elf", tmp_path / "guest.elf")
        ran(tmp_path, "--engine", "host")
        told = bootmatrix("nightly", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache")).stdout
        assert ("instructions: " in told) == (name == "planted"), told
    assert "(+0.1%)" in told
    before = runs(tmp_path / "out")[-2].name
    compared = bootmatrix("compare", before, "latest", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache")).stdout
    assert "+0.1%  worse\n      work +" in compared, compared


@pytest.mark.docker
def test_the_same_on_each_architecture_and_version_of_qemu(tmp_path: Path) -> None:
    sources(tmp_path)
    axes = {"os": ["debian-12"], "arch": ["x86_64", "aarch64", "riscv64"], "backend": ["qemu"]}
    new = [{"os": "debian-13", "arch": arch, "backend": "qemu"} for arch in ("x86_64", "aarch64")]
    named = {"build": "b", "unikernel": "obj/{test}.elf", "ready": "ready", "expect": {"outcome": "stopped"}}
    tests = {
        "counted": {"build": "b", **WANTED, "unikernel": "obj/counted.elf"},
        "again": {"build": "b", **WANTED, "unikernel": "obj/counted.elf"},
        "planted": {"build": "b", **WANTED, "unikernel": "obj/planted.elf"},
        "ready": {**WANTED, **named, "unikernel": "obj/counted.elf", "args": ["for-ever"]},
    }
    builds = {"b": {"source": "unikernels", "run": MAKE}}
    write_matrix(tmp_path, {"axes": axes, "include": new, "builds": builds, "tests": tests})
    found = ran(tmp_path)
    cells = {name.partition("/")[0] for name in found}
    assert len(cells) == 5
    for cell in cells:
        counted, again, planted, ready = (found[f"{cell}/{name}"] for name in tests)
        one, more = (table(tmp_path, each, "functions.csv") for each in (counted, planted))
        step = int(one["work"]["instructions"]) // ROUNDS * MORE
        assert int(more["work"]["instructions"]) - int(one["work"]["instructions"]) == step > 0
        assert count(counted) == count(again)
        assert count(planted) - count(counted) == step
        assert step / MORE * ROUNDS < count(ready) < count(counted)
        assert table(tmp_path, counted, "coverage.csv")["never"]["executed"] == "0"
        assert table(tmp_path, counted, "coverage.csv")["after"]["executed"] == "1"


@pytest.mark.solo5
def test_solo5s_virtio_counts_in_the_same_way(tmp_path: Path, built: Path) -> None:
    counting = {"count": "instructions", "coverage": True, "timeout": "60 s"}
    tests = {name: {**counting, "unikernel": f"{name}.virtio"} for name in ("counted", "planted")}
    tests["ready"] = {**counting, "unikernel": "counted.virtio", "args": ["for-ever"], "ready": "ready"}
    for name in ("counted", "planted"):
        shutil.copy(built / f"{name}.virtio", tmp_path)
    write_matrix(tmp_path, {"axes": {"arch": ["x86_64"], "backend": ["solo5-virtio"]}, "tests": tests})
    found = {name.partition("/")[2]: result for name, result in ran(tmp_path, "--engine", "host").items()}
    work = int(table(tmp_path, found["counted"], "functions.csv")["work"]["instructions"])
    assert count(found["planted"]) - count(found["counted"]) == work // ROUNDS * MORE
    assert work < count(found["ready"]) < count(found["counted"])
    assert table(tmp_path, found["counted"], "coverage.csv")["never"]["executed"] == "0"
