"""What is copied for jobs in a box: plain files, folders and links as links, whatever else a build has left."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import UserError
from bootmatrix.places.boxes import lending
from bootmatrix.places.boxes.lending import Copies
from bootmatrix.places.place import Mount

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    (tmp_path / "copies").mkdir()
    return Copies(tmp_path / "copies")


@pytest.fixture
def share(tmp_path: Path) -> Path:
    made = tmp_path / "share"
    (made / lending.JOBS).mkdir(parents=True)
    return made


def test_a_tree_is_copied_and_nothing_in_it_is_followed_or_waited_for(
    tmp_path: Path, share: Path, copies: Copies
) -> None:
    tree = tmp_path / "tree"
    (tree / "in").mkdir(parents=True)
    (tree / "in" / "a\nb").write_text("odd")
    (tree / "run").write_text("it")
    (tree / "run").chmod(0o700)
    (tree / "link").symlink_to("/etc/passwd")
    os.mkfifo(tree / "fifo")
    lending.lend(share, (Mount(tree, "/unikernels"),), copies)
    made = share / lending.name(0)
    assert sorted(str(each.relative_to(made)) for each in made.rglob("*")) == ["in", "in/a\nb", "link", "run"]
    assert (made / "in" / "a\nb").read_text() == "odd"
    assert (made / "link").readlink().as_posix() == "/etc/passwd"
    assert (made / "run").stat().st_mode & 0o777 == 0o555


def test_what_was_lent_before_is_gone_and_jobs_files_stay(tmp_path: Path, share: Path, copies: Copies) -> None:
    (tmp_path / "first").write_text("1")
    (tmp_path / "second").write_text("2")
    (share / lending.JOBS / "mine").touch()
    lending.lend(share, (Mount(tmp_path / "first", "/a"), Mount(tmp_path / "second", "/b")), copies)
    lending.lend(share, (Mount(tmp_path / "second", "/b"),), copies)
    assert sorted(each.name for each in share.iterdir()) == [lending.JOBS, "m0"]
    assert (share / "m0").read_text() == "2"
    assert (share / lending.JOBS / "mine").exists()


@pytest.mark.parametrize(("bound", "most"), [("LARGEST", 4096), ("MOST", 3), ("DEEPEST", 2)])
def test_too_much_is_refused(
    bound: str, most: int, tmp_path: Path, share: Path, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, bound, most)
    tree = tmp_path / "tree"
    (tree / "a" / "b" / "c").mkdir(parents=True)
    (tree / "large").write_bytes(b"x" * 20_000)
    with pytest.raises(UserError, match="would have to be copied into a box"):
        lending.lend(share, (Mount(tree, "/unikernels"),), copies)


def slot(tmp_path: Path, number: int) -> Path:
    made = tmp_path / f"slot{number}"
    made.mkdir()
    return made


def test_slots_have_one_copy_of_a_file_and_none_of_it_stays_when_the_last_is_gone(
    tmp_path: Path, copies: Copies
) -> None:
    lent, other = (tmp_path / "lent", tmp_path / "other")
    lent.write_text("it")
    other.write_text("other")
    first, second = slot(tmp_path, 1), slot(tmp_path, 2)
    for share in (first, second):
        lending.lend(share, (Mount(lent, "/a"),), copies)
    assert (first / "m0").samefile(second / "m0")
    assert not (first / "m0").samefile(lent), "what a box does to it is not done to this host's"
    assert (first / "m0").stat().st_mode & 0o777 == 0o444
    lending.lend(first, (Mount(other, "/a"),), copies)
    assert (second / "m0").read_text() == "it"
    assert len(list(copies.folder.iterdir())) == 2
    lending.lend(second, (), copies)
    lending.lend(first, (), copies)
    assert not list(copies.folder.iterdir())


def test_a_file_that_was_changed_is_copied_again(tmp_path: Path, copies: Copies) -> None:
    lent = tmp_path / "lent"
    lent.write_text("before")
    first, second = slot(tmp_path, 1), slot(tmp_path, 2)
    lending.lend(first, (Mount(lent, "/a"),), copies)
    lent.write_text("behind")
    lending.lend(second, (Mount(lent, "/a"),), copies)
    assert ((first / "m0").read_text(), (second / "m0").read_text()) == ("before", "behind")


def test_what_may_be_written_to_is_a_slots_own(tmp_path: Path, copies: Copies) -> None:
    (tmp_path / "lent").write_text("it")
    first, second = slot(tmp_path, 1), slot(tmp_path, 2)
    for share in (first, second):
        lending.lend(share, (Mount(tmp_path / "lent", "/a", writable=True),), copies)
    assert not (first / "m0").samefile(second / "m0")
    assert not list(copies.folder.iterdir())


def test_a_file_with_as_many_names_as_it_can_have_is_copied_again(
    tmp_path: Path, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lent").write_text("it")
    first, second = slot(tmp_path, 1), slot(tmp_path, 2)
    lending.lend(first, (Mount(tmp_path / "lent", "/a"),), copies)
    real, failures = os.link, [OSError(errno.EMLINK, os.strerror(errno.EMLINK))]

    def link(*args: object, **more: object) -> None:
        if failures:
            raise failures.pop()
        real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("os.link", link)
    lending.lend(second, (Mount(tmp_path / "lent", "/a"),), copies)
    assert (second / "m0").read_text() == "it"
    assert not (first / "m0").samefile(second / "m0")
