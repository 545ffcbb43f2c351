"""Networks of jobs on this host: as root or not, and nothing left, however bootmatrix ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from networked import attached, connected, interface, job, ping, program, running
from support import OTHER, OTHER_WITH_TAPS, PATHS, others_python, run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import devices
from bootmatrix.places.here import apart
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import END, Exit, Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.namespace import Namespace

ASKED = Job(("true",), "test", interfaces=(interface(),))
# What another process does with a guest, whose program it is given; the rest is a test's.
BOOT = """
import os, sys
from pathlib import Path
import networked
networked.program = lambda **_: Path(sys.argv[1]).read_bytes()
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job
place = LocalPlace()
trouble = place.lacks(Job((), "test", interfaces=(networked.interface(),)))
if trouble:
    sys.exit(f"trouble: {trouble}")
with networked.running(place, networked.job(place)) as process:
    namespace = networked.attached(process)
"""


@pytest.fixture
def place() -> LocalPlace:
    found = LocalPlace()
    if trouble := found.lacks(ASKED):
        pytest.skip(trouble)
    return found


@pytest.fixture
def guest(open_folder: Path) -> Path:
    (open_folder / "guest").write_bytes(program())
    return open_folder / "guest"


def with_paths() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{Path(__file__).parents[2]}:{PATHS}", "PYTHONDONTWRITEBYTECODE": "1"}


def test_another_user_has_networks_too_and_no_right_over_them(guest: Path) -> None:
    if os.getuid():
        pytest.skip("to be another user needs root")
    told = """
    print(networked.ping(namespace), networked.echoed(namespace, b"tcp"))
    tender = Path("/proc", str(process._child.pid))
    lines = (tender / "status").read_text().splitlines()
    print([line.split()[1] for line in lines if line.startswith(("CapEff", "CapPrm"))])
    print(os.readlink(tender / "ns/net") != os.readlink("/proc/self/ns/net"), (tender / "status").stat().st_uid)
