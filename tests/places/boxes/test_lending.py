"""What is copied for jobs in a box: plain files, folders and links as links, whatever else a build has left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import UserError
from bootmatrix.places.boxes import lending
from bootmatrix.places.place import Mount

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def share(tmp_path: Path) -> Path:
    made = tmp_path / "share"
    (made / lending.JOBS).mkdir(parents=True)
    return made


def test_a_tree_is_copied_and_nothing_in_it_is_followed_or_waited_for(tmp_path: Path, share: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "in").mkdir(parents=True)
    (tree / "in" / "a\nb").write_text("odd")
    (tree / "run").write_text("it")
    (tree / "run").chmod(0o700)
    (tree / "link").symlink_to("/etc/passwd")
    os.mkfifo(tree / "fifo")
    lending.lend(share, (Mount(tree, "/unikernels"),))
    made = share / lending.name(0)
    assert sorted(str(each.relative_to(made)) for each in made.rglob("*")) == ["in", "in/a\nb", "link", "run"]
    assert (made / "in" / "a\nb").read_text() == "odd"
    assert (made / "link").readlink().as_posix() == "/etc/passwd"
    assert (made / "run").stat().st_mode & 0o777 == 0o555


def test_what_was_lent_before_is_gone_and_jobs_files_stay(tmp_path: Path, share: Path) -> None:
    (tmp_path / "first").write_text("1")
    (tmp_path / "second").write_text("2")
    (share / lending.JOBS / "mine").touch()
    lending.lend(share, (Mount(tmp_path / "first", "/a"), Mount(tmp_path / "second", "/b")))
    lending.lend(share, (Mount(tmp_path / "second", "/b"),))
    assert sorted(each.name for each in share.iterdir()) == [lending.JOBS, "m0"]
    assert (share / "m0").read_text() == "2"
    assert (share / lending.JOBS / "mine").exists()


@pytest.mark.parametrize(("bound", "most"), [("LARGEST", 4096), ("MOST", 3), ("DEEPEST", 2)])
def test_too_much_is_refused(
    bound: str, most: int, tmp_path: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, bound, most)
    tree = tmp_path / "tree"
    (tree / "a" / "b" / "c").mkdir(parents=True)
    (tree / "large").write_bytes(b"x" * 20_000)
    with pytest.raises(UserError, match="would have to be copied into a box"):
        lending.lend(share, (Mount(tree, "/unikernels"),))
