"""What of a guest's boot arguments QEMU would lose without a word, told before the boot.

Facts from QEMU 7.2 to 10: pc-bios/optionrom/pvh_main.c has 4,096 bytes for the command line of a PVH kernel, and a
longer one arrives empty; hw/i386/multiboot.c puts the kernel's path and a blank in front of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import files
from bootmatrix.model import Rejected

if TYPE_CHECKING:
    from bootmatrix.model import Boot

LONGEST = 4095  # bytes, of a kernel on x86_64 that is no multiboot kernel
MULTIBOOT = (0x1BADB002).to_bytes(4, "little")  # the header's magic, in the first 8 KiB, at a multiple of four
HEADER = 8192


def check(unikernel: Path, boot: Boot) -> None:
    """Raise Rejected if not all of the arguments would reach the guest."""
    size = len(" ".join(boot.args).encode("utf-8", "surrogateescape"))
    if boot.arch != "x86_64" or not size:
        return  # a device tree has room for as much as a command line can have
    if is_multiboot(unikernel):
        check_path(boot)
    elif size > LONGEST:
        what = f"the boot arguments have {size:,} bytes, but QEMU passes on at most {LONGEST:,} to such a kernel"
        raise Rejected(what, "shorten them, or give the guest a disk: `blocks`")


def check_path(boot: Boot) -> None:
    """For kernels that find their path before the arguments, up to the first blank."""
    if " " in boot.unikernel:
        what = "QEMU puts it before the boot arguments, and the guest takes what follows its first blank for these"
        raise Rejected(f"the unikernel's path '{boot.unikernel}' has a blank: {what}", "rename the folder or the file")


def is_multiboot(unikernel: Path) -> bool:
    try:
        with files.opened(Path(os.path.realpath(unikernel))) as stream:
            head = stream.read(HEADER) or b""
    except OSError:
        return False  # QEMU will say so
    return any(head[at : at + 4] == MULTIBOOT for at in range(0, len(head), 4))
