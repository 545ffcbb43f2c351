"""Kernels of a few bytes that prove that an accelerator runs 64-bit guest code, assembled here from our own listing."""

from __future__ import annotations

import struct

STATUS = 85
"""QEMU's exit status if the guest ran: isa-debug-exit gives (42 << 1) | 1."""

BASE = 0x100000
PVH_NOTE = 18  # XEN_ELFNOTE_PHYS32_ENTRY, Xen's public/elfnote.h: the 32-bit entry point of a PVH kernel


def x86_64() -> bytes:
    """A PVH kernel: page tables, long mode, one write to isa-debug-exit (port 0x501)."""
    code_at = BASE + 0x1000
    tables = BASE + 0x3000  # one page each: PML4, PDPT; the PDPT's first entry maps 1 GiB
    gdt_at = code_at + 0x80
    enter = bytes.fromhex("fa")  # cli
    enter += b"\xc7\x05" + struct.pack("<II", tables, (tables + 0x1000) | 3)  # mov [PML4], PDPT | present | write
    enter += b"\xc7\x05" + struct.pack("<II", tables + 0x1000, 0x83)  # mov [PDPT], 0 | present | write | 1 GiB page
    enter += b"\xb8" + struct.pack("<I", tables) + b"\x0f\x22\xd8"  # mov eax, PML4; mov cr3, eax
    enter += b"\x0f\x20\xe0\x83\xc8\x20\x0f\x22\xe0"  # cr4 |= PAE
    enter += b"\xb9\x80\x00\x00\xc0\x0f\x32\x0d\x00\x01\x00\x00\x0f\x30"  # EFER |= LME
    enter += b"\x0f\x20\xc0\x0d\x00\x00\x00\x80\x0f\x22\xc0"  # cr0 |= PG
    enter += b"\x0f\x01\x15" + struct.pack("<I", gdt_at + 16)  # lgdt
    enter += b"\xea" + struct.pack("<IH", code_at + 0x60, 8)  # jump to 64-bit code
    long_mode = bytes.fromhex("48b8000000000100000048c1e82066ba0105b02aeef4ebfd")
    # mov rax, 1 << 32; shr rax, 32; mov dx, 0x501; mov al, 42; out dx, al; hlt; jmp
    gdt = struct.pack("<QQHI", 0, 0x00AF9A000000FFFF, 15, gdt_at)
    code = enter.ljust(0x60, b"\x90") + long_mode
    note = struct.pack("<III", 4, 4, PVH_NOTE) + b"Xen\0" + struct.pack("<I", code_at)
    return _elf(62, code_at, [(1, code_at, code.ljust(0x80, b"\x90") + gdt), (4, BASE, note)])


SAYS = "64-bit"


def linux64() -> bytes:
    """A kernel that is entered in 64-bit mode, by Linux's boot protocol: it enables SSE and loads its control register,
    which a KVM that emulates instructions may not know; then it says so on COM1, and resets the machine by the keyboard
    controller.
    """
    code = bytes.fromhex("fa0f20c024fb0c020f22c0")  # cli; cr0: no emulation of an FPU, but monitored
    code += bytes.fromhex("0f20e00d000600000f22e0")  # cr4 |= OSFXSR | OSXMMEXCPT
    code += bytes.fromhex("dbe368801f00000fae1424")  # fninit; push 0x1f80; ldmxcsr [rsp]
    code += b"\x66\xba\xf8\x03" + b"".join(bytes([0xB0, each, 0xEE]) for each in SAYS.encode())  # out 0x3f8, each
    code += bytes.fromhex("b0fee664f4ebfd")  # out 0x64, 0xfe; hlt; jmp
    return _elf(62, BASE, [(1, BASE, code)])


def _elf(machine: int, entry: int, segments: list[tuple[int, int, bytes]]) -> bytes:
    """An ELF64 file with the segments (type, address, content), each on a page of its own."""
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, entry, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    body, table = b"", b""
    for kind, address, content in segments:
        offset = 0x1000 + len(body)
        # QEMU takes a note's alignment for that of the fields within it: four, not the page's
        table += struct.pack("<IIQQQQQQ", kind, 7, offset, address, address, len(content), len(content), 4)
        body += content.ljust(0x1000, b"\0")
    return (header + table).ljust(0x1000, b"\0") + body


KERNELS = {"x86_64": x86_64}
