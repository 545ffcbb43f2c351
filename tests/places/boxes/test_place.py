"""Jobs in a box: a virtual machine, emulated here, in which they are run as in a container."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from networked import attached, echoed, interface, job, ping, program, running
from support import read, run_job

from bootmatrix import plugins
from bootmatrix.boots.tenders import Tenders, Unavailable
from bootmatrix.errors import Fatal, InfrastructureError, UserError
from bootmatrix.model import MIB, Tender
from bootmatrix.places.boxes import lending, roots, silence, slot
from bootmatrix.places.boxes.machine import Machine
from bootmatrix.places.boxes.machines import Machines
from bootmatrix.places.boxes.place import BoxPlace
from bootmatrix.places.containers import engine
from bootmatrix.places.containers.pool import Pool
from bootmatrix.places.disks import Disk
from bootmatrix.places.place import Exit, Job
from bootmatrix.toolchains import bases, imagebuild, toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.place import Process
    from bootmatrix.places.strain import Strain
    from bootmatrix.places.usage import Sample
    from bootmatrix.toolchains.toolchain import Image

pytestmark = pytest.mark.docker
EVERY = bytes(range(256))
ROOT = Path(__file__).parents[3]
RUN = f"tests-boxes-{os.getpid()}"


@pytest.fixture(scope="module")
def place(debian_12: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxPlace]:
    """All tests here share one box as long as none has lost it."""
    folder = tmp_path_factory.mktemp("box")
    box = toolchain.box(plugins.boxes(ROOT)["box-kvm"])
    if not imagebuild.exists(box):
        imagebuild.make(box, folder / "image.log", threading.Event(), lambda _line: None)
    with (
        Pool(RUN, folder / "pool") as pool,
        contextlib.closing(Machines(box.tag, pool)) as all_,
    ):
        base = bases.provide(debian_12, threading.Event(), lambda _line: None)[bases.ARGUMENT]
        yield BoxPlace("box-kvm", base, all_)


def shell(script: str, **more: object) -> Job:
    return Job(("sh", "-c", script), "test", **more)  # type: ignore[arg-type]


def machine(place: BoxPlace) -> Machine:
    """That which a next job would be in."""
    with place.start(shell("true")) as process:
        assert read(process)[0] == "end"
        found: Machine = process.container.machine  # type: ignore[attr-defined]
        return found


def emulator(place: BoxPlace) -> psutil.Process:
    """Its process on this host."""
    return emulator_of(machine(place))


def emulator_of(known: Machine) -> psutil.Process:
    """That whose container sees the machine's folder."""
    inside = engine.client().containers(filters={"label": f"bootmatrix.run={RUN}"})
    for each in inside:
        found = engine.client().inspect_container(each["Id"])
        if any(str(mount["Source"]).startswith(f"{known.folder}/") for mount in found["Mounts"]):
            family = psutil.Process(int(found["State"]["Pid"])).children(recursive=True)
            return next(one for one in family if one.name().startswith("qemu-system"))
    pytest.fail(f"no container of {known.folder}")


@pytest.mark.parametrize(
    ("script", "ended"),
    [
        ("exit 0", Exit(0)),
        ("exit 3", Exit(3)),
        ("exit 255", Exit(255)),
        ("kill -SEGV $$", Exit(None, "SIGSEGV")),
        ("kill -KILL $$", Exit(None, "SIGKILL")),
        ("exec no-such-program", Exit(127)),
    ],
)
def test_an_end_is_told_as_it_was(place: BoxPlace, script: str, ended: Exit) -> None:
    found, _, _ = run_job(place, shell(script))
    assert (found.status, found.signal) == (ended.status, ended.signal)


def test_a_run_has_boxes_of_several_kinds_beside_each_other(place: BoxPlace) -> None:
    first = machine(place)
    with contextlib.closing(Machines(place.machines.box, place.machines.pool)) as others:
        second = machine(BoxPlace("box-kvm", place.image, others))
        assert first.folder != second.folder
        assert first.alive
        assert second.alive