"""
    command = [*OTHER_WITH_TAPS, others_python(), "-c", BOOT + told, str(guest)]
    done = subprocess.run(command, cwd="/", env=with_paths(), capture_output=True, text=True, timeout=60, check=False)
    if done.stderr.startswith("trouble:"):
        pytest.skip(done.stderr)
    assert done.stderr == ""
    nothing = "0" * 16
    assert done.stdout.splitlines() == ["b'hello' b'tcp'", str([nothing, nothing]), "True 12345"]


def test_another_user_has_networks_by_sockets_too(guest: Path) -> None:
    if os.getuid():
        pytest.skip("to be another user needs root")
    code = BOOT.replace("networked.job(place)", "networked.job(place, networked.interface())")
    code = code.replace("networked.interface()", "networked.interface(by_socket=True)")
    command = [*OTHER, others_python(), "-c", f"{code}    print(networked.ping(namespace))", str(guest)]
    done = subprocess.run(command, cwd="/", env=with_paths(), capture_output=True, text=True, timeout=60, check=False)
    if done.stderr.startswith("trouble:"):
        pytest.skip(done.stderr)
    assert (done.stdout, done.stderr) == ("b'hello'\n", "")


@pytest.mark.usefixtures("place")
def test_nothing_is_left_when_bootmatrix_is_killed(guest: Path, tmp_path: Path) -> None:
    """The tender runs on until it is found by its mark, as each does; the network is held by nobody else. Files of a
    boot in no run stay where temporary ones are.
    """
    told = """
    print(process._child.pid, apart.HOLDER._process.pid, namespace.home, flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", f"from bootmatrix.places.here import apart\n{BOOT}{told}", str(guest)]
    env = {**with_paths(), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as ours:
        assert ours.stdout
        tender, *holders = [psutil.Process(int(word)) for word in ours.stdout.readline().split()]
        ours.kill()
    try:
        assert psutil.wait_procs(holders, timeout=20)[1] == []
    finally:
        tender.kill()


def test_each_job_ends_its_holder(place: LocalPlace) -> None:
    with running(place, job(place)) as process:
        namespace = attached(process)
        holder = psutil.Process(int(namespace.home))
    assert psutil.wait_procs([holder], timeout=20)[1] == []


def test_a_holder_that_is_killed_is_told_and_the_next_job_has_another(place: LocalPlace) -> None:
    def boot() -> None:
        with running(place, job(place)) as process:
            namespace = attached(process)
            psutil.Process(int(namespace.home)).kill()
            connected(namespace)

    with pytest.raises(InfrastructureError, match="network of test makes no socket: its other end is gone"):
        boot()
    with running(place, job(place)) as process:
        assert ping(attached(process)) == b"hello"


def test_the_process_that_holds_them_is_started_anew_if_it_was_killed(place: LocalPlace) -> None:
    run_job(place, ASKED)
    held = apart.HOLDER._process  # noqa: SLF001
    assert held
    held.kill()
    held.wait()
    assert run_job(place, ASKED)[0] == Exit(0)


def test_a_program_that_does_not_exist_is_told(place: LocalPlace) -> None:
    ended, _, tender = run_job(place, Job(("no-such-program",), "test", interfaces=(interface(),)))
    assert ended.status == 127
    assert b"no-such-program" in tender


@pytest.fixture
def _asked_anew() -> Iterator[None]:
    apart.trouble.cache_clear()
    yield
    apart.trouble.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
def test_a_host_without_nsenter_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if trouble := devices.trouble("tun"):
        pytest.skip(trouble)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert LocalPlace().lacks(ASKED) == "a boot with a network needs nsenter on PATH: install util-linux"
    assert LocalPlace().lacks(Job(("true",), "test")) == ""


def test_a_host_that_refuses_user_namespaces_says_so(guest: Path) -> None:
    """As one whose limit of them is 0, in a user namespace of another user's that has such a limit."""
    if os.getuid():
        pytest.skip("to be another user needs root")
    refuse = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
    own = [*OTHER_WITH_TAPS, "unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", refuse, "sh"]
    command = [*own, others_python(), "-c", BOOT, str(guest)]
    done = subprocess.run(command, cwd="/", env=with_paths(), capture_output=True, text=True, timeout=60, check=False)
    if "unshare failed" in done.stderr:
        pytest.skip(done.stderr)
    assert done.stderr.startswith("trouble: the network of a boot cannot be made: No space left on device: run as root")
    assert "user.max_user_namespaces" in done.stderr


@pytest.mark.parametrize(("node", "remedy"), [("missing", "modprobe tun"), (".", "modprobe tun")])
def test_a_host_without_taps_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, node: str, remedy: str) -> None:
    monkeypatch.setattr(devices, "TUN_NODE", str(tmp_path / node))
    for asked in (ASKED, Job(("true",), "test", devices=("tun",))):
        assert str(tmp_path) in LocalPlace().lacks(asked)
        assert LocalPlace().lacks(asked).endswith(remedy)


def test_a_node_that_this_user_may_not_open_is_told_with_its_remedy(open_folder: Path) -> None:
    if os.getuid():
        pytest.skip("to be another user needs root")
    node = open_folder / "tun"
    node.touch(mode=0o600)
    look = f"from bootmatrix.places import devices; devices.TUN_NODE = {str(node)!r}; print(devices.trouble('tun'))"
    command = [*OTHER, others_python(), "-c", look]
    done = subprocess.run(command, cwd="/", env=with_paths(), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == (
        f"{node} cannot be opened (Permission denied), and only QEMU has networks without it: chmod 0666 {node}\n"
    )


SENDER = """
import fcntl, os, struct
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH22x", b"tap100", 0x1002))  # TUNSETIFF: IFF_TAP, IFF_NO_PI
os.write(tap, b"\\xff" * 6 + b"\\x02" * 6 + b"\\x88\\xb5" + b"the first".ljust(50))
"""


def test_what_a_job_sends_first_is_seen_by_who_is_there_when_it_begins(place: LocalPlace) -> None:
    seen = []

    def begin(namespace: Namespace | None) -> None:
        assert namespace
        seen.append(namespace.socket(socket.AF_PACKET, socket.SOCK_RAW))
        seen[0].bind(("tap100", 0x88B5))
        seen[0].setblocking(False)

    asked = Job((sys.executable, "-c", SENDER), "test", interfaces=(interface(),), devices=(devices.TUN,))
    with place.start(asked, begin) as process:
        while process.read(1) != (END, b""):
            pass
        assert b"the first" in seen[0].recv(100)
