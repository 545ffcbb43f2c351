"""A guest between two networks is asked from both sides: what arrives has gone through it."""

from __future__ import annotations

import os
import subprocess
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING, Any

import pytest
from networked import interface, program
from support import as_other, bootmatrix, write_matrix

from bootmatrix.networks import laying
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job
from unikernels import guests

if TYPE_CHECKING:
    from pathlib import Path

NETS = {
    "lan": {"host": "10.0.0.1/24", "routes": {"10.0.1.0/24": "10.0.0.2"}},
    "wan": {"host": "10.0.1.1/24", "routes": {"10.0.0.0/24": "10.0.1.2"}},
}
SERVER = (
    "use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => q({net.wan.host}:80)) or die $!;"
    "my $c = $s->accept; print q(from ), $c->peerhost; print $c qq(hello\\n);"
)
CLIENT = (
    "use IO::Socket::INET; my $s; $s or"
    " select(undef, undef, undef, 0.1), $s = IO::Socket::INET->new(PeerAddr => q({net.wan.host}:80)) for (1 .. 99);"
    "print readline $s;"
)
CHECKS = [
    {"ping": {"count": 20, "interval": "1 ms"}, "from": "lan", "to": "{net.wan.host}"},
    {"ping": {"count": 20, "interval": "1 ms"}, "from": "wan", "to": "{net.lan.host}"},
    {
        "parallel": [
            {"command": {"run": ["perl", "-e", SERVER], "output": "from {net.lan.host}"}, "from": "wan"},
            {"command": {"run": ["perl", "-e", CLIENT], "output": "hello"}, "from": "lan"},
        ]
    },
]


def needed() -> None:
    program()
    if trouble := LocalPlace().lacks(Job((), "test", interfaces=(interface(),))):
        pytest.skip(trouble)


def run(folder: Path, backend: str, engine: str, **test: Any) -> None:
    axes = {"arch": ["x86_64"], "backend": [backend], **({"os": ["debian-12"]} if engine == "docker" else {})}
    keys = {"nets": {"lan": "lan", "wan": "wan"}, "ready": {"ping": None}, "expect": {"outcome": "stopped"}}
    write_matrix(folder, {"axes": axes, "nets": NETS, "tests": {"router": {**keys, **test}}})
    as_who = as_other if test.get("runner") and not os.getuid() else bootmatrix
    env = {"BOOTMATRIX_HISTORY": "none", "BOOTMATRIX_CACHE": str(folder / "cache")} if engine == "host" else {}
    done = as_who("run", "--engine", engine, cwd=folder, **env)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("backend", "engine"),
    [
        pytest.param("qemu", "docker", marks=[pytest.mark.docker, pytest.mark.qemu]),
        pytest.param("qemu", "host", marks=pytest.mark.qemu),
        pytest.param("solo5-spt", "host", marks=pytest.mark.solo5),
    ],
)
def test_a_router_is_asked_from_both_sides(tmp_path: Path, backend: str, engine: str, request: Any) -> None:
    needed()
    if engine == "docker":
        request.getfixturevalue("debian_12")
    file = tmp_path / f"router.{'spt' if backend == 'solo5-spt' else 'elf'}"
    made = ["make", "-s", "-f", str(guests.SOURCE / "Makefile"), f"OUT={tmp_path}", "ARCH=x86_64", str(file)]
    subprocess.run(made, check=True)
    args = ["ip0={net.lan.cidr}", "ip1={net.wan.cidr}"]
    run(tmp_path, backend, engine, unikernel="router.{format}", args=args, checks=CHECKS)


def test_another_user_needs_no_right_for_a_guest_between_two_networks(open_folder: Path) -> None:
    if subprocess.run(["unshare", "--user", "--net", "true"], check=False).returncode:
        pytest.skip("no user namespaces")
    needed()
    (open_folder / "router").write_bytes(program("router"))
    (open_folder / "router").chmod(0o755)
    words = [
        word
        for name in NETS
        for word in (*(f"{{net.{name}.{key}}}" for key in ("device", "guest", "mac")), _host_mac(name))
    ]
    runner = {"command": ["./router", *words]}
    run(open_folder, "command", "host", unikernel="router", runner=runner, checks=CHECKS)


def _host_mac(name: str) -> str:
    return laying.mac_of(IPv4Interface(str(NETS[name]["host"])).ip)