def test_every_byte_arrives_before_the_end_and_the_streams_stay_apart(place: BoxPlace) -> None:
    octal = "".join(f"\\{byte:03o}" for byte in EVERY)
    for _ in range(5):
        _, console, tender = run_job(place, shell(f"printf '{octal}'; head -c 300000 /dev/zero; printf error >&2"))
        assert console == EVERY + bytes(300_000)
        assert tender == b"error"


def test_a_job_is_nobody_and_has_the_images_own_environment(place: BoxPlace) -> None:
    _, console, tender = run_job(place, shell("id -u; touch /etc/x; echo $PATH $GIVEN; cat", env={"GIVEN": "value"}))
    user, path = console.decode().splitlines()
    assert user == "65534"
    assert path.endswith("/bin value")
    assert b"Read-only file system" in tender


def test_it_has_a_kvm_on_which_a_guest_runs(place: BoxPlace) -> None:
    folder = place.folder()
    run = f"cp {folder}/kvm /tmp/kvm && chmod +x /tmp/kvm && /tmp/kvm"
    found, console, _ = run_job(place, shell(run, folder=folder, files={"kvm": program("kvm")}))
    assert (found.status, console) == (0, b"42\n")


def test_what_is_lent_is_seen_and_what_is_neither_file_nor_folder_is_not(place: BoxPlace, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "deep" / "in").mkdir(parents=True)
    (tree / "deep" / "in" / "it").write_text("content")
    os.mkfifo(tree / "fifo")
    (tree / "link").symlink_to("/etc/shadow")
    (tree / "a\nb").write_text("odd")
    (tmp_path / "alone").write_text("alone")
    mounts = (place.mount(tree, "/unikernels"), place.mount(tmp_path / "alone", "/some/where/alone"))
    look = 'cat /unikernels/deep/in/it /some/where/alone "/unikernels/a\nb"; ls /unikernels; touch /unikernels/x'
    _, console, tender = run_job(place, shell(look, mounts=mounts))
    assert console == b"contentaloneodda\nb\ndeep\nlink\n"
    assert b"Read-only file system" in tender
    assert b"content" not in run_job(place, shell("cat /unikernels/deep/in/it"))[1]


def test_too_much_is_not_lent(place: BoxPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "MOST", 3)
    for number in range(4):
        (tmp_path / str(number)).touch()
    before = machine(place)
    for _ in range(2 * len(before.slots)):
        with pytest.raises(UserError, match=r"would have to be copied into a box"):
            run_job(place, shell("true", mounts=(place.mount(tmp_path, "/unikernels"),)))
    assert machine(place) is before, "its slots are free again"
    assert run_job(place, shell("echo well"))[1] == b"well\n"


def test_a_prefix_that_no_box_can_show_keeps_a_test_out_of_it(place: BoxPlace) -> None:
    """Nothing of a box is asked for it: it is no failure of the infrastructure, which would be tried again."""
    with tempfile.TemporaryDirectory(dir="/tmp") as prefix:  # where a boot has its scratch folder
        (Path(prefix) / "bin").mkdir()
        shutil.copy("/bin/true", f"{prefix}/bin/tender")
        runner = plugins.make_runner("command", {"command": ["tender"]}, ROOT)
        with pytest.raises(Unavailable, match="in a box nothing of the host can be mounted at /tmp"):
            Tenders().find(place, runner, Tender("tender", prefix=prefix), None)


@pytest.mark.parametrize("while_packed", [False, True])
@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_full_while_a_root_is_packed_is_told(
    place: BoxPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, while_packed: bool
) -> None:
    """Neither the engine nor the image has anything to do with it."""
    size = MIB + (unpacked(place.image) if while_packed else 0)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(tmp_path)], check=True)
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path))
    try:
        with pytest.raises(Fatal, match=r"roots cannot be written: No space left on device \(the disk mounted at"):
            roots.of(place.image, place.machines.box, place.machines.pool)
        assert not list(roots.folder().iterdir())
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def unpacked(image: str) -> int:
    """Bytes of its files, as the engine hands them out."""
    made = engine.client().create_container(image=image, command=["true"])["Id"]
    try:
        return sum(map(len, engine.client(patient=True).export(made)))
    finally:
        engine.remove(made)


