"""ELF files as nobody's linker makes them: refused at once, however large they say to be."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest
from elves import ABI, MANIFEST, elf, note

from bootmatrix import plugins
from bootmatrix.model import Boot, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = [(ABI, note(struct.pack("<II", 2, 2)))]


def check(file: Path) -> None:
    runner = plugins.make_runner("solo5-spt", {}, file.parent)
    boot = Boot("x86_64", "solo5-spt", str(file), (), 1, 1, "")
    runner.check(file, boot, "ABI version 2")


def test_a_unikernel_is_taken_and_one_for_another_tender_is_not(tmp_path: Path) -> None:
    (tmp_path / "u").write_bytes(elf(GOOD))
    check(tmp_path / "u")
    (tmp_path / "u").write_bytes(elf([(ABI, note(struct.pack("<II", 1, 2)))]))
    with pytest.raises(Rejected, match="built for hvt, not for spt"):
        check(tmp_path / "u")


def test_a_device_that_nothing_attaches_is_named(tmp_path: Path) -> None:
    device = b"net0".ljust(68, b"\0") + struct.pack("<I", 2) + b"\0" * 32
    manifest = note(struct.pack("<II", 1, 1) + device, align=8)
    (tmp_path / "u").write_bytes(elf([*GOOD, (MANIFEST, manifest)]))
    with pytest.raises(Rejected, match="declares the devices NET_BASIC 'net0', but nothing attaches them"):
        check(tmp_path / "u")


BLOCK, NET = (b"disk", 1), (b"net0", 2)


@pytest.mark.parametrize(
    ("device", "options", "attached"),
    [
        (BLOCK, (), False),
        (BLOCK, ("-drive", "file=/d,if=virtio"), True),
        (BLOCK, ("-drive", "if=virtio,file=/d,format=raw,snapshot=on"), True),
        (BLOCK, ("-drive", "file=/d,if=none,id=d", "-device", "virtio-blk-pci,drive=d"), True),
        (BLOCK, ("-drive", "file=/d,if=ide"), False),
        (BLOCK, ("-drive", "file=/if=virtiofs/d"), False),
        (NET, ("-drive", "file=/d,if=virtio"), False),
        (NET, ("-nic", "user,model=virtio-net-pci"), True),
        (NET, ("-nic", "user,model=virtio"), True),
        (NET, ("-nic", "user,model=e1000"), False),
    ],
)
def test_virtio_takes_each_of_qemus_ways_to_attach_a_device(
    device: tuple[bytes, int], options: tuple[str, ...], attached: bool, tmp_path: Path
) -> None:
    entry = device[0].ljust(68, b"\0") + struct.pack("<I", device[1]) + b"\0" * 32
    manifest = note(struct.pack("<II", 1, 1) + entry, align=8)
    (tmp_path / "u").write_bytes(elf([(ABI, note(struct.pack("<II", 3, 1))), (MANIFEST, manifest)]))
    runner = plugins.make_runner("solo5-virtio", {"options": options}, tmp_path)
    boot = Boot("x86_64", "qemu-system-x86_64", "u")
    if attached:
        runner.check(tmp_path / "u", boot, "")
    else:
        with pytest.raises(Rejected, match="but nothing attaches them"):
            runner.check(tmp_path / "u", boot, "")


HOSTILE = {
    "nothing": b"",
    "a text": b"#!/bin/sh\n" * 100,
    "half a header": elf(GOOD)[:40],
    "a table elsewhere": elf(GOOD, start=1 << 60),
    "a table before the beginning": elf(GOOD, start=(1 << 64) - 8),
    "65,535 sections": elf(GOOD, count=65535, strings=65534),
    "no section": elf(GOOD, count=0),
    "sections of a byte": elf(GOOD, size=1),
    "sections without a size": elf(GOOD, size=0),
    "names nowhere": elf(GOOD, strings=99),
    "sections of exabytes": elf(GOOD, length=(1 << 63) - 1),
    "sections of a gigabyte": elf(GOOD, length=1 << 30),
    "sections beyond the end": elf(GOOD, offset=1 << 62),
    "no notes": elf([]),
    "an empty note": elf([(ABI, b"")]),
    "a note with a long name": elf([(ABI, struct.pack("<III", 1 << 31, 8, 1))]),
}


@pytest.mark.parametrize("hole", [0, 1 << 40], ids=["", "with a hole of a terabyte"])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_an_odd_file_is_refused(tmp_path: Path, content: bytes, hole: int) -> None:
    (tmp_path / "u").write_bytes(content)
    os.truncate(tmp_path / "u", len(content) + hole)
    with pytest.raises(Rejected, match="it is not a Solo5 unikernel"):
        check(tmp_path / "u")


def test_a_file_that_was_cut_off_is_refused_wherever_that_was(tmp_path: Path) -> None:
    whole = elf(GOOD)
    for length in range(len(whole)):
        (tmp_path / "u").write_bytes(whole[:length])
        with pytest.raises(Rejected, match="it is not a Solo5 unikernel"):
            check(tmp_path / "u")


LAID: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": lambda file: file.symlink_to("/dev/zero"),
    "a folder": lambda file: file.mkdir(),
    "a loop": lambda file: file.symlink_to(file),
}


@pytest.mark.parametrize("lay", LAID.values(), ids=LAID)
def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path: Path, lay: Callable[[Path], object]) -> None:
    lay(tmp_path / "u")
    with pytest.raises(Rejected, match="u cannot be read"):
        check(tmp_path / "u")
