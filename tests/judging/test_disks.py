"""What is found on a disk: all that was written, wherever it is, and nothing of its holes."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

import pytest

from bootmatrix import sparse
from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.judging import disks
from bootmatrix.matrix.keys.parts import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GO_ON = threading.Event()
PIECE = sparse.PIECE


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "disk", os.O_RDWR | os.O_CREAT)
    os.ftruncate(descriptor, 5 * PIECE + 3)
    yield descriptor
    os.close(descriptor)


def missing(descriptor: int, *wanted: Pattern) -> list[str]:
    return [str(each) for each in disks.missing(descriptor, wanted, GO_ON)]


@pytest.mark.parametrize("parts", [{}, {0: b"a"}, {5 * PIECE: b"end"}, {2 * PIECE + 5: b"x" * PIECE}])
def test_the_digest_is_that_of_the_whole(disk: int, parts: dict[int, bytes]) -> None:
    for at, content in parts.items():
        os.pwrite(disk, content, at)
    whole = os.pread(disk, 6 * PIECE, 0)
    assert disks.digest(disk, GO_ON) == hashlib.sha256(whole).hexdigest()


@pytest.mark.parametrize("at", [0, 100, PIECE - 3, PIECE - 1, 3 * PIECE - 7, 5 * PIECE - 6])
def test_a_pattern_is_found_where_it_crosses_two_pieces(disk: int, at: int) -> None:
    for piece in range(5):
        os.pwrite(disk, b"." * PIECE, piece * PIECE)
    os.pwrite(disk, "näedle".encode(), at)
    patterns = (Pattern(text="näedle"), Pattern(regex="n.edle"), Pattern(regex="n.{2}dle$"), Pattern(text="none"))
    assert missing(disk, *patterns) == ["/n.{2}dle$/", "'none'"]


def test_a_text_is_looked_for_by_its_bytes(disk: int) -> None:
    os.pwrite(disk, b"\xff\xfe\0line one\nline two\x80", PIECE)
    assert missing(disk, Pattern(text="one\nline"), Pattern(regex="^line two"), Pattern(regex="one$")) == []


def test_a_huge_disk_of_holes_is_searched_at_once(disk: int) -> None:
    os.ftruncate(disk, 1 << 40)
    os.pwrite(disk, b"far away", 1 << 39)
    assert missing(disk, Pattern(text="far away"), Pattern(text="nowhere")) == ["'nowhere'"]


def test_a_search_that_takes_for_ever_is_told(disk: int) -> None:
    os.pwrite(disk, b"a" * 60, 0)
    with pytest.raises(UserError, match="took more than"):
        missing(disk, Pattern(regex="(a|a)+(a+)+$b"))


def test_it_ends_when_the_run_stops(disk: int) -> None:
    stopped = threading.Event()
    stopped.set()
    os.ftruncate(disk, 1 << 40)
    with pytest.raises(InfrastructureError, match="interrupted"):
        disks.digest(disk, stopped)
    os.pwrite(disk, b"a", 0)
    with pytest.raises(InfrastructureError, match="interrupted"):
        disks.missing(disk, [Pattern(text="b")], stopped)
