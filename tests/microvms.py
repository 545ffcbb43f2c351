"""Guests for Firecracker and Cloud Hypervisor, which real ones boot and our fakes play; and these, to be tested alike.

A guest is a PVH kernel of a few bytes, assembled here. What a fake is to do stands behind it in the file.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bootmatrix import host
from bootmatrix.model import Boot, Ending
from bootmatrix.places import own

if TYPE_CHECKING:
    from bootmatrix.model import Launch, Runner

FAKES = {
    name: Path(__file__).with_name(f"fake_{name.replace('-', '_')}.py") for name in ("firecracker", "cloud-hypervisor")
}
REAL = {name: os.environ.get(name.upper().replace("-", "_")) or shutil.which(name) for name in FAKES}
MARK = b"\nFAKE "
BASE, CODE = 0x100000, 0x101000
NOTE = 18  # XEN_ELFNOTE_PHYS32_ENTRY, Xen's public/elfnote.h

CLI = b"\xfa"
TO_COM1 = b"\x66\xba\xf8\x03"  # mov dx, 0x3f8
# mov esi, [ebx + 24]: the command line of Xen's hvm_start_info; lodsb; test al, al; jz +3; out dx, al; jmp -8
ARGUMENTS = b"\x8b\x73\x18" + TO_COM1 + b"\xac\x84\xc0\x74\x03\xee\xeb\xf8"
ENDS = {
    "reset": b"\xb0\xfe\xe6\x64\xf4\xeb\xfd",  # mov al, 0xfe; out 0x64, al; hlt; jmp
    "triple": b"\x0f\x01\x1d" + struct.pack("<I", 0x90000) + b"\x0f\x0b",  # lidt of an empty table; ud2
    "internal": b"\xb8\x00\x00\x00\xe0\xff\xe0",  # mov eax, 0xe0000000; jmp eax: there is no memory
    "hang": b"\xf4\xeb\xfd",
}


def guest(folder: Path, console: str = "", end: str = "reset", *, shows: bool = False) -> Path:
    """Prints, with `shows` its command line too, and ends: the fake knows more ends than code can make."""
    code = CLI + TO_COM1 + b"".join(bytes([0xB0, each, 0xEE]) for each in console.encode())
    code += (ARGUMENTS if shows else b"") + ENDS.get(end, ENDS["hang"])
    file = folder / f"{end}.elf"
    told = {"console": console, "end": end, "shows": shows}
    file.write_bytes(_elf(code) + MARK + json.dumps(told).encode())
    return file


def _elf(code: bytes) -> bytes:
    note = struct.pack("<III", 4, 4, NOTE) + b"Xen\0" + struct.pack("<I", CODE)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, CODE, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    table, body = b"", b""
    for kind, address, content in ((1, CODE, code), (4, BASE, note)):
        offset = 0x1000 + len(body)
        table += struct.pack("<IIQQQQQQ", kind, 7, offset, address, address, len(content), len(content), 4)
        body += content.ljust(-(-len(content) // 0x1000) * 0x1000, b"\0")
    return (head + table).ljust(0x1000, b"\0") + body


def program(name: str, which: str) -> str:
    """The path of the fake, or of the real one; skipped where that or its KVM is not."""
    if which == "fake":
        return str(FAKES[name])
    found = REAL[name]
    if not found:
        pytest.skip(f"Debian has no {name}: there is none on PATH, and {name.upper().replace('-', '_')} names none")
    if trouble := host.kvm_trouble():
        pytest.skip(trouble)
    return found


def boot(name: str, which: str, folder: Path, unikernel: Path, **more: object) -> Boot:
    return Boot(
        "x86_64",
        program(name, which),
        str(unikernel),
        accel="kvm",
        folder=str(folder / "own"),
        **more,  # type: ignore[arg-type]
    )


def outcome(folder: Path, runner: Runner, wanted: Boot) -> tuple[str, Ending]:
    """What came of a boot, after which no file of the launch's own is left."""
    seen = run(runner.launch(wanted), folder / "own", folder)
    assert [each.name for each in folder.iterdir() if each.name.startswith("tmp.")] == []
    return str(runner.outcome(seen)), seen


def run(launch: Launch, folder: Path, scratch: Path) -> Ending:
    """The end of a boot, as a place on this host sees it; `folder` is the boot's own."""
    own.lay(folder, launch.files)
    env = {**os.environ, "TMPDIR": str(scratch)}
    done = subprocess.run(launch.argv, capture_output=True, stdin=subprocess.DEVNULL, env=env, timeout=60, check=False)
    console, tender = (each.decode(errors="replace").replace("\r\n", "\n") for each in (done.stdout, done.stderr))
    return Ending(status=done.returncode, console=console, tender=tender, arch="x86_64")
