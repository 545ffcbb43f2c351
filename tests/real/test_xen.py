"""Guests of ours as domains of a real Xen, in a box: told truly, and gone when their boot is over."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest
from networked import PORT, interface, ping, running
from support import read, run_job

from bootmatrix import plugins
from bootmatrix.model import MIB, Block, Boot, Ending
from bootmatrix.places import disks
from bootmatrix.places.boxes.machines import Machines
from bootmatrix.places.boxes.place import OWN_ROOT, BoxPlace
from bootmatrix.places.containers.pool import Pool
from bootmatrix.places.disks import Disk
from bootmatrix.places.place import TENDER, Job
from bootmatrix.toolchains import imagebuild, toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.model import Interface
    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Process

pytestmark = pytest.mark.docker
ROOT = Path(__file__).parents[2]
XEN = plugins.runner_class("xen", ROOT / "docs")()
BOX = "box-xen"
ALONE = ["Domain-0"]
NO_DISKS: Mapping[str, Disk] = MappingProxyType({})
# The box's own kernel as a guest, and what its first process does there.
PACK = """
set -e
mkdir -p /tmp/root/bin /tmp/root/dev /tmp/root/proc /tmp/root/sys
cp /bin/busybox /tmp/root/bin/ && cp /box/front/*.ko /tmp/root/ && cp /box/vmlinux /out/linux.elf
printf %s "$1" > /tmp/root/init && chmod 755 /tmp/root/init
cd /tmp/root && find . | cpio --quiet -o -H newc > /out/initrd
"""
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
insmod /xen-blkfront.ko; insmod /xen-netfront.ko
until [ -b /dev/xvda ] && [ -b /dev/xvdb ] && [ -e /sys/class/net/eth0 ]; do usleep 10000; done
ifconfig eth0 10.0.0.2 netmask 255.255.255.0
cd /sys
echo "disk $(head -c 4 /dev/xvdb) $(cat block/xvda/size) $(cat block/xvdb/ro) $(cat class/net/eth0/address)"
printf kept | dd of=/dev/xvda bs=4 seek=1 conv=notrunc 2> /dev/null; sync
echo lost 2> /dev/null > /dev/xvdb; sync
mkdir /www && head -c 20000 /dev/zero | tr '\\0' x > /www/page && httpd -h /www
echo attached
sleep 1000
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxPlace]:
    """One box for all tests here: to start it takes most of their time."""
    folder = tmp_path_factory.mktemp("box")
    box = toolchain.box(plugins.boxes(ROOT)[BOX])
    if not imagebuild.exists(box):
        imagebuild.make(box, folder / "image.log", threading.Event(), lambda _line: None)
    with (
        Pool(f"tests-xen-{os.getpid()}", folder / "pool") as pool,
        contextlib.closing(Machines(box.tag, pool, own_root=BOX in OWN_ROOT)) as machines,
    ):
        yield BoxPlace(BOX, box.tag, machines)


@pytest.fixture(scope="module")
def guests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with kits/xen's guests."""
    if missing := [name for name in ("gcc", "make", "objcopy") if not shutil.which(name)]:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    out = tmp_path_factory.mktemp("guests")
    made = ["make", "-s", "-f", str(ROOT / "unikernels/Makefile"), f"OUT={out}"]
    made += ["ENDINGS=elf", "ENDS=ends_printed", "DRIVERS=xen"]
    subprocess.run([*made, "conformance"], check=True)
    return out


def job(place: BoxPlace, guests: Path, *args: str) -> Job:
    """The boot of a guest that does what the first argument names, as the runner launches it."""
    return domain(place, guests, "conformance", args, 32 * MIB)


def domain(
    place: BoxPlace,
    guests: Path,
    name: str,
    args: tuple[str, ...],
    memory: int,
    interfaces: tuple[Interface, ...] = (),
    given: Mapping[str, Disk] = NO_DISKS,
    **options: object,
) -> Job:
    folder = place.folder()
    on = disks.beside(folder)
    blocks = tuple(Block(key, f"{on}/{key}", each.size, read_only=each.read_only) for key, each in given.items())
    kernel = f"/unikernels/{name}.elf"
    boot = Boot("x86_64", "xl", kernel, args, memory, accel="xen", folder=folder, interfaces=interfaces, blocks=blocks)
    launch = plugins.make_runner("xen", options, ROOT / "docs").launch(boot)
    return Job(
        launch.argv,
        "test",
        mounts=(place.mount(guests, "/unikernels"),),
        folder=folder,
        files=launch.files,
        disks=given,
        interfaces=interfaces,
        undo=launch.undo,
        guest=memory,
    )


def printed(process: Process) -> bytes:
    """What the guest prints first, after xl's own words."""
    while (item := read(process))[0] == TENDER:
        pass
    return item[1]


def domains(place: BoxPlace) -> list[str]:
    found, console, tender = run_job(place, Job(("xl", "list"), "test"))
    assert found.status == 0, tender
    return [line.split()[0] for line in console.decode().splitlines()[1:]]


@pytest.mark.parametrize(
    ("args", "last", "wanted"),
    [
        (("exit", "3"), "conformance: status 3", "exited(unknown)"),
        (("trap",), "TRAP: #UD", "crashed(domain crash)"),
        (("stack",), "conformance: a stack without end", "crashed(reset)"),
    ],
)
def test_an_end_is_told_after_all_that_was_printed(
    place: BoxPlace, guests: Path, args: tuple[str, ...], last: str, wanted: str
) -> None:
    found, console, tender = run_job(place, job(place, guests, *args))
    ending = Ending(found.status, found.signal, console=console.decode(), tender=tender.decode(), arch="x86_64")
    assert str(XEN.outcome(ending)) == wanted
    assert console.decode().splitlines()[-1].startswith(last)
    assert domains(place) == ALONE


def test_guests_that_hang_are_there_at_once_and_gone_when_they_are_ended(place: BoxPlace, guests: Path) -> None:
    with (
        place.start(job(place, guests, "hang")) as first,
        place.start(job(place, guests, "hang")) as second,
    ):
        for process in (first, second):
            assert printed(process) == b"conformance: hangs\n"
        assert len(domains(place)) == 3
        first.kill()
        second.kill()
    assert domains(place) == ALONE


@pytest.fixture(scope="module")
def linux(place: BoxPlace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a Linux that has drivers for Xen's devices, and what it starts."""
    out = tmp_path_factory.mktemp("linux")
    out.chmod(0o777)
    packing = place.machines.place
    mounts = (packing.mount(out, "/out", writable=True),)
    found, _, tender = run_job(packing, Job(("sh", "-c", PACK, "sh", INIT), "pack", mounts=mounts))
    assert found.status == 0, tender
    return out


def devices(place: BoxPlace) -> bytes:
    """What the control domain has for guests: loop devices in use, ends of networks."""
    look = "cat /sys/block/loop*/loop/backing_file; ls /sys/class/net /sys/bus/xen-backend/devices"
    return run_job(place, Job(("sh", "-c", look), "test"))[1]


