"""One boot after the other in the same container: none can see or hurt the next, and none can lie about itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support import read, run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.model import MIB
from bootmatrix.places import nodes
from bootmatrix.places.containers import agents, engine, pool as pools, settings, warm
from bootmatrix.places.containers.agents import Single
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.containers.pool import Pool
from bootmatrix.places.containers.warm import Container
from bootmatrix.places.place import Exit, Job

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.containers.sandbox import Sandbox

pytestmark = pytest.mark.docker


@pytest.fixture
def place(container_place: ContainerPlace) -> ContainerPlace:
    return container_place


def boot(place: ContainerPlace, script: str, **more: object) -> tuple[Exit, str]:
    ended, console, tender = run_job(place, Job(("/bin/sh", "-c", script), "test", **more))  # type: ignore[arg-type]
    return ended, (console + tender).decode(errors="replace")


def container_of(place: ContainerPlace) -> str:
    """The one that waits for the next boot, empty if none does."""
    label = f"{settings.LABEL}={place.pool.run}"
    found = [each["Id"] for each in engine.client().containers(filters={"label": label})]
    assert len(found) <= 1
    return found[0] if found else ""


def test_boots_of_one_room_share_a_container(place: ContainerPlace) -> None:
    assert boot(place, "echo one") == (Exit(0), "one\n")
    first = container_of(place)
    assert boot(place, "echo two; exit 3") == (Exit(3), "two\n")
    assert first
    assert container_of(place) == first


def test_the_peak_of_a_boots_memory_is_its_own(place: ContainerPlace) -> None:
    hold = "head -c {0} /dev/zero | tail -c {0} >/dev/null"  # tail keeps all of it
    large, small = (boot(place, hold.format(size))[0].memory for size in (64 << 20, 1))
    assert 64 << 20 < large < 80 << 20
    assert 0 < small < 8 << 20


def test_the_time_of_a_boot_is_its_own(place: ContainerPlace) -> None:
    seconds = boot(place, "sleep 0.2")[0].seconds
    assert seconds is not None
    assert 0.2 <= seconds < 5


def test_each_boot_is_a_session_and_a_process_group_of_its_own(place: ContainerPlace) -> None:
    script = "read -r pid _ _ parent group session _ </proc/self/stat; echo $pid $group $session"
    for _ in range(2):
        pid, group, session = boot(place, script)[1].split()
        assert pid == group == session != "1"


# What a boot may do to its container, and to the next boot.
MISCHIEF = {
    "files in the scratch folder": "touch /tmp/a /tmp/.b '/tmp/..c d'; mkdir -p /tmp/e/f; ln -s no /tmp/g",
    "a folder that its owner locked": "mkdir -p /tmp/a/b; chmod 0 /tmp/a/b /tmp/a",
    "a folder that only its owner may empty": "mkdir -m 1777 /tmp/a; touch /tmp/a/b",
    "a deep folder": "cd /tmp; i=0; while [ $i -lt 2000 ]; do mkdir d && cd d; i=$((i+1)); done",
    "a full scratch folder": "head -c 1000000000 /dev/zero >/tmp/full",
    "a child that runs on": "sleep 600 &",
    "a daemon": "setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' >/dev/null 2>&1 &",
    "a kill of all": "kill -KILL -1",
    "a kill of its group": "kill -TERM 0",
    "a kill of its container's first process": "kill -KILL 1; kill -STOP 1",
    "lies on the pipes": "for p in /bootmatrix/* /proc/1/fd/*; do echo '1 exit 0 nothing' >$p; done 2>/dev/null",
    "a fork bomb": "f() { f & f & }; f 2>/dev/null",
    "a change of the first process": "renice 19 -p 1; taskset -p 1 1; prlimit --pid 1 --nofile=1:1",
}


@pytest.mark.parametrize("name", MISCHIEF)
def test_a_boot_neither_hurts_the_next_nor_is_seen_by_it(place: ContainerPlace, name: str) -> None:
    look = "ls -A /tmp; set -- /proc/[0-9]*; echo $# $(nice) $(ulimit -n); touch /tmp/mine && echo writable"
    before = boot(place, look)
    assert before == (Exit(0), "2 0 1024\nwritable\n")  # the agent and this shell
    first = container_of(place)
    boot(place, f"{MISCHIEF[name]}; exit 0")
    assert container_of(place) == first
    assert boot(place, look) == before


def test_a_boot_that_we_end_leaves_its_container_for_the_next(place: ContainerPlace) -> None:
    boot(place, "true")
    first = container_of(place)
    script = "trap '' TERM INT HUP; (setsid sleep 600 &) ; echo up; while :; do sleep 1; done"
    with place.start(Job(("/bin/sh", "-c", script), "test")) as process:
        assert read(process) == ("console", b"up\n")
        process.kill()
    assert container_of(place) == first
    assert boot(place, "set -- /proc/[0-9]*; echo $#; ls -A /tmp") == (Exit(0), "2\n")


def test_what_an_ended_boot_still_printed_is_not_the_nexts(place: ContainerPlace) -> None:
    with place.start(Job(("yes",), "test")) as process:
        read(process)
        process.kill()
    assert boot(place, "echo mine") == (Exit(0), "mine\n")


@pytest.mark.parametrize("status", [0, 1, 77, 129, 139, 255])
def test_a_status_that_reads_like_a_signal_is_told_from_one(place: ContainerPlace, status: int) -> None:
    assert boot(place, f"echo 'Segmentation fault' >&2; exit {status}")[0] == Exit(status)


def test_a_boot_can_neither_enter_the_folder_of_the_pipes_nor_read_the_agents_memory(place: ContainerPlace) -> None:
    ended, said = boot(place, "ls /bootmatrix; cat /proc/1/environ; ls /proc/1/fd; exec 9>/bootmatrix/status")
    assert ended.status == 2
    assert said.count("Permission denied") == 4


def test_a_boot_makes_nothing_in_the_kernel_that_outlives_it(place: ContainerPlace) -> None:
    limits = "cat /proc/sys/kernel/shmmni /proc/sys/kernel/msgmni /proc/sys/fs/mqueue/queues_max"
    assert boot(place, limits)[1].split() == ["0", "0", "0"]
    assert boot(place, "ls /dev/shm")[0] == Exit(2)


def test_other_limits_mean_another_container(place: ContainerPlace) -> None:
    boot(place, "true", memory=32 * MIB)
    small = container_of(place)
    memory = {engine.client().inspect_container(small)["HostConfig"]["Memory"]}
    assert memory == {32 * MIB}
    boot(place, "true", memory=64 * MIB)
    assert len(engine.client().containers(filters={"label": f"{settings.LABEL}={place.pool.run}"})) == 2


def test_only_so_many_containers_wait(place: ContainerPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "IDLE", 1)
    for size in (32, 64, 96):
        boot(place, "true", memory=size * MIB)
    assert engine.client().inspect_container(container_of(place))["HostConfig"]["Memory"] == 96 * MIB


def test_a_container_that_died_while_it_waited_is_replaced_without_a_word_lost(place: ContainerPlace) -> None:
    boot(place, "true")
    engine.client().kill(container_of(place))
    for _ in range(100):
        assert boot(place, "echo here") == (Exit(0), "here\n")


def test_an_agent_whose_orchestrator_is_gone_ends_its_container(place: ContainerPlace, pool: Pool) -> None:
    kept = pool.take(place.image, Job(("true",), "test"))
    os.close(kept.commands)  # what the kernel does when its process is killed
    kept.commands = os.open("/dev/null", os.O_RDONLY)
    assert engine.client().wait(kept.id)["StatusCode"] == 0
    kept.remove()


def test_an_image_without_a_compiler_boots_each_job_in_a_container_of_its_own(
    place: ContainerPlace, pool: Pool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As nobody, too."""
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(agents, "COMPILE", "exit 127")
    assert boot(place, "id -u; exit 5") == (Exit(5), f"{nodes.NOBODY}\n")
    assert boot(place, "kill -SEGV $$")[0] == Exit(None, "SIGSEGV")
    assert boot(place, "exit 139")[0] == Exit(139)
    assert container_of(place) == ""
    assert not pool.agents[place.image].kept
    monkeypatch.setattr(agents, "COMPILE", "exit 1; never again for this image")
    with Pool("tests", tmp_path / "again") as another:
        assert boot(ContainerPlace(place.image, another), "true")[0] == Exit(0)
        assert not another.agents[place.image].kept


