"""A unikernel in the repository that only its owner may read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, scripted, write_matrix

from bootmatrix.errors import UserError
from bootmatrix.places import copies
from bootmatrix.upkeep import gc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a repository whose user has the umask 077."""
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "repository" / "kernel"
    file.parent.mkdir(mode=0o700)
    file.write_text("a unikernel")
    file.chmod(0o600)
    before = os.umask(0o077)
    yield file
    os.umask(before)


def test_a_file_that_everyone_may_read_is_no_copy(kernel: Path) -> None:
    kernel.chmod(0o644)
    assert copies.readable(kernel, kernel.parent) == kernel


def test_another_is_copied_for_boots_and_stays_as_it_is(kernel: Path) -> None:
    found = copies.readable(kernel, kernel.parent)
    assert (found.name, found.read_text(), found.stat().st_mode & 0o777) == ("kernel", "a unikernel", 0o444)
    assert kernel.stat().st_mode & 0o777 == 0o600
    folder = found.parents[1]
    assert folder.stat().st_mode & 0o077 == 0  # no other user of this host reads it there
    assert copies.readable(kernel, kernel.parent) == found
    kernel.write_text("another")
    assert copies.readable(kernel, kernel.parent).read_text() == "another"
    assert found.read_text() == "a unikernel"
    assert [item.name for item in gc.items(None, print) if item.kind == copies.KIND] == [str(kernel)] * 2


def test_no_link_leads_out_of_the_repository(kernel: Path) -> None:
    secret = kernel.parents[1] / "secret"
    secret.write_text("a secret")
    secret.chmod(0o600)
    kernel.unlink()
    kernel.symlink_to(secret)
    with pytest.raises(UserError, match="cannot be read"):
        copies.readable(kernel, kernel.parent)
    assert not (kernel.parents[1] / "cache" / "files").exists()


@pytest.mark.docker
def test_it_boots_in_a_container(kernel: Path, debian_12: Image) -> None:
    assert debian_12
    shown = {"runner": {"command": ["cat", "{unikernel}"]}, "expect": {"console": ["a unikernel"]}}
    write_matrix(kernel.parent, scripted(None, t={**shown, "unikernel": "kernel"}))
    done = bootmatrix("run", cwd=kernel.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert kernel.stat().st_mode & 0o777 == 0o600