def until(process: Process, word: bytes) -> bytes:
    """What a guest has said until it has said this; a Linux takes long on a busy host."""
    said = b""
    while word not in said:
        item = process.read(300)
        assert item, said
        assert item[0] != "end", said
        said += item[1]
    return said


def asked(namespace: Namespace, text: bytes) -> bytes:
    """What a guest's echo at UDP port 7 answers."""
    with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.settimeout(60)
        end.sendto(text, ("10.0.0.2", PORT))
        return end.recv(len(text) + 1)


def fetched(namespace: Namespace) -> bytes:
    """Over TCP, whose checksums and segments a Linux leaves to its device where it may."""
    with namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as end:
        end.settimeout(60)
        end.connect(("10.0.0.2", 80))
        end.sendall(b"GET /page HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: end.recv(1 << 16), b""))


def test_domains_have_networks_and_disks_of_their_own_and_leave_nothing(place: BoxPlace, guests: Path) -> None:
    before = devices(place)
    disk = domain(place, guests, "disk", (), 32 * MIB, given={"storage": Disk(64 << 10)})
    args = ("ip=10.0.0.2/24", "gw=10.0.0.1")
    net, other = (domain(place, guests, "net", args, 32 * MIB, interfaces=(interface(),)) for _ in range(2))
    with place.start(disk) as first, place.start(net) as second, place.start(other) as third:
        for process in (second, third):
            until(process, b"ready\n")
            assert process.namespace
            assert ping(process.namespace) == b"hello"
            for size in (1, 1000):
                assert asked(process.namespace, b"x" * size) == b"x" * size
        assert devices(place) != before
        while read(first)[0] != "end":
            pass
        assert first.disks
        with first.disks.opened("storage") as descriptor:
            assert os.pread(descriptor, 18, 127 * 512) == b"disk 0 sector 127\n"
        for process in (second, third):
            process.kill()
    assert domains(place) == ALONE
    assert devices(place) == before


def test_a_linux_has_them_too(place: BoxPlace, linux: Path) -> None:
    (linux / "first").write_bytes(b"DISK")
    given = {"a": Disk(1 * MIB), "b": Disk(1 * MIB, linux / "first", linux, read_only=True)}
    one = interface()
    args = ("console=hvc0", "quiet", "rdinit=/init")
    made = domain(
        place, linux, "linux", args, 160 * MIB, (one,), given, type="pv", config=["ramdisk=/unikernels/initrd"]
    )
    with running(place, made) as process:
        said, namespace = until(process, b"attached"), process.namespace
        assert namespace
        assert f"disk DISK 2048 1 {one.mac}".encode() in said
        assert ping(namespace) == b"hello"
        assert fetched(namespace).endswith(b"x" * 20_000)
        assert process.disks
        for name, wanted in (("a", b"\0\0\0\0kept"), ("b", b"DISK\0\0\0\0")):
            with process.disks.opened(name) as descriptor:
                assert os.pread(descriptor, 8, 0) == wanted
    assert domains(place) == ALONE
