"""Content keys: the same inputs give the same key, and any change another."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st
from support import as_other, script, scripted, write_matrix

from bootmatrix import keys, source as commits
from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.c").write_text("int a;\n")
    (folder / "sub" / "b.c").write_text("int b;\n")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "link").symlink_to("a.c")
    return folder


def key(folder: Path) -> str:
    return keys.of_files(folder, keys.source_files(folder))


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", "-C", str(folder), *args], check=True, capture_output=True)


def unlink(file: Path) -> Path:
    file.unlink()
    return file


def relink(file: Path, target: str) -> None:
    unlink(file).symlink_to(target)


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda f: (f / "a.c").write_text("int A;\n"),
    "a byte at the end": lambda f: (f / "a.c").write_text("int a;\n\n"),
    "name": lambda f: (f / "a.c").rename(f / "c.c"),
    "folder": lambda f: (f / "sub").rename(f / "sup"),
    "mode": lambda f: (f / "run").chmod(0o644),
    "link target": lambda f: relink(f / "link", "sub/b.c"),
    "file in place of a link": lambda f: unlink(f / "link").write_text("a.c"),
    "new file": lambda f: (f / "new").write_text(""),
    "lost file": lambda f: (f / "a.c").unlink(),
    "dangling link": lambda f: (f / "dangling").symlink_to("nowhere"),
    "folder link": lambda f: (f / "folder").symlink_to("sub"),
    "swapped contents": lambda f: ((f / "a.c").write_text("int b;\n"), (f / "sub" / "b.c").write_text("int a;\n")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("in_git", [False, True], ids=["outside git", "in git"])
def test_any_change_gives_another_key(source: Path, change: Callable[[Path], object], *, in_git: bool) -> None:
    if in_git:
        git(source, "init")
        git(source, "add", ".")
    before = key(source)
    change(source)
    assert key(source) != before


def test_times_owners_and_the_folders_own_place_change_nothing(source: Path, tmp_path: Path) -> None:
    before = key(source)
    os.utime(source / "a.c", (1, 1))
    (source / "a.c").chmod(0o600)
    shutil.copytree(source, tmp_path / "copy", symlinks=True)
    assert key(source) == key(tmp_path / "copy") == before


def test_what_git_ignores_is_left_out_and_untracked_files_are_not(source: Path) -> None:
    git(source, "init")
    (source / ".gitignore").write_text("*.o\nignored/\n")
    (source / "a.o").write_text("object")
    (source / "ignored").mkdir()
    (source / "ignored" / "x").write_text("x")
    assert keys.source_files(source) == [".gitignore", "a.c", "link", "run", "sub/b.c"]


def test_a_folder_of_a_checkout_has_its_own_files_only(source: Path) -> None:
    git(source, "init")
    assert keys.source_files(source / "sub") == ["b.c"]


def test_a_file_that_git_knows_but_that_is_gone_is_left_out(source: Path) -> None:
    git(source, "init")
    git(source, "add", ".")
    (source / "a.c").unlink()
    assert "a.c" not in keys.source_files(source)


def test_outside_git_every_file_counts_but_for_git_and_caches(source: Path) -> None:
    for name in (".git/config", "out/report", "cache/CACHEDIR.TAG", "cache/entry"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x")
    assert keys.source_files(source) == ["a.c", "link", "out/report", "run", "sub/b.c"]


def test_odd_names_are_files_like_others(source: Path) -> None:
    odd = ["new\nline", "quo'\"te", "é", " blank ", os.fsdecode(b"\xff\xfe")]
    for name in odd:
        (source / name).write_text(name, errors="surrogateescape")
    outside = keys.source_files(source)
    git(source, "init")
    assert set(odd) < set(outside) == set(keys.source_files(source))
    assert len(key(source)) == keys.LENGTH


@pytest.mark.parametrize("in_git", [False, True], ids=["outside git", "in git"])
def test_what_is_no_file_is_no_source(source: Path, *, in_git: bool) -> None:
    if in_git:
        git(source, "init")
    before = keys.source_files(source)
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(source / "sub" / "socket"))
    if not os.getuid():
        os.mknod(source / "device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    assert keys.source_files(source) == before


@pytest.mark.parametrize("in_git", [False, True], ids=["outside git", "in git"])
def test_links_that_lead_round_are_links(source: Path, *, in_git: bool) -> None:
    if in_git:
        git(source, "init")
    (source / "loop").symlink_to("loop")
    (source / "sub" / "up").symlink_to("..")
    assert {"loop", "sub/up"} < set(keys.source_files(source))
    assert len(key(source)) == keys.LENGTH


def test_names_never_run_into_contents(tmp_path: Path) -> None:
    """A name may hold all that stands between a name and the next."""
    for folder, names in (("one", ["a 0\n- b"]), ("two", ["a", "b"])):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).touch()
    assert key(tmp_path / "one") != key(tmp_path / "two")


def test_a_submodule_that_was_not_fetched_is_an_empty_folder(source: Path) -> None:
    git(source / "sub", "init")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    git(source / "sub", *who, "commit", "--allow-empty", "-m", "1")
    git(source, "init")
    git(source, "add", ".")
    assert "sub/b.c" in keys.source_files(source)
    shutil.rmtree(source / "sub")
    (source / "sub").mkdir()
    assert keys.source_files(source) == ["a.c", "link", "run"]


def test_a_file_that_vanishes_meanwhile_is_left_out(source: Path) -> None:
    names = keys.source_files(source)
    (source / "a.c").unlink()
    assert keys.of_files(source, names) == key(source)


def test_a_file_that_became_a_pipe_is_named_and_not_waited_for(source: Path) -> None:
    unlink(source / "a.c")
    os.mkfifo(source / "a.c")
    with pytest.raises(
        UserError, match=r"a\.c cannot be read, and it belongs to the source of a build: it is not a regular file"
    ):
        keys.of_files(source, ["a.c"])


@pytest.mark.parametrize("in_git", [False, True], ids=["outside git", "in git"])
@pytest.mark.parametrize(("closed", "mode"), [("secret", 0o600), ("folder", 0o700)])
def test_what_this_user_may_not_read_is_named(open_folder: Path, closed: str, mode: int, *, in_git: bool) -> None:
    matrix = scripted({"backend": ["command"]}, t=script("true", build="it", unikernel="it"))
    matrix["builds"] = {"it": {"run": "touch $OUT/it"}}
    write_matrix(open_folder, matrix)
    (open_folder / "folder").mkdir()
    (open_folder / "folder" / "file").touch()
    (open_folder / "secret").touch()
    if in_git:
        git(open_folder, "init")
        git(open_folder, "add", ".")
    (open_folder / closed).chmod(mode)
    done = as_other("run", "--engine", "host", cwd=open_folder, BOOTMATRIX_CACHE=str(open_folder / "cache"))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{open_folder}/{closed}" in done.stderr
    assert "the source of a build: Permission denied\n    make it readable for this user (chmod, chown)" in done.stderr
    assert "Traceback" not in done.stderr


@given(st.lists(st.text()), st.lists(st.text()))
def test_parts_never_run_into_each_other(some: list[str], others: list[str]) -> None:
    assert (keys.of(*some) == keys.of(*others)) == (some == others)


def test_a_prefix_changes_with_names_sizes_and_times(tmp_path: Path) -> None:
    found = set()
    for index, (name, text, stamp) in enumerate([("f", "x", 1), ("f", "xy", 1), ("g", "x", 1), ("f", "x", 2)]):
        folder = tmp_path / str(index)
        folder.mkdir()
        (folder / name).write_text(text)
        os.utime(folder / name, (stamp, stamp))
        found.add(keys.of_prefix(str(folder)))
    assert len(found) == 4


def test_a_compiler_of_this_host_that_is_made_anew_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    absent = keys.of_programs(["cc"])
    (tmp_path / "cc").write_text("#!/bin/sh\n")
    (tmp_path / "cc").chmod(0o755)
    first = keys.of_programs(["cc"])
    assert keys.of_programs(["cc"]) == first != absent
    (tmp_path / "cc").write_text("#!/bin/sh\n# newer\n")
    assert keys.of_programs(["cc"]) != first


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path.name)  # its path has 108 characters at the most


def _device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


@pytest.mark.parametrize(("make", "kind"), [(_socket, "socket"), (_device, "device")], ids=["socket", "device"])
def test_a_prefix_that_gives_more_than_files_is_refused(
    make: Callable[[Path], None], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    keys.of_prefix(str(tmp_path))
    keys.of_prefix.cache_clear()
    make(tmp_path / "a/b/it")
    with pytest.raises(UserError) as caught:
        keys.of_prefix(str(tmp_path))
    assert f"the prefix {tmp_path} contains a {kind}, {tmp_path}/a/b/it: " in str(caught.value)
    assert "name a narrower folder" in str(caught.value)


def test_links_in_a_prefix_are_no_harm(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/null")
    assert keys.of_prefix(str(tmp_path))


@pytest.mark.skipif(not shutil.which("git"), reason="not on PATH: git")
def test_gits_own_configuration_runs_nothing(source: Path) -> None:
    git(source, "init", "-q")
    git(source, "add", ".")
    evil = source.parent / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {source.parent}/ran\n")
    evil.chmod(0o755)
    git(source, "config", "core.fsmonitor", str(evil))
    assert "a.c" in keys.source_files(source)
    commits.of(source)
    assert not (source.parent / "ran").exists()


@pytest.mark.skipif(not shutil.which("git"), reason="not on PATH: git")
def test_names_of_a_hostile_index_lead_nowhere(source: Path) -> None:
    git(source, "init", "-q")
    git(source, "add", ".")
    outside = source.parent / "outside"
    outside.mkdir()
    (outside / "b.c").write_text("secret\n")
    assert "sub/b.c" in keys.source_files(source)
    shutil.rmtree(source / "sub")
    (source / "sub").symlink_to("../outside")
    assert [name for name in keys.source_files(source) if name.startswith("sub")] == ["sub"]
