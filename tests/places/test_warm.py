"""One boot after the other in the same container: none can see or hurt the next, and none can lie about itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support import run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.model import MIB
from bootmatrix.places import container, engine, settings, warm
from bootmatrix.places import pool as pools
from bootmatrix.places.place import Exit, Job
from bootmatrix.places.warm import Container

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.container import ContainerPlace
    from bootmatrix.places.pool import Pool

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


def test_each_boot_is_a_session_and_a_process_group_of_its_own(place: ContainerPlace) -> None:
    script = "read -r pid _ _ parent group session _ </proc/self/stat; echo $pid $group $session"
    for _ in range(2):
        pid, group, session = boot(place, script)[1].split()
        assert pid == group == session != "1"


# What a boot may do to its container, and whether that container can still be used for the next.
MISCHIEF = {
    "files in the scratch folder": ("touch /tmp/a /tmp/.b '/tmp/..c d'; mkdir -p /tmp/e/f; ln -s no /tmp/g", True),
    "a folder that its owner locked": ("mkdir -p /tmp/a/b; chmod 0 /tmp/a/b /tmp/a", True),
    "a folder that only its owner may empty": ("mkdir -m 1777 /tmp/a; touch /tmp/a/b", False),
    "a full scratch folder": ("head -c 1000000000 /dev/zero >/tmp/full; true", True),
    "a child that runs on": ("sleep 600 & exit 0", False),
    "a daemon": ("setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' >/dev/null 2>&1 & exit 0", False),
    "a kill of all": ("kill -KILL -1; exit 0", True),
    "a kill of its container's first process": ("kill -KILL 1; kill -STOP 1; exit 0", True),
    "lies on the pipes": ("for p in /bootmatrix/* /proc/1/fd/*; do echo '1 0 nothing' >$p; done 2>/dev/null; :", True),
    "a fork bomb": ("f() { f & f & }; f 2>/dev/null; exit 0", False),
}


@pytest.mark.parametrize("name", MISCHIEF)
def test_a_boot_neither_hurts_the_next_nor_is_seen_by_it(place: ContainerPlace, name: str) -> None:
    script, kept = MISCHIEF[name]
    boot(place, "true")
    first = container_of(place)
    boot(place, script)
    assert (container_of(place) == first) is kept
    look = "ls -A /tmp; set -- /proc/[0-9]*; echo $#; touch /tmp/mine && echo writable"
    assert boot(place, look) == (Exit(0), "2\nwritable\n")  # the agent and this shell


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


def test_an_image_without_setpriv_boots_each_job_in_a_container_of_its_own(
    place: ContainerPlace, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As nobody, too."""
    real = settings.arguments

    def hidden(*args: object, **more: object) -> dict[str, object]:
        found = real(*args, **more)  # type: ignore[arg-type]
        command = ["/bin/sh", *found["command"][1:]]
        return {**found, "command": command, "environment": {**found["environment"], "PATH": "/nowhere"}}

    monkeypatch.setattr(settings, "arguments", hidden)
    assert boot(place, "/usr/bin/id -u; exit 5") == (Exit(5), f"{settings.NOBODY}\n")
    assert container_of(place) == ""
    assert pool.plain == {place.image}


def test_what_is_handed_over_is_quoted() -> None:
    words = ("a b", "$(reboot)", "'", "\n", "é\udcff")
    line = container.script(Job(words, "test"), kept=False)
    assert line.startswith("(exec 'a b' '$(reboot)' ''\"'\"'' '\n' 'é\udcff')")


def test_an_agent_that_does_not_answer_is_the_infrastructures_failure(
    place: ContainerPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "READY_SECONDS", 0.2)
    monkeypatch.setattr(Container, "_make_box", _silent_box)
    with pytest.raises(InfrastructureError, match="does not answer"):
        Container(place.image, Job(("true",), "test"), place.pool.run, tmp_path / "box", kept=True)
    assert container_of(place) == ""
    assert not (tmp_path / "box").exists()


def _silent_box(self: Container) -> None:
    self.box.mkdir()
    for name in warm.PIPES:
        os.mkfifo(self.box / name)
    (self.box / "agent.sh").write_text('exec 3>"$1/status" <"$1/commands"; read -r forever\n')
