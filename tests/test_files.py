"""Files that others have laid out: no link is followed, no pipe waited for, no mount crossed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bootmatrix import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAID: dict[str, Callable[[Path, Path], None]] = {
    "a link": lambda file, victim: file.symlink_to(victim),
    "a pipe": lambda file, _victim: os.mkfifo(file),
    "a folder": lambda file, _victim: file.mkdir(),
    "a device by a link": lambda file, _victim: file.symlink_to("/dev/zero"),
    "a socket": lambda file, _victim: _listen(file),
    "a link to nothing": lambda file, victim: file.symlink_to(victim.with_name("none")),
    "a link to itself": lambda file, _victim: file.symlink_to(file),
}


def _listen(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(file))


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "elsewhere" / "victim"
    file.parent.mkdir()
    file.write_text("as it was")
    return file


@pytest.fixture(params=LAID)
def laid(request: pytest.FixtureRequest, tmp_path: Path, victim: Path) -> Path:
    file = tmp_path / "ours" / "file"
    file.parent.mkdir()
    LAID[request.param](file, victim)
    return file


def test_only_a_plain_file_is_read(laid: Path) -> None:
    with pytest.raises(OSError, match=str(laid)):
        files.read(laid)
    with pytest.raises(OSError, match=r"\w"):
        files.read(laid, below=laid.parent)
    assert not files.is_plain(laid)


def test_what_is_written_goes_through_nothing(laid: Path, victim: Path) -> None:
    if laid.is_dir():
        with pytest.raises(OSError, match=r"\w"):
            files.write(laid, "new")
    else:
        files.write(laid, "new")
        assert laid.read_text() == "new"
        assert files.is_plain(laid)
    assert victim.read_text() == "as it was"
    assert [path for path in laid.parent.iterdir() if path != laid] == []


def test_what_is_created_goes_through_nothing(laid: Path, victim: Path) -> None:
    if not laid.is_dir():
        with files.created(laid) as stream:
            stream.write(b"new")
        assert files.is_plain(laid)
    assert victim.read_text() == "as it was"


def test_what_is_continued_is_ours(laid: Path, victim: Path) -> None:
    with pytest.raises(OSError, match=str(laid)):
        files.continued(laid)
    assert victim.read_text() == "as it was"


def test_a_second_name_of_a_file_is_not_continued_but_replaced(tmp_path: Path, victim: Path) -> None:
    name = tmp_path / "name"
    name.hardlink_to(victim)
    with pytest.raises(OSError, match="more than one hard link"):
        files.continued(name)
    files.write(name, "new")
    with files.created(name) as stream:
        stream.write(b"newer")
    assert (name.read_text(), victim.read_text()) == ("newer", "as it was")


def test_a_link_inside_the_folder_may_be_followed_and_none_out_of_it(tmp_path: Path, victim: Path) -> None:
    inside = tmp_path / "made"
    inside.mkdir()
    (inside / "whole").write_text("kernel")
    (inside / "hello.elf").symlink_to("whole")
    (inside / "up").symlink_to("..")
    assert files.read(inside / "hello.elf", below=inside) == b"kernel"
    for name in ("up/elsewhere/victim", "../elsewhere/victim"):
        with pytest.raises(OSError, match="leads out of"):
            files.read(inside / name, below=inside)
    assert victim.is_file()


def test_a_file_is_not_read_beyond_its_bound(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert files.read(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        files.read(tmp_path / "file", 4)


def test_an_error_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    files.write(tmp_path / "file", "old")

    def fail() -> None:
        with files.replaced(tmp_path / "file") as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"file": "old"}


def test_a_folder_is_made_through_no_link(tmp_path: Path, victim: Path) -> None:
    assert files.folder(tmp_path, "run", "consoles") == tmp_path / "run" / "consoles"
    assert files.folder(tmp_path, "run", "consoles").is_dir()
    (tmp_path / "run" / "logs").symlink_to(victim.parent)
    for names in (("run", "logs"), ("run", "logs", "deeper"), ("run", ".."), ("run", "a/b"), ("",)):
        with pytest.raises(OSError, match=r"\w"):
            files.folder(tmp_path, *names)
    assert [path.name for path in victim.parent.iterdir()] == ["victim"]


def test_removing_takes_links_as_links(tmp_path: Path, victim: Path) -> None:
    for name in ("gone", "linked"):
        (tmp_path / name).mkdir() if name == "gone" else (tmp_path / name).symlink_to(victim.parent)
    (tmp_path / "gone" / "link").symlink_to(victim.parent)
    files.remove(tmp_path / "gone")
    files.remove(tmp_path / "linked")
    files.remove(tmp_path / "never there")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere"]
    assert victim.read_text() == "as it was"


MOUNTED = """
import subprocess, sys
from pathlib import Path
from bootmatrix import files
root = Path(sys.argv[1])
for name in ("a b", "bound\\n"):
    (root / "ours" / name).mkdir(parents=True)
