"""Guests of a handful of instructions that lie about their end, assembled here; each for one of QEMU's machines."""

from __future__ import annotations

import struct

X86_AT, ARM_AT, RISCV_AT = 0x100000, 0x40080000, 0x80200000
TEXT = 0x1000  # from the beginning of the code
PVH_NOTE = 18  # XEN_ELFNOTE_PHYS32_ENTRY, Xen's public/elfnote.h


def elf(machine: int, at: int, code: bytes, text: bytes, note: bytes = b"") -> bytes:
    """An ELF64 file of one segment that holds the code, and from TEXT on the text."""
    body = code.ljust(TEXT, b"\0") + text
    parts = [(1, 0x1000, at, len(body))] + ([(4, 0x800, at + 0x100000, len(note))] if note else [])
    header = b"\x7fELF\2\1\1".ljust(16, b"\0")
    header += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, at, 64, 0, 0, 64, 56, len(parts), 64, 0, 0)
    for kind, offset, address, size in parts:
        header += struct.pack("<IIQQQQQQ", kind, 7, offset, address, address, size, size, 4)
    return (header.ljust(0x800, b"\0") + note).ljust(0x1000, b"\0") + body


# x86_64, in the 32-bit mode in which a PVH kernel starts
HANG = bytes.fromhex("f4ebfd")  # hlt; jmp
UD2 = bytes.fromhex("0f0b")
TRIPLE = bytes.fromhex("0f0118") + UD2  # lidt [eax], which holds no table


def out(value: int, size: int = 1, port: int = 0x501) -> bytes:
    """One write to a port."""
    code = bytes([0xBA]) + struct.pack("<I", port) + bytes([0xB8]) + struct.pack("<I", value)
    return code + {1: b"\xee", 2: b"\x66\xef", 4: b"\xef"}[size]


def reset_by_keyboard() -> bytes:
    return out(0xFE, port=0x64)


def x86(code: bytes, text: bytes = b"") -> bytes:
    """Prints the text, then runs the code."""
    write = bytes([0xBE]) + struct.pack("<I", X86_AT + TEXT) + bytes([0xB9]) + struct.pack("<I", len(text))
    write += bytes([0xBA]) + struct.pack("<I", 0x3F8) + bytes.fromhex("f36e")  # rep outsb
    note = struct.pack("<III", 4, 4, PVH_NOTE) + b"Xen\0" + struct.pack("<I", X86_AT)
    return elf(62, X86_AT, b"\xfa\xfc" + (write if text else b"") + code + HANG, text, note)


# aarch64: an instruction is a word
def a64(*words: int) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


def a64_move(register: int, value: int) -> bytes:
    """movz, movk of 32 bits."""
    low, high = value & 0xFFFF, value >> 16
    return a64(0xD2800000 | low << 5 | register, 0xF2A00000 | high << 5 | register)


def psci(function: int) -> bytes:
    return a64_move(0, function) + a64(0xD4000002)  # hvc #0


PSCI_OFF, PSCI_RESET = psci(0x84000008), psci(0x84000009)
A64_HANG = a64(0xD503207F, 0x17FFFFFF)  # wfi; b .-4


# SYS_EXIT_EXTENDED of Arm's semihosting; its block of two words, the reason and the code, stands before the text
SEMIHOSTING_EXIT = a64_move(0, 0x20) + a64_move(1, ARM_AT + TEXT - 16) + a64(0xD45E0000)


def arm(code: bytes, text: bytes = b"", exits_with: int = 0) -> bytes:
    loop = a64_move(1, ARM_AT + TEXT) + a64_move(2, ARM_AT + TEXT + len(text)) + a64_move(3, 0x09000000)
    loop += a64(0x38401424, 0xB9000064, 0xEB02003F, 0x54FFFFA1)  # ldrb w4,[x1],#1; str w4,[x3]; cmp x1,x2; b.ne -12
    all_of_it = (loop if text else b"") + code + A64_HANG
    block = struct.pack("<QQ", 0x20026, exits_with)
    return elf(183, ARM_AT, all_of_it.ljust(TEXT - 16, b"\0") + block, text)


# riscv64, in supervisor mode over OpenSBI
def rv(*words: int) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


def rv_load(register: int, value: int) -> bytes:
    """lui, addiw, and the upper half cleared: 32 bits."""
    low = (value & 0xFFF) - (0x1000 if value & 0x800 else 0)
    high = (value - low >> 12) & 0xFFFFF
    words = [high << 12 | register << 7 | 0x37, (low & 0xFFF) << 20 | register << 15 | register << 7 | 0x1B]
    shift = [0x02001013 | register << 15 | register << 7, 0x02005013 | register << 15 | register << 7]  # slli, srli 32
    return rv(*words, *shift)


def sifive(word: int, code: int = 0) -> bytes:
    """One write to the test device: sw t1, 0(t0)."""
    return rv_load(5, 0x100000) + rv_load(6, code << 16 | word) + rv(0x0062A023)


def sbi_reset(kind: int) -> bytes:
    return rv_load(10, kind) + rv_load(11, 0) + rv_load(16, 0) + rv_load(17, 0x53525354) + rv(0x00000073)


RV_HANG = rv(0x10500073, 0xFFDFF06F)  # wfi; j .-4


def riscv(code: bytes, text: bytes = b"") -> bytes:
    loop = rv_load(5, RISCV_AT + TEXT) + rv_load(6, RISCV_AT + TEXT + len(text)) + rv_load(7, 0x10000000)
    # lbu t3,0(t0); sb t3,0(t2); addi t0,t0,1; bne t0,t1,-12
    loop += rv(0x0002CE03, 0x01C38023, 0x00128293, 0xFE629AE3)
    return elf(243, RISCV_AT, (loop if text else b"") + code + RV_HANG, text)
