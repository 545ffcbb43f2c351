"""Guests that write more than once, and disks that are only read, in the images' own QEMU: 7.2 and 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import liars
import pytest
from support import bootmatrix, write_matrix

from bootmatrix import results

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker

TEXT = b"SUCCESS\n"
GUESTS = {
    "true": liars.x86(liars.out(0), TEXT),
    "late": liars.x86(liars.out(1) + liars.out(0), TEXT),
    "early": liars.x86(liars.out(0) + liars.out(1), TEXT),
    "wide": liars.x86(liars.out(256, 2), TEXT),
    "triple": liars.x86(liars.TRIPLE, TEXT),
}
WANTED = {
    "true": ("passed", "exited(0)"),
    "late": ("failed", "exited(1)"),
    "early": ("passed", "exited(0)"),
    "wide": ("failed", "exited(256)"),
    "triple": ("failed", "crashed(reset)"),
    "disk": ("passed", "exited(0)"),
}
TIMES = 3
DISK = ["-drive", "file=/unikernels/disk.img,if=virtio,format=raw,snapshot=on"]


@pytest.mark.parametrize("release", ["debian-12", "debian-13"])
def test_no_lie_passes_on_either_qemu(release: str, tmp_path: Path) -> None:
    source = tmp_path / "guests"
    source.mkdir()
    for name, guest in GUESTS.items():
        (source / f"{name}.elf").write_bytes(guest)
    (source / "disk.img").write_bytes(bytes(1 << 20))
    tests: dict[str, Any] = {name: {"unikernel": f"{name}.elf"} for name in GUESTS}
    tests["late"]["params"] = tests["early"]["params"] = {"time": [str(time) for time in range(TIMES)]}
    tests["disk"] = {"unikernel": "true.elf", "runner": {"options": DISK}}
    matrix = {
        "axes": {"compiler": ["gcc"], "os": [release], "arch": ["x86_64"], "backend": ["qemu"]},
        "builds": {"guests": {"source": "guests", "run": 'cp * "$OUT"'}},
        "defaults": {"runner": {"accel": "tcg"}},
        "tests": tests,
    }
    write_matrix(tmp_path, matrix)
    done = bootmatrix("run", cwd=tmp_path)
    run = results.load(tmp_path / "out/latest/results.json")
    assert len(run.results) == len(WANTED) + 2 * (TIMES - 1), done.stdout + done.stderr
    for result in run.results:
        assert (result.verdict, str(result.attempts[-1].outcome)) == WANTED[result.test.partition("@")[0]]
        tender = tmp_path / "out/latest" / result.attempts[-1].tender
        assert tender.stat().st_size < 2000
