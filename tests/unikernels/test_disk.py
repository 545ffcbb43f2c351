"""The disk guest: what is on its disks afterwards, and what it refuses to call a success."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from unikernels import guests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KIB = 1024


def pattern(size: int, disk: int = 0, sector: int = 512) -> bytes:
    lines = (f"disk {disk} sector {number}\n".encode() for number in range(size // sector))
    return b"".join((line * sector)[:sector] for line in lines)


def drive(file: Path, name: str, options: str = "", backend: str = "") -> tuple[str, ...]:
    return (
        *("-drive", f"id={name},file={file},if=none,format=raw{backend}"),
        *("-device", f"virtio-blk-pci,drive={name}{options}"),
    )


def zeros(folder: Path, name: str, size: int) -> Path:
    file = folder / name
    file.write_bytes(bytes(size))
    return file


@pytest.mark.qemu
@pytest.mark.parametrize("arch", guests.MACHINES)
def test_four_disks_hold_the_pattern_afterwards(arch: str, elf: Callable[[str], Path], tmp_path: Path) -> None:
    files = [zeros(tmp_path, f"d{number}", (number + 1) * 16 * KIB) for number in range(4)]
    large = ",logical_block_size=4096,physical_block_size=4096"
    options = [
        option
        for number, file in enumerate(files)
        for option in drive(file, f"d{number}", large if number == 3 else "")
    ]
    with guests.booted(guests.qemu(arch, elf(arch) / "disk.elf", "", *options)) as guest:
        status, console = guest.ends()
    assert "SUCCESS\n" in console
    assert status == 1 if arch == "x86_64" else console.endswith("EXIT: STATUS=1\n")
    assert "disk 3: 65536 bytes in sectors of 4096\n" in console
    for number, file in enumerate(files):
        assert file.read_bytes() == pattern(file.stat().st_size, number, 4096 if number == 3 else 512)


@pytest.mark.solo5
@pytest.mark.parametrize("size", [512, 32 * KIB])
def test_a_disk_on_solo5_holds_the_pattern_afterwards(size: int, solo5: Path, tmp_path: Path) -> None:
    file = zeros(tmp_path, "disk", size)
    argv = ["solo5-spt", "--mem=64", f"--block:storage={file}", "--", str(solo5 / "disk.spt")]
    with guests.booted(argv) as guest:
        status, console = guest.ends()
    assert (status, "SUCCESS\n" in console) == (0, True)
    assert file.read_bytes() == pattern(size)


@pytest.mark.qemu
def test_verify_writes_nothing_and_finds_one_wrong_byte(elf: Callable[[str], Path], tmp_path: Path) -> None:
    wrong = bytearray(pattern(64 * KIB))
    wrong[512 * 77 + 3] ^= 1
    for content, status, said in ((pattern(64 * KIB), 1, "SUCCESS\n"), (bytes(wrong), 3, "wrong data in sector 77\n")):
        file = tmp_path / "disk"
        file.write_bytes(content)
        argv = guests.qemu("x86_64", elf("x86_64") / "disk.elf", "verify", *drive(file, "d0", backend=",readonly=on"))
        with guests.booted(argv) as guest:
            found, console = guest.ends()
        assert (found, said in console) == (status, True)
        assert file.read_bytes() == content


@pytest.mark.qemu
def test_a_disk_that_takes_no_writes_is_a_failure(elf: Callable[[str], Path], tmp_path: Path) -> None:
    options = drive(zeros(tmp_path, "disk", 64 * KIB), "d0", backend=",readonly=on")
    with guests.booted(guests.qemu("x86_64", elf("x86_64") / "disk.elf", "", *options)) as guest:
        status, console = guest.ends()
    assert status == 3
    assert "disk 0: cannot write sector 0\nFAILURE\n" in console


@pytest.mark.qemu
def test_a_guest_without_a_disk_says_so(elf: Callable[[str], Path]) -> None:
    with guests.booted(guests.qemu("x86_64", elf("x86_64") / "disk.elf", "")) as guest:
        assert guest.ends() == (3, "there is no disk\nFAILURE\n")
