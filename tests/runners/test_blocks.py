"""Disks on the command lines of tenders, and what these would refuse."""

from __future__ import annotations

import struct
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

import pytest
from elves import ABI, MANIFEST, elf, note

from bootmatrix import plugins
from bootmatrix.model import Block, Boot, Interface, Network, Rejected, Runner

ROOT = Path(__file__).parents[2]
DISK = Block("storage", "/d/storage", 1 << 20)
BOOT = Boot("x86_64", "tender", "/u/x", blocks=(DISK,))
VERSION = "solo5-spt v0.12.1\nABI version 2\n"


def make(name: str, **options: object) -> Runner:
    return plugins.make_runner(name, options, ROOT / "docs")


def unikernel(folder: Path, target: int, *devices: tuple[bytes, int]) -> Path:
    """A file with such a manifest; 1 is a disk, 2 an interface."""
    entries = b"".join(name.ljust(68, b"\0") + struct.pack("<I", kind) + b"\0" * 32 for name, kind in devices)
    manifest = note(struct.pack("<II", 1, len(devices)) + entries, align=8)
    (folder / "u").write_bytes(elf([(ABI, note(struct.pack("<II", target, 2))), (MANIFEST, manifest)]))
    return folder / "u"


@pytest.mark.parametrize("name", ["solo5-hvt", "solo5-spt"])
def test_solo5_attaches_them_by_their_names(name: str) -> None:
    other = Block("b", "/d/b", 8192, 4096)
    argv = make(name, options=["--x"]).launch(replace(BOOT, blocks=(DISK, other))).argv
    disks = ("--block:storage=/d/storage", "--block:b=/d/b", "--block-sector-size:b=4096")
    assert argv == ("tender", "--mem=64", *disks, "--x", "--", "/u/x")


def test_solo5_takes_no_path_with_a_blank() -> None:
    with pytest.raises(Rejected, match="no path with a blank"):
        make("solo5-spt").launch(replace(BOOT, blocks=(replace(DISK, path="/my tmp/storage"),)))


@pytest.mark.parametrize(
    ("name", "arch", "options", "device"),
    [
        ("qemu", "x86_64", {}, "virtio-blk-pci"),
        ("qemu", "aarch64", {}, "virtio-blk-pci"),
        ("qemu", "riscv64", {"disk": "virtio-blk-device"}, "virtio-blk-device"),
        ("qemu", "x86_64", {"disk": "nvme"}, "nvme"),
        ("solo5-virtio", "x86_64", {}, "virtio-blk-pci"),
    ],
)
def test_qemu_attaches_them_as_devices(name: str, arch: str, options: dict[str, str], device: str) -> None:
    argv = make(name, **options).launch(replace(BOOT, arch=arch)).argv
    at = argv.index("-drive")
    assert argv[at + 1] == "if=none,id=disk-storage,format=raw,cache=unsafe,file=/d/storage"
    assert argv[at + 2 : at + 4] == ("-device", f"{device},drive=disk-storage,serial=storage")


def test_a_path_with_a_comma_is_no_option_of_qemus() -> None:
    odd = Block("a" * 30, "/d,readonly=off/a", 1 << 20, 4096, read_only=True)
    argv = make("qemu").launch(replace(BOOT, blocks=(odd,))).argv
    at = argv.index("-drive")
    assert argv[at + 1].endswith(",file=/d,,readonly=off/a,readonly=on")
    sectors = "logical_block_size=4096,physical_block_size=4096"
    assert argv[at + 3] == f"virtio-blk-pci,drive=disk-{'a' * 30},serial={'a' * 20},{sectors}"


DEVICES = [
    (("storage",), ("storage",), ""),
    ((), (), ""),
    (("storage",), (), "attach them: blocks: {storage: 1 MiB}"),
    (("a", "b"), ("a",), "attach them: blocks: {b: 1 MiB}"),
    ((), ("storage",), "it declares: none"),
    (("storage",), ("storage", "other"), "it declares: BLOCK_BASIC 'storage'"),
]


