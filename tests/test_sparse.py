"""Holes stay holes, and all that was written is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from bootmatrix import sparse

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 4096


def made(file: Path, size: int, parts: dict[int, bytes]) -> int:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.ftruncate(descriptor, size)
    for at, content in parts.items():
        os.pwrite(descriptor, content, at)
    return descriptor


def test_a_huge_file_with_little_in_it_is_copied_at_once(tmp_path: Path) -> None:
    size = 1 << 40
    source = made(tmp_path / "a", size, {0: b"first", 1 << 39: b"middle", size - 4: b"last"})
    target = made(tmp_path / "b", 0, {})
    sparse.copy(source, target, size)
    assert os.fstat(target).st_size == size
    assert sparse.written(target) <= 64 * BLOCK
    assert [os.pread(target, 6, at) for at in (0, 1 << 39, size - 4)] == [b"first\0", b"middle", b"last"]
    os.close(source)
    os.close(target)


def test_a_longer_copy_goes_on_with_zeros(tmp_path: Path) -> None:
    source, target = made(tmp_path / "a", 3, {0: b"abc"}), made(tmp_path / "b", 0, {})
    sparse.copy(source, target, 10_000)
    assert os.pread(target, 20_000, 0) == b"abc" + bytes(9_997)
    os.close(source)
    os.close(target)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sparse")


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.integers(0, 40 * BLOCK), st.binary(min_size=1, max_size=3 * BLOCK), max_size=6), st.booleans()
)
def test_a_copy_is_the_same_whatever_was_written(folder: Path, parts: dict[int, bytes], by_hand: bool) -> None:
    size = 45 * BLOCK + 7
    source, target = made(folder / "a", size, parts), made(folder / "b", 0, {})
    with pytest.MonkeyPatch.context() as patch:
        if by_hand:
            patch.setattr(os, "copy_file_range", refused)
        sparse.copy(source, target, size)
    assert os.pread(source, size, 0) == os.pread(target, size + 1, 0)
    found = list(sparse.extents(source, size))
    assert all(begin < end <= size for begin, end in found)
    assert [*found] == sorted(found)
    os.close(source)
    os.close(target)


def refused(*_: object) -> int:
    raise OSError(18, "Invalid cross-device link")
