"""What a job is said to use while it runs: looked at for real, on this host and in a container that is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from support import PATHS, run_job

from bootmatrix.places import usage
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import END, Exit, Job, Place, Process
from bootmatrix.places.usage import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20
# Three processes that share what the first has filled, and one second of the processor's time.
SHARED = """
x=$(head -c 30000000 /dev/zero | tr '\\0' x)
(read -r _ <"$1"; : "$x") & (read -r _ <"$1"; : "$x") &
end=$(($(date +%s) + 3)); while [ "$(date +%s)" -lt $end ]; do :; done
kill %1 %2
"""


@pytest.fixture(params=["host", pytest.param("container", marks=pytest.mark.docker)])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "host":
        return LocalPlace()
    found: Place = request.getfixturevalue("container_place")
    return found


def to_the_end(process: Process) -> None:
    while (item := process.read(0.1)) is None or item[0] != END:
        pass


def samples(place: Place, script: str) -> Iterator[Sample]:
    """All that are told until the script ends."""
    script = f"set -m; mkfifo /tmp/$$; set -- /tmp/$$\n{script}\nrm /tmp/$$"
    with place.start(Job(("bash", "-c", script), "test")) as process:
        while (item := process.read(0.1)) is None or item[0] != END:
            yield from process.samples()
        assert process.wait() == Exit(0)


def test_shared_memory_counts_once_and_processor_time_goes_up(place: Place) -> None:
    found = list(samples(place, SHARED))
    assert len(found) >= 2
    times = [each.seconds for each in found]
    assert times == sorted(times)
    assert times[0] >= 1.0
    assert [each.cpu for each in found] == sorted(each.cpu for each in found)
    assert 0 < found[-1].cpu <= times[-1] * (os.cpu_count() or 1) + 1
    assert all(each.proportional for each in found)
    most = max(each.memory for each in found)  # the last may be taken of processes that are just ending
    assert 28 * MIB < most < 80 * MIB, "three times 28 MiB is what is resident"


@pytest.mark.docker
def test_a_boot_has_no_sample_of_the_one_before_it(request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue("container_place")
    with place.start(Job(("sleep", "1.5"), "first")) as process:
        to_the_end(process)
    with place.start(Job(("sleep", "0.1"), "second")) as process:
        to_the_end(process)
        assert process.samples() == []


@pytest.mark.docker
def test_a_boot_cannot_speak_for_the_agent(request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue("container_place")
    lie = "for p in /bootmatrix/usage /proc/1/fd/*; do echo '1 1 1 pss -' >$p; done 2>/dev/null; exit 0"
    with place.start(Job(("sh", "-c", lie), "test")) as process:
        to_the_end(process)
        assert process.samples() == []


@pytest.mark.docker
def test_a_boot_of_many_processes_is_ended_in_time(request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue("container_place")
    many = "for i in $(seq 200); do sleep 60 & done 2>/dev/null; sleep 2.5; exit 3"
    begun = time.monotonic()
    assert run_job(place, Job(("bash", "-c", many), "test"))[0] == Exit(3)
    assert time.monotonic() - begun < 30


def test_a_guests_memory_is_told_apart_as_often_as_asked(place: Place) -> None:
    """`dd` has a buffer of 64 MiB, as a tender has a guest's memory, and writes to a part of it."""
    script = "(head -c 10485760 /dev/zero; sleep 1) | dd bs=64M iflag=fullblock of=/dev/null 2>/dev/null"
    job = Job(("bash", "-c", script), "test", guest=64 * MIB, sample=0.1)
    found = list[Sample]()
    with place.start(job) as process:
        while (item := process.read(0.05)) is None or item[0] != END:
            found += process.samples()
    own = [each.guest for each in found if each.guest is not None]
    assert own, found
    assert 10 * MIB <= max(own) < 11 * MIB
    assert all(each.memory >= (each.guest or 0) for each in found)
    assert 4 <= len(found) <= 16, "a sample in a tenth of a second, for a second"


def test_a_process_that_has_ended_has_no_sample() -> None:
    with LocalPlace().start(Job(("true",), "test")) as process:
        to_the_end(process)
        assert process.samples() == []


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_only_lines_of_an_agents_are_read(pipe: Path) -> None:
    reader = usage.Reader(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
    assert reader.samples() == []
    writing = os.open(pipe, os.O_WRONLY)
    os.write(writing, b"1000 20 3 pss -\n2000 30 4 rss 2")
    assert reader.samples() == [Sample(1.0, 0.02, 3 * 1024)]
    os.write(writing, b"1\n\n-1 1 1 pss -\n1 1 pss 1\n1 1 1 pss\n" + b"9" * 40 + b" 1 1 pss -\n\xff\n3000 40 5 pss 0\n")
    assert reader.samples() == [
        Sample(2.0, 0.03, 4 * 1024, proportional=False, guest=21 * 1024),
        Sample(3.0, 0.04, 5 * 1024, guest=0),
    ]
    os.close(writing)
    assert reader.samples() == []
    reader.close()


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="to be another user needs root and setpriv")
def test_what_is_closed_to_us_is_told_as_resident() -> None:
    look = "from bootmatrix.places import usage; print(usage.of(1, 2.5))"
    other = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    env = {"PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
    said = subprocess.run([*other, sys.executable, "-c", look], env=env, capture_output=True, text=True, check=True)
    assert "proportional=False" in said.stdout
