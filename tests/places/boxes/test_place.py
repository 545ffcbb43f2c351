"""Jobs in a box: a virtual machine, emulated here, in which they are run as in a container."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from networked import attached, echoed, interface, job, ping, program, running
from places.boxes.boxed import machine, shell
from support import read, run_job

from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.model import MIB
from bootmatrix.places.boxes import lending
from bootmatrix.places.containers import engine
from bootmatrix.places.disks import Disk
from bootmatrix.places.place import Exit, Job

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.boxes.place import BoxPlace
    from bootmatrix.places.place import Process
    from bootmatrix.places.usage import Sample

pytestmark = pytest.mark.docker
EVERY = bytes(range(256))


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


def test_a_job_of_many_processes_leaves_the_others_their_share_of_the_processor(place: BoxPlace) -> None:
    work = shell("i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done")
    spin = "{ read line; while :; do :; done; } </tmp/go"
    many = shell(f"mkfifo /tmp/go; for i in $(seq 80); do {spin} & done; echo on; : >/tmp/go; wait")
    run_job(place, work)
    alone = run_job(place, work)[0].seconds
    with place.start(many) as process:
        assert read(process) == ("console", b"on\n")
        beside = run_job(place, work)[0].seconds
        process.kill()
        assert process.clean  # type: ignore[attr-defined]
    assert alone
    assert beside
    assert beside < 20 * alone, "and not 80 times as long"


def test_a_job_that_takes_long_to_look_at_leaves_the_others_their_share_of_the_processor(place: BoxPlace) -> None:
    """What samples it may be before all others, and is not for long."""
    work = shell("i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done")
    folder = place.folder()
    run = f"cp {folder}/mappings /tmp/it && chmod +x /tmp/it && exec /tmp/it"
    files = {"mappings": program("mappings", by_socket=True)}
    many = shell(run, folder=folder, files=files, sample=0.1, guest=32 * MIB)
    run_job(place, work)
    alone = run_job(place, work)[0].seconds
    with place.start(many) as process:
        assert read(process) == ("console", b"65000\n")
        beside = run_job(place, work)[0].seconds
    assert alone
    assert beside
    assert beside < 6 * alone, "and not 20 times as long"


def test_a_job_that_takes_all_memory_is_told_and_costs_the_others_none(place: BoxPlace) -> None:
    """Not even one that has more than any process of it."""

    def hogs(words: str, guest: int) -> Job:
        folder = place.folder()
        run = f"cp {folder}/hogs /tmp/it && chmod +x /tmp/it && exec /tmp/it {words}"
        return shell(run, folder=folder, files={"hogs": program("hogs", by_socket=True)}, guest=guest)

    with place.start(hogs("256", 256 * MIB)) as process:
        assert read(process) == ("console", b"full\n")
        before = machine(place)
        assert run_job(place, hogs("800", 32 * MIB))[0] == Exit(None, "SIGKILL", out_of_memory=True)
        assert run_job(place, shell("kill -KILL $$"))[0] == Exit(None, "SIGKILL"), "that was another's"
        found, console, _ = run_job(place, hogs("10 100", 32 * MIB))
        assert found == Exit(0)
        assert console.count(b"full") < 100, "it cannot have a gibibyte"
        assert machine(place) is before
        assert process.read(1) is None, "it still runs"
        process.kill()


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
