"""ELF files with the notes of Solo5, made as a test wants them."""

from __future__ import annotations

import struct

NAMES = b"\0.note.solo5.abi\0.note.solo5.manifest\0"
ABI, MANIFEST = NAMES.index(b".note.solo5.abi"), NAMES.index(b".note.solo5.manifest")
HEADER = 64  # bytes


def note(content: bytes, align: int = 4) -> bytes:
    head = struct.pack("<III", 6, len(content), 1) + b"Solo5\0\0\0"
    return head + b"\0" * (-len(head) % align) + content


def elf(sections: list[tuple[int, bytes]], **changes: int) -> bytes:
    """A 64-bit file of these sections (name, content), behind those of nothing and of the names."""
    body, table = NAMES, [(0, 0, 0), (0, HEADER, len(NAMES))]
    for name, content in sections:
        table.append((name, HEADER + len(body), len(content)))
        body += content
    said = {"start": HEADER + len(body), "size": 64, "count": len(table), "strings": 1, **changes}
    tables = (said["size"], said["count"], said["strings"])
    header = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, said["start"], 0, HEADER, 0, 0, *tables)
    entries = b"".join(
        struct.pack("<IIQQQQIIQQ", name, 7, 0, 0, said.get("offset", start), said.get("length", length), 0, 0, 4, 0)
        for name, start, length in table
    )
    return b"\x7fELF\2\1\1" + b"\0" * 9 + header + body + entries