@pytest.mark.parametrize(
    "printed", ["echo no program", "cat /dev/zero", "cat $(command -v sh); exit 1", "sleep 1000 &"]
)
def test_a_compiler_that_prints_no_agent_is_none(
    place: ContainerPlace, pool: Pool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, printed: str
) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(agents, "COMPILE", printed)
    assert boot(place, "exit 5")[0] == Exit(5)
    assert not pool.agents[place.image].kept


def test_a_compiler_is_lent_nothing_of_the_host() -> None:
    job = agents.compilation()
    assert (job.mounts, job.trusted, job.network) == ((), False, False)


def test_an_images_own_health_check_tells_no_end(place: ContainerPlace) -> None:
    """It would run as the container's root, beside each boot."""
    lie = "HEALTHCHECK --interval=100ms CMD echo '1 exit 0 nothing 1 1' >/bootmatrix/status"
    base = engine.client().create_container(place.image, command="true")["Id"]
    try:
        image = engine.client().commit(base, changes=lie)["Id"]
    finally:
        engine.remove(base)
    try:
        assert boot(ContainerPlace(image, place.pool), "sleep 2; exit 3")[0] == Exit(3)
    finally:
        place.pool.close()
        engine.client().remove_image(image, force=True)


def test_a_volume_of_an_image_keeps_nothing(place: ContainerPlace) -> None:
    base = engine.client().create_container(place.image, command="true")["Id"]
    try:
        image = engine.client().commit(base, changes="VOLUME /srv")["Id"]
    finally:
        engine.remove(base)
    try:
        assert "Read-only" in boot(ContainerPlace(image, place.pool), "touch /srv/left")[1]
    finally:
        place.pool.close()
        engine.client().remove_image(image, force=True)


