"""What a matrix may name of this host: its repository, where programs are installed, and what its user allows."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, write_matrix

from bootmatrix.boots import given, tenders
from bootmatrix.errors import UserError
from bootmatrix.matrix import load
from bootmatrix.matrix.rules.reach import ALWAYS, OURS, Reach, roots
from bootmatrix.places import place
from bootmatrix.places.containers import agents
from bootmatrix.toolchains import build

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOOTMATRIX_ALLOW", raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of git, whose matrix lies in a folder of it; beside it, folders of others."""
    for folder in ("repository/.git", "repository/sub", "repository/tools", "other/tools", "repository2"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "repository/.git/HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path / "repository/sub"


def prefixes(name: str) -> dict[str, Any]:
    return {"builds": {"b": {"run": "make", "prefixes": [name]}}, "tests": {"t": {}}}


def of_runner(name: str) -> dict[str, Any]:
    return {"tests": {"t": {"runner": {"prefix": name}}}}


def of_default(name: str) -> dict[str, Any]:
    when = {"match": {"backend": "qemu"}, "runner": {"prefix": name}}
    return {"defaults": {"when": [when]}, "tests": {"t": {}}}


def source(name: str) -> dict[str, Any]:
    return {"builds": {"b": {"run": "make", "source": name}}, "tests": {"t": {}}}


PREFIXES = [prefixes, of_runner, of_default]
ALL = [*PREFIXES, source]


def said(root: Path, matrix: dict[str, Any], *allow: Path | str) -> str:
    """The problems of a matrix, empty if it has none."""
    file = write_matrix(root, {"axes": {"backend": ["qemu"]}, **matrix})
    try:
        load.load(file, allow)
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.__name__)
@pytest.mark.parametrize("place", ["{repository}", "{repository}/tools", "/usr/local", "/opt"])
def test_the_repository_and_where_programs_are_installed_can_be_named(
    place: str, key: Callable[[str], dict[str, Any]], root: Path
) -> None:
    assert said(root, key(place.format(repository=root.parent))) == ""


def link(root: Path, target: str) -> str:
    (root / "link").symlink_to(target)
    return str(root / "link")


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.__name__)
def test_what_lies_elsewhere_is_refused_with_its_place_and_the_remedy(
    key: Callable[[str], dict[str, Any]], root: Path
) -> None:
    other = root.parent.parent / "other"
    told = said(root, key(str(other)))
    assert told.startswith("matrix.yaml:")
    assert f"this matrix is not allowed to use '{other}'" in told
    assert f"allowed: {root.parent}, /usr/local, /opt, /nix; " in told
    assert f"--allow {other}, or BOOTMATRIX_ALLOW" in told
    assert said(root, key(str(other)), other) == ""
    assert said(root, key(str(other / "tools")), other) == ""
    assert said(root, key(str(other)), other / "tools") != ""


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.__name__)
@pytest.mark.parametrize("target", ["/etc", "/root", "../../other", "../../repository2"])
def test_a_link_is_judged_by_where_it_leads(target: str, key: Callable[[str], dict[str, Any]], root: Path) -> None:
    real = os.path.realpath(root / target)
    assert f"link' (a link to {real})" in said(root, key(link(root, target)))


@pytest.mark.parametrize("name", ["../../other", "..//../repository2", "/etc", "link/../../other"])
def test_a_source_outside_is_refused_however_it_is_written(name: str, root: Path) -> None:
    link(root, "../tools")
    assert "this matrix is not allowed to use" in said(root, source(name))


@pytest.mark.parametrize("name", [".", "..", "../tools", "link"])
def test_a_source_may_be_anywhere_in_the_repository(name: str, root: Path) -> None:
    link(root, "../tools")
    assert said(root, source(name)) == ""


NEVER = ["/proc", "/proc/1", "/sys/kernel", "/dev", "/dev/shm", "/run", "/run/none", "/var/run", "/var/run/x", "//proc"]


