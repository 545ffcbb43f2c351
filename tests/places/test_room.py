"""Disks of boots that run at once leave room on the host's own disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bootmatrix import disk
from bootmatrix.errors import InfrastructureError
from bootmatrix.places import room

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what other tests have claimed in this process."""
    monkeypatch.setattr(room, "_claims", {})


@pytest.fixture
def free(tmp_path: Path) -> int:
    """Bytes that may be claimed."""
    found = os.statvfs(tmp_path)
    return found.f_bavail * found.f_frsize - min(disk.RESERVE, int(found.f_blocks * found.f_frsize * disk.SHARE))


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    made = [tmp_path / str(number) for number in range(3)]
    for each in made:
        each.mkdir()
    return made


def test_what_others_may_come_to_hold_counts_until_it_is_released(free: int, folders: list[Path]) -> None:
    first, second, third = folders
    part = int(free * 0.45)  # others use this disk, too
    room.claim(first, part)
    room.claim(second, part)
    with pytest.raises(InfrastructureError, match=r"beside .* of other boots, more than this host has room for"):
        room.claim(third, part)
    room.release(first)
    room.claim(third, part)
    room.release(second)
    room.release(third)


def test_a_reserve_is_left(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, all that there is."""
    monkeypatch.setattr(disk, "RESERVE", 1 << 60)
    monkeypatch.setattr(disk, "SHARE", 1.0)
    with pytest.raises(InfrastructureError, match="more than this host has room for"):
        room.claim(folders[0], 1)


def test_a_folder_claims_once_and_nothing_needs_no_room(free: int, folders: list[Path]) -> None:
    for _ in range(3):
        room.claim(folders[0], int(free * 0.6))
    room.claim(folders[1], 0)
    room.release(folders[0])
    room.release(folders[1])
