"""What every runner over QEMU shares: machines and the common command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import MIB, Boot, Probe, Rejected, Signs, Tender

from . import _probe, _qemu_end

if TYPE_CHECKING:
    from collections.abc import Iterator

NIC, DISK = "virtio-net-pci", "virtio-blk-pci"  # what a guest finds on each machine
TAP = "tap,id={0},ifname={0},script=no,downscript=no"
SOCKET = "stream,id={0},server=off,addr.type=unix,addr.abstract=on,addr.path={0}"
FIRST_WITH_SOCKETS = (7, 2)
VERSION = re.compile(r"QEMU emulator version (\d+)\.(\d+)")
USUAL_MTU = 1500  # what a guest takes a network's to be that is told none


NO_SIGNS = Signs()


@dataclass(frozen=True)
class Machine:
    """One architecture. `debug_exit` ends QEMU with `(value << 1) | 1`, where the machine has that device; `values` is
    the trace of what is written to such a device, where it has one. `signs` hold where its usual firmware runs.
    """

    program: str
    flags: tuple[str, ...]
    cpu: dict[str, str]
    debug_exit: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    signs: Signs = NO_SIGNS


MACHINES = {
    "x86_64": Machine(
        "qemu-system-x86_64",
        ("-machine", "q35"),
        {"tcg": "max", "kvm": "host"},
        ("-device", "isa-debug-exit"),
        _qemu_end.VALUES,
        Signs(_qemu_end.RUNS, _qemu_end.READS_KERNEL),
    ),
    "aarch64": Machine(
        "qemu-system-aarch64",
        ("-machine", "virt"),
        {"tcg": "max", "kvm": "host"},
        signs=Signs(entry=_qemu_end.RUNS),  # it has no firmware: a few instructions of QEMU's jump into the kernel
    ),
    "riscv64": Machine(
        "qemu-system-riscv64",
        ("-machine", "virt"),
        {"tcg": "rv64", "kvm": "host"},
        values=_qemu_end.VALUES,
        signs=Signs(_qemu_end.RUNS, _qemu_end.OPENSBI_TOLD),
    ),
}

FIRMWARE = re.compile(r"^--?(?:bios|pflash)$|\bif=pflash\b|\bpflash[01]=|\bfirmware=")
SECTOR = 512  # bytes, where QEMU is told nothing else
SERIAL = 20  # characters: VIRTIO_BLK_ID_BYTES

WAY_OUT = {
    "x86_64": "does it write to isa-debug-exit at 0x501?",
    "aarch64": "does it power off by PSCI?",
    "riscv64": "does it power off by SBI, or write to the test device?",
}


def machine(arch: str) -> Machine:
    if arch not in MACHINES:
        raise Rejected(f"bootmatrix has no QEMU machine for {arch}", f"possible: {', '.join(MACHINES)}")
    return MACHINES[arch]


def command(
    boot: Boot, flags: tuple[str, ...], extra: tuple[str, ...], nic: str = NIC, ends: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """The command line without the guest's arguments; memory is rounded up to whole MiB. `nic` is a QEMU device, with
    or without properties. `ends` are other words for what tells of the guest's end than an exit device and its trace.
    """
    accel = boot.accel or "tcg"
    known = machine(boot.arch)
    return (
        boot.program,
        *flags,
        *("-accel", accel),
        *("-cpu", known.cpu[accel]),
        *("-m", f"{-(-boot.memory // MIB)}M"),
        *("-smp", str(boot.cpus)),
        "-nodefaults",
        "-no-reboot",
        *("-display", "none"),
        *("-serial", "stdio"),
        *(known.debug_exit if ends is None else ends),
        *_qemu_end.TRACE,
        *(known.values if ends is None else ()),
        *_nics(boot, nic),
        *extra,
        *_counting(boot),
        *("-kernel", boot.unikernel),
    )


def _counting(boot: Boot) -> tuple[str, ...]:
    """The counter, and a machine in which nothing but a network is different the next time: its clock goes by
    instructions, 64 ns each, its date is always the same, and so is what is random. A guest that has nothing to do
    waits for no time to pass, unless packets may come.
    """
    if not boot.counter:
        return ()
    sleep = "" if boot.interfaces else ",sleep=off"
    return (
        *("-icount", f"shift=6{sleep}"),
        *("-rtc", "base=2020-01-01,clock=vm"),
        *("-seed", "1"),
        *("-plugin", ",".join((quoted(boot.counter.library), *boot.counter.options))),
    )


def _nics(boot: Boot, nic: str) -> Iterator[str]:
    """A device for each interface, in their order. No ROM: firmware that would boot from a network needs files."""
    for each in boot.interfaces:
        device = [*nic.split(","), f"netdev={each.device}", f"mac={each.mac}"]
        device += [] if device[0].endswith("-device") or "romfile=" in nic else ["romfile="]
        device += [f"host_mtu={each.mtu}"] if device[0].startswith("virtio-net") and each.mtu != USUAL_MTU else []
        yield from ("-netdev", SOCKET.format(each.device) if each.by_socket else TAP.format(each.device))
        yield from ("-device", ",".join(device))


def check_sockets(boot: Boot, version: str) -> None:
    """Raises Rejected for a QEMU that has no `-netdev stream`, where an interface needs it."""
    found = VERSION.search(version)
    if found and any(each.by_socket for each in boot.interfaces) and _is_older(found):
        what = f"this host has no taps (/dev/net/tun), and QEMU {found[1]}.{found[2]} cannot be attached by a socket"
        raise Rejected(what, "load the host's driver (modprobe tun), or use QEMU 7.2 or newer")


def _is_older(found: re.Match[str]) -> bool:
    return (int(found[1]), int(found[2])) < FIRST_WITH_SOCKETS


def disks(boot: Boot, model: str = DISK) -> tuple[str, ...]:
    """The boot's disks, each a device of that model, whose serial number begins with its name. They are thrown away
    after the boot, so that nothing waits until they are on the host's own disk.
    """
    words: list[str] = []
    for block in boot.blocks:
        drive = f"if=none,id=disk-{block.name},format=raw,cache=unsafe,file={quoted(block.path)}"
        device = f"{model},drive=disk-{block.name},serial={block.name[:SERIAL]}"
        if block.sector != SECTOR:
            device += f",logical_block_size={block.sector},physical_block_size={block.sector}"
        words += ["-drive", drive + (",readonly=on" if block.read_only else ""), "-device", device]
    return tuple(words)


def quoted(text: str) -> str:
    """A value of an option with several, which commas part."""
    return text.replace(",", ",,")


def signs(arch: str, options: tuple[str, ...]) -> Signs:
    """Of other firmware one only knows when it begins."""
    if any(FIRMWARE.search(word) for word in options):
        return Signs(_qemu_end.RUNS)
    return MACHINES[arch].signs if arch in MACHINES else NO_SIGNS


def append(args: tuple[str, ...]) -> tuple[str, ...]:
    return ("-append", " ".join(args)) if args else ()


def tender(arch: str, accel: str, prefix: str) -> Tender:
    """Of the accelerator that is asked for; `auto` tries KVM first."""
    choices = ("kvm", "tcg") if accel == "auto" else (accel,)
    return Tender(machine(arch).program, choices, accel == "auto", prefix=prefix)


def probe(arch: str, accel: str) -> Probe | None:
    """A guest of 64-bit code, since KVM may open and even create a machine where QEMU cannot run on it."""
    kernel = _probe.KERNELS.get(arch) if accel == "kvm" else None
    if kernel is None:
        return None
    boot = Boot(arch, machine(arch).program, "{kernel}", memory=32 * MIB, accel=accel)
    return Probe({"kernel": kernel()}, command(boot, machine(arch).flags, ()), _probe.STATUS)