@pytest.mark.parametrize("key", PREFIXES, ids=lambda key: key.__name__)
@pytest.mark.parametrize("name", NEVER)
def test_the_systems_own_folders_are_refused_whatever_is_allowed(
    name: str, key: Callable[[str], dict[str, Any]], root: Path
) -> None:
    told = said(root, key(name), "/", name)
    assert "must not be used" in told
    assert "--allow" not in told


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.__name__)
@pytest.mark.parametrize("target", ["/", "/run", "/proc/self", "/dev", "/proc/self/root", "/dev/null"])
def test_so_are_links_to_them(target: str, key: Callable[[str], dict[str, Any]], root: Path) -> None:
    told = said(root, key(link(root, target)), "/")
    assert "must not be used" in told or "does not exist" in told, "a source is a folder"


def test_all_of_the_host_is_never_a_source(root: Path) -> None:
    assert "'/' must not be used: it is the whole host" in said(root, source("/"), "/")


@pytest.mark.parametrize("name", [*OURS, "/src/below", "//out", "/opt/../src", "/tmp", "/tmp/", "/tmp/x/.."])
def test_a_place_of_ours_in_containers_is_no_prefix(name: str, root: Path) -> None:
    for key in PREFIXES:
        assert "cannot be mounted into a container" in said(root, key(name), "/")


def test_these_are_all_places_of_ours() -> None:
    assert {build.SOURCE, build.OUTPUT, tenders.BUILD, given.SHOWN, agents.INSIDE, "/probe", "/agent"} == set(OURS)
    assert place.SCRATCH == "/tmp"


def test_a_socket_and_a_link_to_one_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)  # a socket's path has 108 characters at the most
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        for name in (str(root / "s"), link(root, "s")):
            for key in PREFIXES:
                assert "must not be used: it is a socket" in said(root, key(name))


@pytest.mark.parametrize("key", PREFIXES, ids=lambda key: key.__name__)
def test_a_prefix_that_does_not_exist_is_harmless(key: Callable[[str], dict[str, Any]], root: Path) -> None:
    assert said(root, key("/nowhere/at/all")) == ""
    assert said(root, key(link(root, "/nowhere"))) == ""


@pytest.mark.parametrize("name", ["relative", "/", "/a:/b"])
def test_a_prefix_is_a_folder_below_the_root(name: str, root: Path) -> None:
    for key in PREFIXES:
        assert f"'{name}' is not a folder below /\n    write it as /usr/local" in said(root, key(name))


def test_without_git_the_repository_is_the_folder_of_the_matrix(root: Path) -> None:
    (root.parent / ".git/HEAD").unlink()
    assert roots(root) == (str(root), *map(os.path.realpath, ALWAYS))
    assert "this matrix is not allowed to use" in said(root, source("../tools"))


def test_a_home_folder_in_git_is_no_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(root.parent))
    assert roots(root)[0] == str(root)


def test_the_root_of_the_host_is_no_repository() -> None:
    assert "/" not in roots(Path("/"))


def test_the_command_line_and_the_environment_allow_and_the_matrix_does_not(root: Path) -> None:
    other, third = (root.parent.parent / name for name in ("other", "repository2"))
    build = {"run": "make", "prefixes": [str(other), str(third)]}
    write_matrix(root, {"axes": {"backend": ["qemu"]}, "builds": {"b": build}, "tests": {"t": {}}})
    for command in ("list", "plan", "run", "merge", "repro", "net", "shell"):
        argument = {"merge": ["."], "repro": ["qemu/t"], "net": ["qemu/t", "true"], "shell": ["qemu"]}.get(command, [])
        done = bootmatrix(command, *argument, "--allow", str(other), cwd=root)
        assert (done.returncode, done.stdout, done.stderr.count("this matrix is not allowed to use")) == (2, "", 1), (
            done
        )
    assert bootmatrix("list", "--allow", str(other), cwd=root, BOOTMATRIX_ALLOW=f"/nowhere:{third}").returncode == 0
    assert bootmatrix("list", "--allow", "../../other", "--allow", str(third), cwd=root).returncode == 0
    assert bootmatrix("list", cwd=root, BOOTMATRIX_ALLOW=str(root.parent.parent)).returncode == 0


def test_a_name_is_judged_once_however_many_tests_have_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    within, asked, real = Reach(root), list[str](), os.path.realpath

    def counted(path: str) -> str:
        asked.append(path)
        return real(path)

    monkeypatch.setattr(os.path, "realpath", counted)
    for _ in range(1000):
        assert within.prefix("/usr/local") is None
    assert len(asked) < 5
