"""Nodes of devices for containers: a boot's user may open them, and the host's own stay as they are."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import Fatal
from bootmatrix.places import nodes

if TYPE_CHECKING:
    from pathlib import Path

NULL, ZERO = os.makedev(1, 3), os.makedev(1, 5)  # as harmless as devices are


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "nodes"


def device(folder: Path, mode: int, group: int = 0) -> Path:
    if os.getuid():
        pytest.skip("to make a device needs root")
    made = folder / "thing"
    os.mknod(made, stat.S_IFCHR | 0o600, NULL)
    os.chown(made, 0, group)
    made.chmod(mode)
    return made


def rights(node: str | Path) -> tuple[int, int, int, int]:
    found = os.lstat(node)
    return found.st_rdev, found.st_uid, found.st_gid, found.st_mode


@pytest.mark.parametrize(("mode", "group"), [(0o666, 0), (0o660, 104)])
def test_what_others_may_open_is_handed_in_itself(tmp_path: Path, cache: Path, mode: int, group: int) -> None:
    made = device(tmp_path, mode, group)
    assert (nodes.handed(made), nodes.group(made)) == (str(made), group)
    assert not cache.exists()


@pytest.mark.parametrize(
    ("others", "owner", "mode"), [(False, nodes.NOBODY, stat.S_IFCHR | 0o600), (True, 0, stat.S_IFCHR | 0o666)]
)
def test_of_what_only_root_may_open_a_boot_gets_a_node_of_ours(
    tmp_path: Path, cache: Path, others: bool, owner: int, mode: int
) -> None:
    made = device(tmp_path, 0o600)
    before, mask = rights(made), os.umask(0o077)
    try:
        node = nodes.handed(made, others=others)
    finally:
        os.umask(mask)
    assert (node, rights(node)) == (str(cache / "thing"), (NULL, owner, owner, mode))
    assert rights(made) == before
    assert list(cache.iterdir()) == [cache / "thing"]


def a_link(place: Path, victim: Path) -> None:
    place.symlink_to(victim)


def a_folder(place: Path, _victim: Path) -> None:
    place.mkdir()
    place.joinpath("inside").touch()


def another_device(place: Path, _victim: Path) -> None:
    os.mknod(place, stat.S_IFCHR | 0o666, ZERO)
    place.chmod(0o666)


def a_pipe(place: Path, _victim: Path) -> None:
    os.mkfifo(place)


@pytest.mark.parametrize("lay", [a_link, a_folder, another_device, a_pipe])
def test_what_stands_in_its_place_is_neither_used_nor_followed(tmp_path: Path, cache: Path, lay: object) -> None:
    made, victim = device(tmp_path, 0o600), tmp_path / "victim"
    victim.touch(0o600)
    before = rights(victim)
    cache.mkdir(parents=True)
    lay(cache / "thing", victim)  # type: ignore[operator]
    assert rights(nodes.handed(made, others=True)) == (NULL, 0, 0, stat.S_IFCHR | 0o666)
    assert rights(victim) == before


def test_a_node_that_is_right_stays(tmp_path: Path, cache: Path) -> None:
    made = device(tmp_path, 0o600)
    first = os.lstat(nodes.handed(made)).st_ino
    assert os.lstat(nodes.handed(made)).st_ino == first
    assert cache.is_dir()


def test_a_node_that_is_gone_is_made_again(tmp_path: Path, cache: Path) -> None:
    """As by one who empties the cache while a run goes on."""
    made = device(tmp_path, 0o600)
    shutil.rmtree(cache.parent if nodes.handed(made) else cache)
    assert rights(nodes.handed(made)) == (NULL, nodes.NOBODY, nodes.NOBODY, stat.S_IFCHR | 0o600)


@pytest.mark.parametrize("before", [None, 0o755])
def test_nobody_else_on_this_host_comes_to_a_node(tmp_path: Path, cache: Path, before: int | None) -> None:
    """Whoever may not open the device itself."""
    made = device(tmp_path, 0o600)
    if before:
        cache.mkdir(before, parents=True)
    node = nodes.handed(made, others=True)
    for folder in (tmp_path, *tmp_path.parents[:2], cache.parent):
        folder.chmod(folder.stat().st_mode | 0o055)
    opened = subprocess.run(
        ["cat", node],
        user=nodes.NOBODY,
        group=nodes.NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert opened.stderr.endswith("Permission denied\n")


def test_a_folder_of_anothers_is_not_trusted(tmp_path: Path, cache: Path) -> None:
    made = device(tmp_path, 0o600)
    cache.mkdir(parents=True)
    os.chown(cache, nodes.NOBODY, nodes.NOBODY)
    assert nodes.handed(made) == str(made)
    cache.rmdir()
    cache.symlink_to(tmp_path)
    assert nodes.handed(made) == str(made)
    assert {each.name for each in cache.iterdir()} == {"thing", "cache"}


@pytest.mark.parametrize("why", [errno.EPERM, errno.EROFS, errno.EOPNOTSUPP])
def test_where_no_node_can_be_made_the_hosts_own_is_handed_in(
    tmp_path: Path, cache: Path, why: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = device(tmp_path, 0o600)

    def refused(*_: object) -> None:
        raise OSError(why, os.strerror(why))

    monkeypatch.setattr(os, "mknod", refused)
    assert nodes.handed(made) == str(made)
    assert not list(cache.iterdir())


def test_a_disk_that_takes_no_more_is_told(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's own would be handed in, and the boot fail for want of rights."""
    made = device(tmp_path, 0o600)

    def full(name: Path, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(name))

    monkeypatch.setattr(os, "mknod", full)
    with pytest.raises(Fatal, match="cannot be written: No space left on device"):
        nodes.handed(made)
    assert not list(cache.iterdir())
