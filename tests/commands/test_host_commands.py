"""init, doctor and setup, run as users run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import PATHS, as_other, bootmatrix, script, scripted, write_matrix

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image


def test_init_writes_a_matrix_that_lists(tmp_path: Path) -> None:
    assert bootmatrix("init", cwd=tmp_path).returncode == 0
    listed = bootmatrix("list", "--format", "ids", cwd=tmp_path)
    assert listed.stdout.split() == ["gcc-debian-12-x86_64-qemu/hello", "clang-debian-12-x86_64-qemu/hello"]


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text("mine")
    done = bootmatrix("init", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "matrix.yaml").read_text()) == (2, "mine")
    assert "exists already" in done.stderr


def test_doctor_without_an_engine_says_how_to_get_one(tmp_path: Path) -> None:
    done = bootmatrix("doctor", cwd=tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none")
    assert done.returncode == 3
    assert "missing container engine" in done.stdout
    assert "bootmatrix setup" in done.stdout


@pytest.mark.docker
def test_doctor_names_every_ability(tmp_path: Path) -> None:
    done = bootmatrix("doctor", cwd=tmp_path)
    assert done.returncode == 0
    names = ["container engine", "base images", "git", "disk", "KVM", "QEMU on this host", "Solo5 on this host"]
    for name in (*names, "taps", "networks in containers", "networks with --engine host"):
        assert f"{name}: " in done.stdout


@pytest.mark.docker
def test_doctor_tries_the_networks_of_boots(tmp_path: Path, debian_12: Image) -> None:
    assert debian_12
    done = bootmatrix("doctor", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert re.search(
        r"^(ok +networks in containers: a boot in localhost/bootmatrix/|note +taps: )", done.stdout, re.MULTILINE
    ), done.stdout
    assert list((tmp_path / "cache" / "work").iterdir()) == []


@pytest.mark.docker
def test_doctor_says_by_what_boots_have_networks(tmp_path: Path, debian_12: Image) -> None:
    """Also on a host without taps, which is tried, too."""
    hidden = (
        "unshare",
        "--mount",
        "--propagation=private",
        "sh",
        "-c",
        'mount -t tmpfs none /dev/net && exec "$@"',
        "sh",
    )
    if os.getuid() or subprocess.run([*hidden, "true"], check=False).returncode:
        pytest.skip("to hide /dev/net/tun needs root")
    env = {**os.environ, "PYTHONPATH": PATHS, "BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    command = [*hidden, sys.executable, "-m", "bootmatrix", "doctor"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    what = "taps: /dev/net/tun cannot be opened (No such file or directory), and only QEMU has networks without it"
    assert f"note    {what}\n          modprobe tun\n" in done.stdout
    assert re.search(r"^ok +networks in containers: a boot in \S+ has one, by sockets", done.stdout, re.MULTILINE)
    assert re.search(r"^ok +networks with --engine host: a boot .* by sockets", done.stdout, re.MULTILINE)
    assert debian_12


def test_doctor_says_why_a_user_has_no_networks(tmp_path: Path) -> None:
    """Where the programs that make namespaces are not on PATH."""
    done = bootmatrix("doctor", cwd=tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none", PATH=str(tmp_path))
    assert "note    networks in containers: not tried, since no container engine answers" in done.stdout
    assert "note    networks with --engine host: a boot with a network needs nsenter on PATH\n" in done.stdout
    assert "          install util-linux\n" in done.stdout


@pytest.mark.docker
def test_setup_where_nothing_is_missing_does_nothing(tmp_path: Path) -> None:
    done = bootmatrix("setup", "--yes", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "nothing is missing\n")


def test_setup_leaves_an_engine_elsewhere_to_its_owner(tmp_path: Path) -> None:
    done = bootmatrix("setup", cwd=tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none")
    assert done.returncode == 3
    assert "unset DOCKER_HOST" in done.stderr


@pytest.mark.docker
@pytest.mark.parametrize(("options", "status", "calls"), [((), 130, 0), (("--yes",), 0, 2)])
def test_setup_says_what_it_does_and_asks(tmp_path: Path, options: tuple[str, ...], status: int, calls: int) -> None:
    """With a PATH on which nothing is installed, and an apt-get that only writes down what it is asked."""
    (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    (tmp_path / "apt-get").chmod(0o755)
    (tmp_path / "env").symlink_to("/usr/bin/env")
    (tmp_path / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tmp_path / "sudo").chmod(0o755)
    done = bootmatrix("setup", *options, cwd=tmp_path, PATH=str(tmp_path))
    assert done.returncode == status, done.stderr
    assert "install mmdebstrap" in done.stdout
    assert ("do this?" in done.stdout) is not bool(options)
    asked = (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
    assert len(asked) == calls


@pytest.mark.parametrize(("command", "status"), [("run --engine host", 3), ("gc", 3), ("doctor", 3), ("list", 0)])
def test_without_a_home_the_variable_to_set_is_told(open_folder: Path, command: str, status: int) -> None:
    write_matrix(open_folder, scripted({"backend": ["command"]}, t=script("true")))
    done = as_other(*command.split(), cwd=open_folder, BOOTMATRIX_CACHE="", XDG_CACHE_HOME="")
    assert done.returncode == status
    assert ("HOME is not set, and user 12345 is not in /etc/passwd" in done.stdout + done.stderr) is bool(status)
    assert ("set BOOTMATRIX_CACHE to a folder" in done.stdout + done.stderr) is bool(status)
    assert "Traceback" not in done.stderr
    assert not (open_folder / "~").exists()


def test_with_a_cache_that_is_named_no_home_is_needed(open_folder: Path) -> None:
    write_matrix(open_folder, scripted({"backend": ["command"]}, t=script("true")))
    done = as_other("run", "--engine", "host", cwd=open_folder, BOOTMATRIX_CACHE=str(open_folder / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_cache_that_may_not_be_written_is_told(open_folder: Path) -> None:
    write_matrix(open_folder, scripted({"backend": ["command"]}, t=script("true")))
    done = as_other("run", "--engine", "host", cwd=open_folder, BOOTMATRIX_CACHE="/sys/none")
    assert done.returncode == 3
    assert "set BOOTMATRIX_CACHE to a folder that this user may write" in done.stderr
    assert "Traceback" not in done.stderr
