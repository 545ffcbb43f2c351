"""Real guests on networks of their own, asked from outside: what a good server comes to, and a bad one."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import once
import pytest
from conftest import ROOT, made_image
from support import bootmatrix, write_matrix

from bootmatrix.places import devices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = [pytest.mark.docker, pytest.mark.skipif(bool(devices.trouble(devices.TUN)), reason="no /dev/net/tun")]
PAGE = {"http": {"path": "/", "body": "Hello from bootmatrix"}, "within": "20 s"}
WRONG = {**PAGE, "within": "3 s"}  # which takes all of that, as it is asked for again and again
UP = {"tcp": 80, "within": "20 s"}  # as a busy machine may need; from then on it answers soon


def server(*args: str, **keys: Any) -> dict[str, Any]:
    plain = {"unikernel": "http.{format}", "nets": {"service": "lan"}, "ready": "ready", "checks": [PAGE]}
    return {**plain, "args": ["ip={net.service.cidr}", *args], **keys}


HOW: Mapping[str, dict[str, Any]] = {
    "qemu": {"exit_codes": {1: "passed", 3: "failed", 125: "crashed"}},
    "solo5-spt": {"runner": {"prefix": "/usr/local"}},
    "solo5-virtio": {"runner": {"prefix": "/usr/local"}},
}
TESTS: Mapping[str, dict[str, Any]] = {
    "good": server(
        checks=[{"ping": {"count": 20}}, {"parallel": [PAGE, {"tcp": 80}]}, {"command": ["sh", "-c", "echo it runs"]}]
    ),
    "ready-by-a-check": server(ready={"tcp": 80}, checks=[PAGE], capture="always"),
    "only-ready": server(checks=[]),
    "status": server("status=500", checks=[UP, WRONG]),
    "wrong": server("wrong", checks=[UP, WRONG]),
    "silent": server("silent", checks=[WRONG]),
    "late": server("late=20000", checks=[WRONG]),
    "dies": server("die-after=2", checks=[{"http": {"path": "/", "count": 50}}]),
    "never-ready": server(ready="it will never print this", timeout="2 s"),
    "usage": server("ip=nonsense", args=["ip=nonsense"]),
    "closed": server(checks=[UP, {"tcp": 81, "within": "6 s"}]),
    "elsewhere": server(checks=[{"http": "http://10.0.0.7/", "within": "2 s"}]),
    "monitored": server(
        monitoring=8094,
        checks=[{"command": ["bash", "-c", "echo 'memory,vm=a live=7i' > /dev/tcp/{net.service.host}/8094"]}, PAGE],
    ),
    "unmonitored": server(monitoring=8094, nets={}, args=[], ready="ready", checks=[]),
}
WANTED = {
    "good": ("passed", "stopped"),
    "ready-by-a-check": ("passed", "stopped"),
    "only-ready": ("passed", "stopped"),
    "status": ("failed", "http://10.0.0.2/ answered 500"),
    "wrong": ("failed", "'Hello from bootmatrix'"),
    "silent": ("failed", "the check 'http /' failed: "),
    "late": ("failed", "the check 'http /' failed: "),
    "dies": ("failed", "crashed"),
    "never-ready": ("timed out", "it never became ready: the console never showed 'it will never print this'"),
    "usage": ("failed", "it never became ready: the console never showed 'ready'"),
    "closed": ("failed", "10.0.0.2:81 refuses connections"),
    "elsewhere": ("failed", "10.0.0.7"),
    "monitored": ("passed", "stopped"),
    "unmonitored": ("error", "has `monitoring`, but no network on which its guest could send anything"),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's folder, of all tests on all backends that there are."""
    return once.made(tmp_path_factory, "worlds", run_all) / "out/latest"


def run_all(folder: Path) -> None:
    shutil.copytree(ROOT / "unikernels", folder / "unikernels")
    backends = ["qemu", *(["solo5-spt", "solo5-virtio"] if shutil.which("solo5-spt") else [])]
    write_matrix(
        folder,
        {
            "axes": {"compiler": ["gcc"], "os": ["debian-12"], "arch": ["x86_64"], "backend": backends},
            "nets": {"lan": "10.0.0.1/24"},
            "builds": {
                "unikernels": {
                    "source": "unikernels",
                    "axes": ["compiler", "os", "arch"],
                    "prefixes": ["/usr/local"],
                    "run": 'make -j"$JOBS" ARCH="$ARCH" OUT="$OUT"',
                }
            },
            "defaults": {
                "when": [{"match": {"backend": backend}, **HOW[backend]} for backend in backends],
            },
            "tests": TESTS,
        },
    )
    made_image("x86_64")
    done = bootmatrix("run", "--allow", "/usr/local", cwd=folder)
    assert (folder / "out/latest/results.json").exists(), done.stderr


def results(folder: Path, test: str) -> list[dict[str, Any]]:
    found = json.loads((folder / "results.json").read_text())["results"]
    return [each for each in found if each["test"] == test]


@pytest.mark.parametrize("test", TESTS)
def test_each_server_comes_to_what_it_deserves(ran: Path, test: str) -> None:
    verdict, reason = WANTED[test]
    judged = [each for each in results(ran, test) if not each["reason"].startswith("starved of processor time")]
    if not judged:
        pytest.skip("this host was too busy for it on each backend")
    for result in judged:
        assert (result["verdict"], reason in result["reason"]) == (verdict, True), (result["cell"], result["reason"])


def test_what_was_asked_is_told_and_ready_is_measured(ran: Path) -> None:
    for result in results(ran, "good"):
        (attempt,) = [each for each in result["attempts"] if each["verdict"] == "passed"]
        names = ["ping", "http /", "tcp 80", "command sh"]
        assert [(each["name"], each["status"]) for each in attempt["checks"]] == [(name, "passed") for name in names]
        assert "received=20" in attempt["checks"][0]["report"]
        assert 0 < attempt["ready"] < attempt["seconds"]


def test_what_is_sent_to_the_port_for_monitoring_is_kept(ran: Path) -> None:
    for result in results(ran, "monitored"):
        (name,) = (name for name in result["attempts"][-1]["files"] if name.endswith("/1.monitoring.csv"))
        header, row = (ran / name).read_text().splitlines()
        assert (header, row.partition(",")[2]) == ("seconds,name,value", "memory.live,7")
        assert ",measure=memory.live value=7.0 " in (ran / "influx.lp").read_text()


def test_packets_are_kept_of_a_boot_that_did_not_pass_or_always(ran: Path) -> None:
    for test, kept in (("good", False), ("status", True), ("ready-by-a-check", True)):
        for result in results(ran, test):
            files = {name.rpartition("/")[2].partition(".")[2]: name for name in result["attempts"][-1]["files"]}
            assert {"packets.txt", "packets.pcapng"} <= files.keys() if kept else "packets.txt" not in files
            if kept:
                said = (ran / files["packets.txt"]).read_text()
                assert "service: guest 10.0.0.2 (02:00:0a:00:00:02), host 10.0.0.1" in said
                assert "TCP 10.0.0.2:80 > 10.0.0.1:" in said
