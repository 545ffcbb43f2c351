"""A guest's memory is found among its tender's mappings: as Solo5's tenders and QEMU were seen to map it."""

from __future__ import annotations

import pytest

from bootmatrix.places import mappings

MEMORY = 64 << 20
KIB = 1024
LIBRARY = ("7f0000000000-7f0000156000 r-xp 00000000 fe:00 339380  /usr/lib/libc.so.6", 724, 13)
SPT = [
    ("00010000-00100000 rw-p 00000000 00:00 0", 8, 8),
    ("00100000-00104000 r-xp 00000000 00:00 0", 16, 16),
    ("00104000-04000000 rw-p 00000000 00:00 0", 1000, 1000),
    ("55e000000000-55e000021000 rw-p 00000000 00:00 0    [heap]", 40, 40),
]
HVT = [
    ("7faa00000000-7faa00100000 rw-s 00000000 00:01 854330 /dev/zero (deleted)", 36, 36),
    ("7faa00100000-7faa00106000 r--s 00100000 00:01 854330 /dev/zero (deleted)", 24, 24),
    ("7faa00106000-7faa04000000 rw-s 00106000 00:01 854330 /dev/zero (deleted)", 20, 20),
    ("7faa04000000-7faa04003000 rw-p 00000000 00:00 0", 12, 12),
]
QEMU = [
    ("7fd254000000-7fd25408e000 rw-p 00000000 00:00 0", 500, 500),  # an arena of the C library: 64 MiB in all
    ("7fd25408e000-7fd258000000 ---p 00000000 00:00 0", 0, 0),
    ("7fd25b600000-7fd25be00000 rw-p 00000000 00:00 0", 12, 12),
    ("7fd25be00000-7fd25fe00000 rw-p 00000000 00:00 0", 2048, 2048),
]
FLASH = [
    ("7ff037a00000-7ff03ba00000 rw-p 00000000 00:00 0", 0, 0),
    ("7ff03bc00000-7ff03fc00000 rw-p 00000000 00:00 0", 4, 4),
    ("7ff03fe00000-7ff043e00000 rw-p 00000000 00:00 0", 4096, 4096),
]


def smaps(*mapped: tuple[str, int, int]) -> bytes:
    return "".join(
        f"{head}\nSize:   9 kB\nKernelPageSize:   4 kB\nRss:   {rss} kB\nPss:   {pss} kB\nPss_Dirty:   0 kB\n"
        "Swap:   0 kB\nSwapPss:   0 kB\nTHPeligible:   0\nVmFlags: rd wr mr mw me ac sd \n"
        for head, rss, pss in mapped
    ).encode()


@pytest.mark.parametrize(
    ("mapped", "memory", "wanted"),
    [
        (SPT, MEMORY, 1024),
        (HVT, MEMORY, 80),
        (QEMU, MEMORY, 2048),
        (FLASH, MEMORY, 4096),
        ([*FLASH[:2], *SPT], MEMORY, 4),  # one of just that size is surer than neighbours
        (QEMU, 2 * MEMORY, None),
        (SPT, 60 << 20, None),
        ([("10000000-14000000 rw-p 00000000 00:1f 7  /srv/64 MiB of a file", 9, 9)], MEMORY, None),
        ([("10000000-14000000 rw-s 00000000 00:01 7  /memfd:ram (deleted)", 9, 9)], MEMORY, 9),
        ([("10000000-14000000 ---p 00000000 00:00 0", 9, 9)], MEMORY, None),
        ([], MEMORY, None),
    ],
)
def test_the_guests_memory_is_found_by_its_size(
    mapped: list[tuple[str, int, int]], memory: int, wanted: int | None
) -> None:
    found = mappings.guest(mappings.of(smaps(*mapped, LIBRARY)), memory)
    assert found == (None if wanted is None else wanted * KIB)


def test_the_proportional_set_is_that_of_each() -> None:
    found = mappings.of(smaps(*SPT, LIBRARY))
    assert [each.shared for each in found] == [8, 16, 1000, 40, 13]
    assert mappings.of(b"") == []