@pytest.mark.parametrize(("name", "target"), [("solo5-hvt", 1), ("solo5-spt", 2), ("solo5-virtio", 3)])
@pytest.mark.parametrize(("declared", "given", "remedy"), DEVICES)
def test_the_manifest_and_the_disks_must_agree(
    tmp_path: Path, name: str, target: int, declared: tuple[str, ...], given: tuple[str, ...], remedy: str
) -> None:
    file = unikernel(tmp_path, target, *((each.encode(), 1) for each in declared))
    boot = replace(BOOT, blocks=tuple(replace(DISK, name=each) for each in given))
    if not remedy:
        make(name).check(file, boot, VERSION)
        return
    with pytest.raises(Rejected) as caught:
        make(name).check(file, boot, VERSION)
    assert remedy in caught.value.remedy


def test_a_disk_is_no_interface_of_the_same_name(tmp_path: Path) -> None:
    file = unikernel(tmp_path, 2, (b"storage", 2))
    with pytest.raises(Rejected, match="declares the devices NET_BASIC 'storage', but nothing"):
        make("solo5-spt").check(file, BOOT, VERSION)
    with pytest.raises(Rejected, match="declares no BLOCK_BASIC 'storage', which the test gives it"):
        make("solo5-spt", options=["--net:storage=tap0"]).check(file, BOOT, VERSION)


def test_virtio_finds_its_devices_in_the_manifests_order(tmp_path: Path) -> None:
    file = unikernel(tmp_path, 3, (b"lan", 2), (b"a", 1), (b"b", 1))
    first, second = replace(DISK, name="a"), replace(DISK, name="b")
    lan = Network("lan", IPv4Interface("10.0.0.1/24"))
    interface = Interface("lan", lan, "tap0", IPv4Interface("10.0.0.2/24"), "02:00:0a:00:00:02")
    boot = replace(BOOT, interfaces=(interface,), blocks=(first, second))
    make("solo5-virtio").check(file, boot, VERSION)
    with pytest.raises(Rejected, match="in the order NET_BASIC 'lan', BLOCK_BASIC 'a', BLOCK_BASIC 'b', but") as caught:
        make("solo5-virtio").check(file, replace(boot, blocks=(second, first)), VERSION)
    assert "write `nets` in that order, and `blocks`" in caught.value.remedy
    for name, target in (("solo5-hvt", 1), ("solo5-spt", 2)):
        other = unikernel(tmp_path, target, (b"a", 1), (b"lan", 2), (b"b", 1))
        make(name).check(other, replace(boot, blocks=(second, first)), VERSION)


REFUSED = [
    ("solo5-spt", {"read_only": True}, VERSION, "`read_only`, but Solo5's tenders open each for writing"),
    ("solo5-spt", {"sector": 521}, VERSION, "sectors of 521 bytes, which Solo5's tenders refuse"),
    ("solo5-spt", {"sector": 256}, VERSION, "sectors of 256 bytes"),
    ("solo5-hvt", {"sector": 1 << 16}, VERSION, "sectors of 65,536 bytes"),
    ("solo5-spt", {"sector": 4096, "size": 6144}, VERSION, "6,144 bytes, which is no multiple of its sectors of 4,096"),
    ("solo5-hvt", {"size": 100}, VERSION, "no multiple"),
    ("solo5-spt", {"sector": 4096}, "solo5-spt v0.7.3\nABI version 2\n", "which Solo5 v0.7.3 cannot be told"),
    ("solo5-virtio", {"sector": 4096}, "", "know 512 only"),
]


@pytest.mark.parametrize(("name", "changes", "version", "what"), REFUSED)
def test_a_disk_that_the_tender_would_refuse_is_told_before(
    tmp_path: Path, name: str, changes: dict[str, Any], version: str, what: str
) -> None:
    target = {"solo5-hvt": 1, "solo5-spt": 2, "solo5-virtio": 3}[name]
    file = unikernel(tmp_path, target, (b"storage", 1))
    with pytest.raises(Rejected, match=what) as caught:
        make(name).check(file, replace(BOOT, blocks=(replace(DISK, **changes),)), version)
    assert caught.value.remedy
    make(name).check(file, BOOT, version)


def test_a_command_must_name_its_disks() -> None:
    for word in ("/d/storage", "--disk=/d/storage,rw"):
        make("command", command=["x", word]).launch(BOOT)
    for word in ("", "/d/storage0"):
        with pytest.raises(Rejected, match="does not name the disk 'storage'"):
            make("command", command=["x", word]).launch(BOOT)
