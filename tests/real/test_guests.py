"""Several real guests on networks that they share: they reach each other, and nobody is left waiting or behind."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from networked import interface, program
from support import as_other, bootmatrix, write_matrix

from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job
from unikernels import guests

if TYPE_CHECKING:
    from pathlib import Path

NETS: dict[str, Any] = {"lan": {"routes": {"10.0.1.0/24": "10.0.0.2"}}, "wan": {"routes": {"10.0.0.0/24": "10.0.1.2"}}}
SERVER = {"unikernel": "net.{format}", "nets": {"service": "lan"}, "args": ["ip={net.service.cidr}"], "ready": "ready"}


def client(*args: str, **keys: Any) -> dict[str, Any]:
    own = {"unikernel": "echo-client.{format}", "nets": {"service": "lan"}, "after": "server"}
    return {**own, "args": ["ip={net.service.cidr}", *args], **keys}


PEER = "peer={guests.server.net.service.guest}"
TESTS: dict[str, dict[str, Any]] = {
    "talk": {"guests": {"server": {**SERVER, "checks": [{"ping": 10}]}, "client": client(PEER, "count=100")}},
    "routed": {
        "guests": {
            "router": {
                "unikernel": "router.{format}",
                "nets": {"lan": "lan", "wan": "wan"},
                "args": ["ip0={net.lan.cidr}", "ip1={net.wan.cidr}"],
                "ready": "ready",
            },
            "server": {
                **SERVER,
                "nets": {"service": "wan"},
                "args": ["ip={net.service.cidr}", "gw={guests.router.net.wan.guest}"],
                "checks": [{"ping": 5, "from": "wan"}],
            },
            "client": client(PEER, "gw={guests.router.net.lan.guest}", after=["router", "server"]),
        },
    },
    "nobody": {"guests": {"server": SERVER, "client": client("peer=10.0.0.77", "count=1")}},
}


@pytest.mark.parametrize(
    ("backend", "engine"),
    [
        pytest.param("qemu", "docker", marks=[pytest.mark.docker, pytest.mark.qemu]),
        pytest.param("solo5-spt", "host", marks=pytest.mark.solo5),
    ],
)
def test_guests_reach_each_other(tmp_path: Path, backend: str, engine: str, request: Any) -> None:
    program()
    if engine == "docker":
        request.getfixturevalue("debian_12")
    elif trouble := LocalPlace().lacks(Job((), "test", interfaces=(interface(),))):
        pytest.skip(trouble)
    files = [f"{tmp_path}/{name}.{'spt' if engine == 'host' else 'elf'}" for name in ("net", "echo-client", "router")]
    made = ["make", "-s", "-f", str(guests.SOURCE / "Makefile"), f"OUT={tmp_path}", "ARCH=x86_64", *files]
    subprocess.run(made, check=True)
    axes = {"arch": ["x86_64"], "backend": [backend], **({"os": ["debian-12"]} if engine == "docker" else {})}
    write_matrix(tmp_path, {"axes": axes, "nets": NETS, "tests": TESTS})
    done = bootmatrix("run", "-j", "3", "--engine", engine, cwd=tmp_path, BOOTMATRIX_HISTORY="none")
    assert done.returncode == 1, done.stdout + done.stderr
    found = {each["test"]: each for each in json.loads((tmp_path / "out/latest/results.json").read_text())["results"]}
    assert found["talk"]["reason"] == "server: stopped; client: exited(0)"
    assert found["routed"]["reason"] == "router: stopped; server: stopped; client: exited(0)"
    assert found["nobody"]["verdict"] == "failed"
    assert found["nobody"]["reason"].startswith("client: exited(1)")
    _is_captured(tmp_path / "out/latest", found["nobody"]["attempts"][0]["guests"])


def _is_captured(folder: Path, told: dict[str, dict[str, Any]]) -> None:
    """What both sides saw is kept: the client's question for an address that nobody has."""
    for each in told.values():
        (packets,) = (name for name in each["files"] if name.endswith(".packets.txt"))
        assert "10.0.0.77" in (folder / packets).read_text()


def test_another_user_needs_no_right_for_several_guests(open_folder: Path) -> None:
    """Two routers of this host's own programs; who asks stands beside them."""
    if subprocess.run(["unshare", "--user", "--net", "true"], check=False).returncode:
        pytest.skip("no user namespaces")
    if trouble := LocalPlace().lacks(Job((), "test", interfaces=(interface(),))):
        pytest.skip(trouble)
    (open_folder / "guest").write_bytes(program("guest"))
    (open_folder / "guest").chmod(0o755)
    words = [f"{{net.service.{key}}}" for key in ("device", "guest", "mac")]
    one = {"ready": {"ping": None}, "checks": [{"ping": {"count": 20, "interval": "1 ms"}}]}
    other = {**one, "after": "a", "checks": [{"ping": 3, "to": "{guests.a.net.service.guest}"}]}
    keys = {"unikernel": "guest", "nets": {"service": "lan"}, "runner": {"command": ["./guest", *words]}}
    tests = {"t": {**keys, "guests": {"a": one, "b": other}}}
    write_matrix(open_folder, {"axes": {"backend": ["command"]}, "nets": {"lan": None}, "tests": tests})
    as_who = bootmatrix if os.getuid() else as_other
    cache = str(open_folder / "cache")
    done = as_who("run", "--engine", "host", cwd=open_folder, BOOTMATRIX_HISTORY="none", BOOTMATRIX_CACHE=cache)
    assert done.returncode == 0, done.stdout + done.stderr
