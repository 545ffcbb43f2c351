"""Firecracker without its API: the command line and the configuration of a boot.

Facts from the documents and the OpenAPI file of Firecracker 1.0 to 1.16, and from boots on 1.12.
"""

from __future__ import annotations

import json

from bootmatrix.model import MIB, Boot, Launch, Probe, Rejected

from . import _probe

ARCHES = ("x86_64", "aarch64")
POSSIBLE = ", ".join(ARCHES)
CONFIGURATION = "firecracker.json"
SECTOR = 512  # bytes; its disks have no others
WAY_OUT = {
    "x86_64": "does it reset the machine, by 0xfe to the keyboard controller's port 0x64?",
    "aarch64": "does it power off by PSCI?",
}

# Its log alone tells how a guest ended. Firecracker would write it to standard output, as the guest does: so it has a
# file of its own, and is shown on standard error at the end, of a flood the last of it, also if a signal ended it.
LOGGED = """\
log=$(mktemp) && trap : HUP INT TERM || exit 126
"$@" --log-path "$log"
status=$?
tail -c 65536 "$log" >&2
rm -f "$log"
exit $status"""


def launch(boot: Boot, cmdline: str, initrd: str = "", options: tuple[str, ...] = ()) -> Launch:
    """The command line, and the configuration beside it; raises Rejected for what Firecracker does not have."""
    files = {CONFIGURATION: configuration(boot, cmdline, initrd)}
    argv = (
        *("sh", "-c", LOGGED, "firecracker"),
        boot.program,
        "--no-api",
        *("--config-file", f"{boot.folder}/{CONFIGURATION}"),
        *("--level", "Info"),
        *options,
    )
    return Launch(argv, files)


def configuration(boot: Boot, cmdline: str, initrd: str = "") -> bytes:
    """Its file of JSON; memory is rounded up to whole MiB. No `root=` is added for a disk."""
    source = {"kernel_image_path": boot.unikernel, "boot_args": _text(cmdline)}
    machine = {"vcpu_count": boot.cpus, "mem_size_mib": -(-boot.memory // MIB), "smt": False}
    if initrd:
        source["initrd_path"] = initrd
    whole = {
        "boot-source": source,
        "drives": [_drive(boot, number) for number in range(len(boot.blocks))],
        "machine-config": machine,
        "network-interfaces": [
            {"iface_id": f"net{number}", "guest_mac": each.mac, "host_dev_name": each.device}
            for number, each in enumerate(boot.interfaces)
        ],
    }
    return json.dumps(whole, indent=1).encode()


def _text(cmdline: str) -> str:
    if not cmdline.isprintable():
        odd = next(each for each in cmdline if not each.isprintable())
        what = f"the boot arguments have the character {odd!r}, which cannot be in a kernel's command line"
        raise Rejected(what, "leave it out: Firecracker passes on one line of printable characters")
    return cmdline


def _drive(boot: Boot, number: int) -> dict[str, object]:
    block = boot.blocks[number]
    if block.sector != SECTOR:
        what = f"the disk '{block.name}' has sectors of {block.sector} bytes, and Firecracker's have {SECTOR}"
        raise Rejected(what, "leave out `sector`")
    return {
        "drive_id": f"disk{number}",
        "path_on_host": block.path,
        "is_root_device": False,
        "is_read_only": block.read_only,
        "cache_type": "Unsafe",
    }


def probe(arch: str, accel: str) -> Probe | None:
    """A kernel of a few bytes; none for aarch64."""
    if arch != "x86_64" or accel != "kvm":
        return None
    boot = Boot(arch, "firecracker", "{kernel}")
    files: dict[str, bytes | str] = {"kernel": _probe.linux64(), "config": configuration(boot, "").decode()}
    argv = ("firecracker", "--no-api", "--config-file", "{config}", "--level", "Error")
    return Probe(files, argv, 0, console=_probe.SAYS)
