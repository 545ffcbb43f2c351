"""A unikernel's file: its functions by address; and files that lie about that, or keep a reader busy."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

import pytest

from bootmatrix.counting import program
from bootmatrix.counting.program import Function, Program, Segment

if TYPE_CHECKING:
    from pathlib import Path

BASE, CODE = 0x100000, 0x1000
HEADER, SEGMENT, SECTION = 64, 56, 64  # bytes
NAMES = b"\0.text\0.symtab\0.strtab\0.shstrtab\0.debug_line\0"
Symbol = tuple[bytes, int, int]  # name, address, size


def elf(symbols: list[Symbol], more: list[tuple[bytes, bytes]] | None = None, **changes: int) -> bytes:
    """`changes` are to fields of the header, as their offsets name them, or `strings`: the size of the names' table."""
    strings, table = bytearray(b"\0"), bytearray(24)
    for name, address, size in symbols:
        table += struct.pack("<IBBHQQ", len(strings), 2, 0, 1, address, size)
        strings += name + b"\0"
    tables = [(b".symtab", bytes(table)), (b".strtab", bytes(strings)), (b".shstrtab", NAMES)]
    parts = [(b".text", b"\x90" * 16), *tables, *(more or [])]
    body, headers = b"", struct.pack("<IIQQQQIIQQ", *[0] * 7, changes.get("segments", 0), 0, 0)
    for name, content in parts:
        at, size = HEADER + SEGMENT + len(body), len(content)
        code = name == b".text"
        kind, link = {b".symtab": (2, 3), b".strtab": (3, 0), b".shstrtab": (3, 0)}.get(name, (1, 0))
        size = changes.get("strings", size) if name == b".strtab" else size
        where, size = (BASE, CODE) if code else (0, size)
        flags, entry = 6 if code else 0, 24 if name == b".symtab" else 0
        headers += struct.pack("<IIQQQQIIQQ", NAMES.index(name), kind, flags, where, at, size, link, 0, 1, entry)
        body += content
    start = HEADER + SEGMENT + len(body)
    said = {"phoff": HEADER, "phsize": SEGMENT, "phnum": 1, "shsize": SECTION, "shnum": 1 + len(parts), **changes}
    head = struct.pack(
        *("<HHIQQQIHHHHHH", 2, 62, 1, BASE, said["phoff"], start, 0, HEADER),
        *(said["phsize"], said["phnum"], said["shsize"], said["shnum"], 4),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, said.get("physical", BASE), CODE, CODE, 1)
    return b"\x7fELF\2\1\1" + bytes(9) + head + segment + body + headers


def read(folder: Path, content: bytes) -> Program:
    file = folder / "guest.elf"
    file.write_bytes(content)
    return program.read(file)


def test_functions_reach_to_their_ends_or_to_the_next(tmp_path: Path) -> None:
    symbols = [(b"b", BASE + 32, 0), (b"a", BASE, 16), (b"alias", BASE, 8), (b"$x", BASE + 4, 0), (b"c", BASE + 64, 0)]
    found = read(tmp_path, elf(symbols, physical=0x200000))
    assert found.functions == (
        Function(BASE, BASE + 16, "a"),
        Function(BASE + 32, BASE + 64, "b"),
        Function(BASE + 64, BASE + CODE, "c"),
    )
    assert found.segments == (Segment(BASE, 0x200000, CODE),)
    assert found.ranges == ((BASE, BASE + CODE), (0x200000, 0x200000 + CODE))
    places = (BASE, BASE + 15, BASE + 16, BASE + 32, 0x200000 + 32, BASE + CODE, BASE - 1, 0)
    assert [found.at(place) for place in places] == [0, 0, None, 1, 1, None, None, None]


def test_a_stripped_file_has_no_functions(tmp_path: Path) -> None:
    assert read(tmp_path, elf([])).functions == ()


def test_names_are_text_of_bounded_length(tmp_path: Path) -> None:
    names = [b"a\nb\x1b[31m", b"\xff\xfe", b"x" * 100_000]
    found = read(tmp_path, elf([(name, BASE + 16 * at, 16) for at, name in enumerate(names)]))
    assert [each.name for each in found.functions][2].startswith("xxx")
    assert all(each.name.isprintable() and len(each.name) <= 200 for each in found.functions)


HOSTILE = {
    "empty": b"",
    "text": b"#!/bin/sh\n",
    "cut": elf([(b"a", BASE, 16)])[:100],
    "without segments": elf([], phnum=0),
    "the same segment 65,534 times": elf([], phnum=0xFFFE, phsize=0),
    "segments beyond its end": elf([], phoff=1 << 62),
    "sections beyond its end": elf([], shnum=0xFFFE),
    "names without an end": elf([(b"a", BASE, 16)], strings=1 << 60),
    "a section that gives the number of sections": elf([], shnum=0),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_damaged_file_is_told_so_in_bounded_time(tmp_path: Path, content: bytes) -> None:
    started = time.monotonic()
    try:
        assert read(tmp_path, content).functions == ()
    except ValueError as error:
        assert "ELF" in str(error) or "too" in str(error)  # noqa: PT017  # either is good, but no third
    assert time.monotonic() - started < program.DEADLINE


def test_a_file_that_keeps_its_reader_busy_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has millions of segments, of which none is to be loaded."""
    monkeypatch.setattr(program, "SECONDS", 1)
    with (tmp_path / "guest.elf").open("wb") as stream:
        stream.write(elf([], phnum=0xFFFF, phoff=1 << 20, segments=0xFFFFFF))
        stream.truncate(1 << 30)
    with pytest.raises(ValueError, match="takes too long"):
        program.read(tmp_path / "guest.elf")


def test_a_file_that_takes_memory_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "MEMORY", 32 << 20)
    with pytest.raises(ValueError, match=r"too much memory|ended with"):
        read(tmp_path, elf([(b"a" * 100, BASE + at % CODE, 1) for at in range(150_000)]))


def test_lines_that_lie_cost_the_lines_alone(tmp_path: Path) -> None:
    found = read(tmp_path, elf([(b"a", BASE, 16)], [(b".debug_line", b"\xff" * 1000)]))
    assert found.functions == (Function(BASE, BASE + 16, "a"),)


def test_modules_in_the_working_folder_are_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    assert read(tmp_path, elf([(b"a", BASE, 16)])).functions
