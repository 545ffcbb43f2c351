"""What a Solo5 tender would refuse, told before the boot: another target or ABI, devices that are missing or too many.

Facts from Solo5 0.12: tenders/common, tenders/spt/spt_module_block.c, bindings/virtio/virtio_blk.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix.model import Rejected
from bootmatrix.quantities import how_many

from . import _solo5_file, _solo5_words
from ._solo5_file import BLOCK, NET

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Block, Boot

    from ._solo5_file import Notes

    Devices = list[tuple[str, str]]  # names and types

KEY = {BLOCK: "blocks: {{{}: 1 MiB}}", NET: "nets: {{{}: NETWORK}}"}
OPTION = re.compile(r"--(net|block):([A-Za-z0-9]+)=")
TYPE = {"net": NET, "block": BLOCK}
VIRTIO = {BLOCK: "virtio-blk", NET: "virtio-net"}
# QEMU's own short ways to attach one.
SHORT = {
    BLOCK: r"-drive (?:\S*,)?if=virtio(?:[,\s]|$)",
    NET: r"-(?:net|nic) (?:\S*,)?model=virtio(?:[,\s]|$)",
}
FEW = 4
NO_DEVICES = "the Xen bindings of Solo5 have no devices"
NAME = re.compile(r"[A-Za-z0-9]{1,67}")  # MFT_NAME_MAX
LONGEST = 8191  # bytes of a command line: HVT_CMDLINE_SIZE, SPT_CMDLINE_SIZE, and the bindings' own on virtio
SECTOR = 512  # bytes: of virtio's bindings, and where no other is asked for
KNOWS_SECTORS = (0, 7, 4)  # the first version with --block-sector-size


def check(file: Path, backend: str, boot: Boot, options: tuple[str, ...], version: str) -> None:
    """Raise Rejected if the tender of `backend` would refuse the file, or what the boot gives it."""
    target = backend.removeprefix("solo5-")
    notes = check_target(file, target)
    known = re.search(r"ABI version (\d+)", version)
    if known and int(known[1]) != notes.version:
        what = f"{file.name} has ABI version {notes.version}, the tender has {known[1]}"
        raise Rejected(what, "build both from the same Solo5 release")
    given = [(each.name, NET) for each in boot.interfaces] + [(each.name, BLOCK) for each in boot.blocks]
    _check_devices(file.name, notes, given, options, virtio=target == "virtio")
    for block in boot.blocks:
        _check_block(block, virtio=target == "virtio", version=version)
    check_size(boot)


def check_target(file: Path, target: str) -> Notes:
    """What the file says of itself; raises Rejected if it is for another target."""
    notes = _solo5_file.read_notes(file)
    if notes.target != target:
        raise Rejected(
            f"{file.name} is built for {notes.target}, not for {target}",
            f"build it with -z solo5-abi={target}",
        )
    return notes


def check_xen(file: Path) -> None:
    """Raise Rejected if the file is for another target, or declares devices: the bindings acquire none on Xen, and a
    guest's own drivers for Xen's need no manifest. Source: bindings/xen/stubs.c.
    """
    if declared := check_target(file, "xen").devices:
        remedy = "exclude the test here with `only:`; what has drivers of its own for Xen declares none"
        raise Rejected(f"{file.name} declares the devices {_shown(list(declared))}, but {NO_DEVICES}", remedy)


def check_size(boot: Boot) -> None:
    """Raise Rejected for more arguments than the bindings have room for."""
    size = len(" ".join(boot.args).encode("utf-8", "surrogateescape"))
    if size > LONGEST:
        what = f"the boot arguments have {size:,} bytes, but Solo5 passes on at most {LONGEST:,}"
        raise Rejected(what, "shorten them, or give the guest a disk: `blocks`")


def check_told(cmdline: str) -> None:
    """Raise Rejected for a command line that keeps the bindings from telling the exit, where nothing else tells it."""
    if _solo5_words.quiet(cmdline):
        raise Rejected(
            "the boot argument --solo5:quiet hides how the guest ended, and nothing else shows it",
            "leave out --solo5:quiet; or accept that its console alone decides: runner: {quiet: true}",
        )


def _check_devices(file: str, notes: Notes, given: Devices, options: tuple[str, ...], *, virtio: bool) -> None:
    missing = (_virtio_missing if virtio else _missing)(notes, given, options)
    if missing:
        keys = ", ".join(KEY[kind].format(name) for name, kind in missing[:FEW])
        remedy = f"attach them: {keys}; or exclude the test here with `only:`"
        raise Rejected(f"{file} declares the devices {_shown(missing)}, but nothing attaches them", remedy)
    if unknown := [each for each in given if each not in notes.devices]:
        declared = _shown(list(notes.devices)) if notes.devices else "none"
        remedy = f"it declares: {declared}; leave out what it does not know, with `when:` where only some do"
        raise Rejected(f"{file} declares no {_shown(unknown)}, which the test gives it", remedy)
    if virtio:
        _check_order(file, notes, given)


def _shown(devices: Devices) -> str:
    names = [f"{kind} '{name}'" for name, kind in devices]
    return ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")


def _missing(notes: Notes, given: Devices, options: tuple[str, ...]) -> Devices:
    """The declared devices that hvt and spt would miss."""
    found = (OPTION.match(word) for word in options)
    attached = {*given, *((each[2], TYPE[each[1]]) for each in found if each)}
    return [each for each in notes.devices if each not in attached]


def _virtio_missing(notes: Notes, given: Devices, options: tuple[str, ...]) -> Devices:
    """QEMU's own options have no names of the manifest's: one device of the right kind is enough there."""
    words = " ".join(options)
    there = {kind for kind, device in VIRTIO.items() if device in words or re.search(SHORT[kind], words)}
    return [each for each in notes.devices if each not in given and each[1] not in there]


def _check_order(file: str, notes: Notes, given: Devices) -> None:
    """Virtio's bindings take the first device that they find for the first of the manifest, and so on; ours are found
    in the order of `nets`, then of `blocks`. Source: bindings/virtio/pci.c.
    """
    wanted = [each for each in notes.devices if each in given]
    if given and wanted != given:
        what = f"{file} declares its devices in the order {_shown(wanted)}, but they are attached as {_shown(given)}"
        remedy = "write `nets` in that order, and `blocks`; a manifest must declare its disks after its interfaces"
        raise Rejected(what, remedy)


def _check_block(block: Block, *, virtio: bool, version: str) -> None:
    disk = f"the disk '{block.name}'"
    if block.read_only and not virtio:
        raise Rejected(f"{disk} is `read_only`, but Solo5's tenders open each for writing", "leave out `read_only`")
    if virtio and block.sector != SECTOR:
        what = f"{disk} has sectors of {block.sector:,} bytes, but Solo5's virtio bindings know {SECTOR} only"
        raise Rejected(what, f"leave out `sector`, or write {SECTOR}")
    if block.sector < SECTOR or block.sector & (block.sector - 1) or block.sector >= 1 << 16:
        what = f"{disk} has sectors of {block.sector:,} bytes, which Solo5's tenders refuse"
        raise Rejected(what, "write a power of two from 512 to 32768")
    if block.size % block.sector:
        what = f"{disk} has {how_many(block.size, 'byte')}, which is no multiple of its sectors of {block.sector:,}"
        raise Rejected(what, "make it whole sectors: `size`")
    found = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", version)
    if found and block.sector != SECTOR and tuple(map(int, found.groups())) < KNOWS_SECTORS:
        what = f"{disk} has sectors of {block.sector:,} bytes, which Solo5 {found[0]} cannot be told"
        raise Rejected(what, f"use Solo5 {'.'.join(map(str, KNOWS_SECTORS))} or newer, or leave out `sector`")