def test_a_connection_that_is_not_over_is_not_the_next_boots(place: ContainerPlace) -> None:
    """TIME_WAIT lasts for a minute, and keeps the port."""
    serve = (
        "perl -MIO::Socket::INET -e '$a = IO::Socket::INET->new(Listen => 1, LocalAddr => q(127.0.0.1:4099)) or die $!;"
        "$b = IO::Socket::INET->new(q(127.0.0.1:4099)) or die $!; close $a->accept; close $b'"
    )
    for _ in range(2):
        ended, said = boot(place, serve)
        assert ended == Exit(0), said


def test_the_agent_is_compiled_once_for_an_image(place: ContainerPlace, tmp_path: Path) -> None:
    boot(place, "true")
    program = agents.program(engine.image_id(place.image))
    made = program.stat().st_mtime_ns
    with Pool("tests", tmp_path / "again") as another:
        boot(ContainerPlace(place.image, another), "true")
    assert program.stat().st_mtime_ns == made


@pytest.mark.parametrize("where", ["kept", "single"])
def test_words_arrive_as_they_are(place: ContainerPlace, where: str) -> None:
    words = ("a b", "$(reboot)", "'", "\n", "", "é\udcff", "x" * 100_000)
    job = Job(("/bin/sh", "-c", 'printf "%s|" "$@"', "sh", *words), "test", trusted=where == "single")
    ended, console, tender = run_job(place, job)
    assert (ended, tender) == (Exit(0), b"")
    assert console == b"".join(word.encode("utf-8", "surrogateescape") + b"|" for word in words)


def test_an_agent_that_does_not_answer_is_the_infrastructures_failure(
    place: ContainerPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(Single):
        def command(self, sandbox: Sandbox) -> list[str]:
            del sandbox
            return ["sh", "-c", 'exec 3>"$1/status" <"$1/commands"; read -r forever', "sh", agents.INSIDE]

    monkeypatch.setattr(warm, "READY_SECONDS", 0.2)
    with pytest.raises(InfrastructureError, match="does not answer"):
        Container(place.image, Job(("true",), "test"), place.pool.run, tmp_path / "box", Silent())
    assert container_of(place) == ""
    assert not (tmp_path / "box").exists()
