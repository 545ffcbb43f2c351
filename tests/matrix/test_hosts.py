"""Hosts over SSH in matrix.yaml: how they are written, what is wrong with them, and what is planned for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import script, scripted, write_matrix

from bootmatrix.errors import UserError
from bootmatrix.matrix import load
from bootmatrix.matrix.keys import hosts

if TYPE_CHECKING:
    from pathlib import Path


def matrix(there: dict[str, Any], **more: Any) -> dict[str, Any]:
    axes = {"compiler": ["clang"], "os": ["freebsd-14"], "arch": ["x86_64", "aarch64"], "backend": ["command"]}
    return {**scripted(axes, hello=script("echo hello")), "hosts": {"freebsd-14": there}, **more}


def remote(folder: Path, there: dict[str, Any]) -> Any:
    loaded = load.load(write_matrix(folder, matrix(there)))
    return hosts.remotes(loaded.hosts, ["clang"])["freebsd-14"]


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("freebsd", "freebsd", 0),
        ("ci@freebsd.example:2222", "ci@freebsd.example", 2222),
        ("ci@[fe80::1%eth0]:22", "ci@fe80::1%eth0", 22),
        ("127.0.0.1:10022", "127.0.0.1", 10022),
    ],
)
def test_an_address_is_read(text: str, address: str, port: int, tmp_path: Path) -> None:
    found = remote(tmp_path, {"ssh": text, "arch": "x86_64"})
    assert (found.address, found.port, found.options, found.folder) == (address, port, (), "/tmp")


@pytest.mark.parametrize(
    "text",
    ["-oProxyCommand=x", "a b", "a@-b", "ssh://host", "host:0", "host:65536", "host:x", "", "a;b", "$(x)", "a\nb"],
)
def test_what_is_no_address_is_refused_in_its_place(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)matrix.yaml:\d+:\d+: .*is not an address for ssh"):
        remote(tmp_path, {"ssh": text, "arch": "x86_64"})


def test_options_are_those_of_ssh(tmp_path: Path) -> None:
    found = remote(tmp_path, {"ssh": {"to": "a", "options": ["IdentityFile=~/.ssh/ci"]}, "arch": ["x86_64", "i386"]})
    assert found.options == ("IdentityFile=~/.ssh/ci",)
    with pytest.raises(UserError, match="'-v' is not an option of ssh -o"):
        remote(tmp_path, {"ssh": {"to": "a", "options": "-v"}, "arch": "x86_64"})


def test_compilers_are_asked_for_their_versions(tmp_path: Path) -> None:
    there = {"ssh": "a", "arch": "x86_64", "compilers": {"gcc": {"x86_64": {"CC": "gcc13 -m64", "LD": "ld.bfd"}}}}
    assert remote(tmp_path, there).programs == ("cc", "clang", "gcc13", "ld", "ld.bfd")


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ({"arch": "x86_64"}, "'ssh' is missing"),
        ({"ssh": "a"}, "'arch' is missing"),
        ({"ssh": "a", "arch": "x86_64", "password": "x"}, "unknown key 'password'"),
        ({"ssh": "a", "arch": "x86_64", "folder": "tmp"}, "'tmp' is not an absolute path"),
    ],
)
def test_mistakes_are_told(there: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"(?s)matrix.yaml:\d+:\d+: .*{told}"):
        remote(tmp_path, there)


def test_a_host_is_not_called_as_an_image(tmp_path: Path) -> None:
    wrong = matrix({"ssh": "a", "arch": "x86_64"}, hosts={"debian-12": {"ssh": "a", "arch": "x86_64"}})
    wrong["axes"]["os"] = ["debian-12"]
    with pytest.raises(UserError, match="there is an image 'debian-12', too"):
        load.load(write_matrix(tmp_path, wrong))


def test_an_os_is_an_image_or_a_host(tmp_path: Path) -> None:
    wrong = matrix({"ssh": "a", "arch": "x86_64"})
    wrong["axes"]["os"] = ["freebsd-15"]
    with pytest.raises(UserError, match=r"(?s)os 'freebsd-15' is not known.*did you mean 'freebsd-14'"):
        load.load(write_matrix(tmp_path, wrong))