(root / "theirs").mkdir()
(root / "theirs" / "file").touch()
kind = {"tmpfs": ["-t", "tmpfs", "tmpfs", str(root / "ours" / "a b")],
        "bind": ["--bind", str(root / "theirs"), str(root / "ours" / "bound\\n")]}[sys.argv[2]]
subprocess.run(["mount", *kind], check=True)
for name in ("a b", "bound\\n"):
    (root / "ours" / name / "of someone").touch()
before = sorted(root.rglob("*"))
try:
    files.remove(root / "ours")
except OSError as error:
    print("refused:", error.strerror.split(" at ")[0])
assert sorted(root.rglob("*")) == before, "something is gone"
"""


@pytest.mark.skipif(os.getuid() != 0, reason="mounts need root")
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_a_mount_below_is_never_emptied(tmp_path: Path, kind: str) -> None:
    """A bind mount of the same file system has the same device number: it is a mount all the same."""
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", MOUNTED, str(tmp_path), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("refused: a file system is mounted\n", "")


def test_what_is_not_ours_alone_is_taken_anew(laid: Path, victim: Path) -> None:
    os.close(files.taken(laid))
    assert files.is_plain(laid)
    laid.unlink()
    os.link(victim, laid)
    os.close(files.taken(laid))
    assert (laid.stat().st_nlink, victim.read_text()) == (1, "as it was")
    os.write(descriptor := files.taken(laid), b"ours")
    os.close(descriptor)
    os.close(files.taken(laid))
    assert laid.read_text() == "ours"


def test_only_a_plain_file_is_brought(laid: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    assert not files.brought(laid.parent, "file", target, 100)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o666])
def test_what_others_may_write_to_or_runs_as_its_owner_is_brought_as_a_copy_that_is_neither(
    tmp_path: Path, mode: int
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    (source / "file").write_text("x")
    (source / "file").chmod(mode)
    assert files.brought(source, "file", target, 3)
    made = (target / "file").stat()
    assert (made.st_mode & 0o7002, made.st_nlink, (target / "file").read_text()) == (0, 1, "x")


def test_what_is_brought_is_the_file_itself_in_the_place_of_what_was_there(tmp_path: Path, victim: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "a").mkdir(parents=True)
    (target / "a").mkdir(parents=True)
    (source / "a" / "file").write_text("new")
    (target / "a" / "file").symlink_to(victim)
    assert files.brought(source, "a/file", target, 3)
    assert (target / "a" / "file").samefile(source / "a" / "file")
    assert not files.brought(source, "a/file", target, 2)
    assert files.brought(source, "a/file", target, 3, "b/other")
    assert (target / "b" / "other").read_text() == "new"
    assert victim.read_text() == "as it was"
    (target / "c").symlink_to(victim.parent)
    with pytest.raises(OSError, match=r"\w"):
        files.brought(source, "a/file", target, 3, "c/file")


def test_a_file_is_removed_as_a_link_is(laid: Path, victim: Path) -> None:
    files.remove(laid)
    assert not os.path.lexists(laid)
    assert victim.read_text() == "as it was"
    files.remove(laid)
