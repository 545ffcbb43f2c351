"""Real guests on a host without /dev/net/tun: QEMU's have their networks all the same, by sockets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import docker.errors
import psutil
import pytest
from support import PATHS, write_matrix

from bootmatrix.places.containers import engine, settings
from unikernels import guests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.qemu
HIDDEN = ("unshare", "--mount", "--propagation=private", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh")
NETS: dict[str, Any] = {"lan": {"routes": {"10.0.1.0/24": "10.0.0.2"}}, "wan": {"routes": {"10.0.0.0/24": "10.0.1.2"}}}
SERVICE = {"nets": {"service": "lan"}, "args": ["ip={net.service.cidr}"], "ready": "ready"}
FLOOD = {"ping": {"count": 300, "flood": True}}
PAGE = {"http": {"path": "/", "body": "Hello from bootmatrix", "count": 10}}
ON_QEMU = {"only": {"backend": "qemu"}}
TESTS: dict[str, Any] = {
    "web": {**SERVICE, "unikernel": "http.{format}", "checks": [FLOOD, PAGE], "capture": "always"},
    "again": {**SERVICE, **ON_QEMU, "unikernel": "http.{format}", "checks": [PAGE], "params": {"n": ["1", "2", "3"]}},
    "routed": {
        **ON_QEMU,
        "unikernel": "router.{format}",
        "nets": {"lan": "lan", "wan": "wan"},
        "args": ["ip0={net.lan.cidr}", "ip1={net.wan.cidr}"],
        "ready": "ready",
        "checks": [{"ping": 20, "from": "lan", "to": "{net.wan.host}"}],
    },
    "talk": {
        **ON_QEMU,
        "nets": {"service": "lan"},
        "guests": {
            "server": {**SERVICE, "unikernel": "net.{format}", "checks": [{"ping": 10}]},
            "client": {
                "unikernel": "echo-client.{format}",
                "args": ["ip={net.service.cidr}", "peer={guests.server.net.service.guest}", "count=20"],
                "after": "server",
            },
        },
    },
}


@pytest.fixture(params=[pytest.param("docker", marks=pytest.mark.docker), "host"])
def ran(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The run's folder."""
    if os.getuid() or subprocess.run([*HIDDEN, "true"], check=False).returncode:
        pytest.skip("to hide /dev/net/tun needs root")
    solo5 = request.param == "docker" and bool(shutil.which("solo5-spt"))
    endings = ["elf", *(["spt", "virtio"] if solo5 else [])]
    made = ["make", "-s", "-j2", "-f", str(guests.SOURCE / "Makefile"), f"OUT={tmp_path}", "ARCH=x86_64"]
    names = [f"{tmp_path}/{name}.elf" for name in ("http", "net", "echo-client", "router")]
    subprocess.run([*made, *names, *(f"{tmp_path}/http.{ending}" for ending in endings[1:])], check=True)
    axes = {"arch": ["x86_64"], "backend": ["qemu", *(["solo5-spt", "solo5-virtio"] if solo5 else [])]}
    if request.param == "docker":
        request.getfixturevalue("debian_12")
        axes["os"] = ["debian-12"]
    prefix = {"match": {"backend": "solo5-*"}, "runner": {"prefix": "/usr/local"}}
    write_matrix(
        tmp_path, {"axes": axes, "nets": NETS, "defaults": {"when": [prefix] if solo5 else []}, "tests": TESTS}
    )
    program = (sys.executable, "-m", "bootmatrix", "run", "-j", "4", "--allow", "/usr/local", "--engine", request.param)
    env = {**os.environ, "PYTHONPATH": PATHS, "BOOTMATRIX_HISTORY": "none"}
    with (tmp_path / "said").open("wb") as said:
        running = subprocess.Popen([*HIDDEN, *program], cwd=tmp_path, env=env, stdout=said, stderr=said)
    given = list(_given(running, tmp_path / "out")) if request.param == "docker" else []
    assert running.wait() == 0, (tmp_path / "said").read_text()
    assert not [each for each in given if "tun" in each], "the engine's own host may have none either"
    assert bool(given) == (request.param == "docker")
    return tmp_path / "out/latest"


def _given(running: subprocess.Popen[bytes], out: Path) -> Iterator[str]:
    """The devices of each container that is there at some time while a run lasts, as a text."""
    known: set[str] = set()
    while running.poll() is None:
        runs = set(os.listdir(out)) if out.is_dir() else set()  # noqa: PTH208  # names
        for each in engine.client().containers(filters={"label": settings.LABEL}):
            if each["Id"] not in known and each["Labels"][settings.LABEL] in runs:
                known.add(each["Id"])
                with contextlib.suppress(docker.errors.APIError):  # it is gone
                    yield str(engine.client().inspect_container(each["Id"])["HostConfig"]["Devices"])
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(0.1)


def test_guests_of_qemu_have_their_networks_and_others_are_skipped(ran: Path) -> None:
    found = json.loads((ran / "results.json").read_text())["results"]
    skipped = {each["cell"].rpartition("-")[0]: each["reason"] for each in found if each["verdict"] == "skipped"}
    assert {each["verdict"] for each in found} <= {"passed", "skipped"}
    assert len([each for each in found if each["verdict"] == "passed"]) >= len(TESTS) + 2
    what = r"/dev/net/tun cannot be opened .*, and only QEMU has networks without it: modprobe tun"
    assert all(re.fullmatch(what, each) for each in skipped.values())
    assert all(each["verdict"] == "skipped" for each in found if "solo5-spt" in each["cell"])
    for web in (each for each in found if each["test"] == "web" and each["verdict"] == "passed"):
        (packets,) = (name for name in web["attempts"][-1]["files"] if name.endswith(".packets.txt"))
        assert "TCP 10.0.0.2:80 > 10.0.0.1:" in (ran / packets).read_text()
    assert not [name for name in psutil.net_if_addrs() if name.startswith("tap") and name.endswith("-far")]