def test_files_and_disks_are_a_jobs_own(place: BoxPlace) -> None:
    folder = place.folder()
    look = f"cat {folder}/file; printf kept | dd of={folder}-disks/disk conv=notrunc bs=4 seek=1 2>/dev/null"
    files, disks = {"file": b"its own"}, {"disk": Disk(1 * MIB)}
    with place.start(shell(look, folder=folder, files=files, disks=disks)) as process:
        assert read(process) == ("console", b"its own")
        assert read(process)[0] == "end"
        assert process.disks
        with process.disks.opened("disk") as descriptor:
            assert os.pread(descriptor, 8, 0) == b"\0\0\0\0kept"
        on = process.disks.folder
    assert not on.exists()


def test_a_job_that_is_killed_leaves_nothing(place: BoxPlace) -> None:
    script = "trap '' TERM INT; touch /tmp/mine; (setsid sleep 4711 &); echo ready; while :; do sleep 1; done"
    with place.start(shell(script)) as process:
        assert read(process) == ("console", b"ready\n")
        process.kill()
    _, console, _ = run_job(place, shell("ls /tmp; cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))
    assert b"mine" not in console
    assert b"4711" not in console


def test_a_job_has_no_more_processes_than_it_may_and_the_others_have_theirs(place: BoxPlace) -> None:
    many = "for i in 1 2 3 4 5 6 7 8; do sleep 4711 & done; echo none"
    with place.start(shell("read line; (echo $line)", reads=True)) as process:
        _, console, tender = run_job(place, shell(many, processes=8))
        assert b"none" not in console
        assert b"Cannot fork" in tender
        process.write(b"well\n")
        assert read(process) == ("console", b"well\n")


def test_a_job_that_reads_is_sent_what_is_written(place: BoxPlace) -> None:
    with place.start(shell('read line; echo "<$line>"', reads=True)) as process:
        process.write(b"first\nsecond\n")
        assert read(process) == ("console", b"<first>\n")
        assert read(process)[0] == "end"
    with place.start(shell("read line; echo $line", reads=True)) as process:
        process.write(b"third\n")
        assert read(process) == ("console", b"third\n"), "what a job left unread is not the next one's"


def test_jobs_run_at_once(place: BoxPlace) -> None:
    """Each waits for the other's word, which it hears of through this process."""
    with (
        place.start(shell("echo a; read line; echo $line", reads=True)) as first,
        place.start(shell("echo b; read line; echo $line", reads=True)) as second,
    ):
        assert (read(first), read(second)) == (("console", b"a\n"), ("console", b"b\n"))
        for process in (first, second):
            process.write(b"go\n")
        assert (read(first), read(second)) == (("console", b"go\n"), ("console", b"go\n"))


def test_a_guest_in_a_box_is_reached_over_its_network(place: BoxPlace) -> None:
    program()
    for _ in range(2):
        with running(place, job(place)) as process:
            namespace = attached(process)
            assert ping(namespace) == b"hello"
            assert echoed(namespace, b"a line" * 2000) == b"a line" * 2000


def test_a_job_whose_network_is_lost_is_told_as_that(place: BoxPlace) -> None:
    """The container that has it is gone, of which a guest knows nothing."""
    program()
    with running(place, job(place)) as process:
        assert engine.remove(attached(process).home)
        with pytest.raises(InfrastructureError, match="was ended from outside"):
            until_nothing_more(process)
    with running(place, job(place)) as process:
        assert ping(attached(process)) == b"hello"


def until_nothing_more(process: Process) -> None:
    """For a minute at most."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        process.read(1.0)


def test_each_job_has_the_links_of_its_own_interfaces(place: BoxPlace) -> None:
    """A slot that was made for one has not those of the next."""
    first = interface()
    for given in ((first,), (first, interface(device="tap101"))):
        _, console, _ = run_job(place, shell("cat /proc/net/dev", interfaces=given))
        assert all(f"{each.device}:".encode() in console for each in given), console


def test_what_a_job_uses_is_sampled(place: BoxPlace) -> None:
    with place.start(shell("while :; do :; done", sample=0.1)) as process:
        found: list[Sample] = []
        while len(found) < 3:
            process.read(0.1)
            found += process.samples()
        process.kill()
    assert all(each.memory > 0 for each in found)
    assert found[-1].cpu > found[0].cpu


def test_nothing_grows(place: BoxPlace) -> None:
    """Neither here nor in the machine, whatever its jobs print, leave and are lent."""
    boot = shell("head -c 100000 /dev/zero; touch /tmp/left; exec grep -c . /proc/mounts")
    run_job(place, boot)
    kept = machine(place)
    share = sorted(each.relative_to(kept.share) for each in kept.share.rglob("*"))
    descriptors = psutil.Process().num_fds(), emulator(place).num_fds()
    ends = {run_job(place, boot)[1][-4:] for _ in range(15)}
    assert len(ends) == 1
    assert machine(place) is kept
    assert sorted(each.relative_to(kept.share) for each in kept.share.rglob("*")) == share
    assert psutil.Process().num_fds() < descriptors[0] + 10, "the engine's connections are not counted"
    assert emulator(place).num_fds() < descriptors[1] + 10


def test_a_box_that_dies_is_replaced_and_its_jobs_are_infrastructures_failures(place: BoxPlace) -> None:
    lost = machine(place)
    with contextlib.ExitStack() as stack:
        jobs: list[Process] = [stack.enter_context(place.start(shell("echo on; exec sleep 1000"))) for _ in range(3)]
        assert [read(each) for each in jobs] == [("console", b"on\n")] * 3
        emulator_of(lost).kill()
        for each in jobs:
            with pytest.raises(InfrastructureError, match="the box of test"):
                read(each)
    assert run_job(place, shell("echo again"))[1] == b"again\n"
    assert machine(place) is not lost
    assert not lost.folder.exists()


def test_a_box_that_stood_still_has_starved_its_jobs(place: BoxPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that none of them is told to have hung: the emulator was stopped, or waited for the host's disk."""
    monkeypatch.setattr(silence, "LONG", 1.0)
    stood = emulator(place)
    with place.start(shell("echo on; exec sleep 1000")) as process:
        assert read(process) == ("console", b"on\n")
        began = strain_of(process)
        stood.suspend()
        try:
            await_strain(process, began.waited + 4.0)
        finally:
            stood.resume()
        process.kill()


def await_strain(process: Process, waited: float) -> None:
    end = time.monotonic() + 60
    while strain_of(process).waited < waited:
        assert time.monotonic() < end
        process.read(0.1)


def strain_of(process: Process) -> Strain:
    found = process.strain()
    assert found
    return found


def test_a_box_that_died_unnoticed_costs_no_job(place: BoxPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its emulator is gone, and the engine has not told yet."""
    lost = machine(place)
    monkeypatch.setattr(Machine, "alive", property(lambda self: not self.closed))
    ended = emulator_of(lost)
    ended.kill()
    ended.wait(60)
    assert run_job(place, shell("echo again"))[1] == b"again\n"
    assert not lost.folder.exists()


def test_a_place_that_cannot_be_costs_no_other_job_its_box(place: BoxPlace) -> None:
    with place.start(shell("echo on; read line; echo $line", reads=True)) as process:
        assert read(process) == ("console", b"on\n")
        known = process.container.machine  # type: ignore[attr-defined]
        for _ in range(len(known.slots)):
            with pytest.raises(InfrastructureError, match="has no place for test: its root: No such file"):
                run_job(place, shell("true", workdir="/nowhere"))
        process.write(b"still\n")
        assert read(process) == ("console", b"still\n")
    assert known.worn
    assert run_job(place, shell("echo well"))[1] == b"well\n", "in another one, should it be the box"
    assert known.closed
    assert not known.folder.exists()


def test_a_box_that_hangs_is_replaced(place: BoxPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "KILLED_SECONDS", 0.5)
    lost = machine(place)
    with place.start(shell("echo on; exec sleep 1000")) as process:
        assert read(process) == ("console", b"on\n")
        emulator_of(lost).send_signal(signal.SIGSTOP)
        with pytest.raises(InfrastructureError, match="does not answer"):
            process.kill()
    monkeypatch.undo()
    assert run_job(place, shell("echo again"))[1] == b"again\n"
    assert not lost.folder.exists()
