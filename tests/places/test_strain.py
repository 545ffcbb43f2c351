from __future__ import annotations

import subprocess
import sys
import time

import pytest

from bootmatrix.places import strain
from bootmatrix.places.strain import Strain


@pytest.mark.parametrize(
    ("cpu", "waited", "cpus", "processors", "share"),
    [
        (0.0, 0.0, 1, 2, 1.0),  # an idle guest that hung
        (0.01, 0.04, 1, 2, 1.0),  # it was delayed when it began, and asked for nothing after that
        (10.0, 0.1, 1, 2, 1.0),  # a busy one that hung
        (6.5, 3.5, 1, 2, 0.65),  # it shared its processor a little
        (3.3, 6.7, 1, 2, 0.33),
        (0.1, 4.0, 1, 2, 0.1 / 4.1),
        (0.0, 10.0, 1, 2, 0.0),
        (20.0, 20.0, 1, 2, 1.0),  # four threads, alone on two processors: they only wait for each other
        (10.0, 30.0, 1, 2, 1.0),  # and beside a test that is like it
        (20.0, 20.0, 4, 2, 1.0),  # the test declares more than the host has
        (10.0, 30.0, 4, 2, 0.5),
        (10.0, 30.0, 2, 4, 0.5),
        (4.0, 36.0, 4, 4, 0.1),
        (5.0, 5.0, 1, 0.5, 1.0),  # all that its control group gives
        (2.0, 38.0, 4, 0.5, 0.4),
    ],
)
def test_a_jobs_share_is_of_what_it_would_have_been_allowed(
    cpu: float, waited: float, cpus: int, processors: float, share: float
) -> None:
    assert min(1.0, Strain(cpu, waited, processors).share(10.0, cpus)) == pytest.approx(share)


@pytest.mark.parametrize(
    ("cpu", "waited", "cpus", "processors", "free"),
    [
        (0.0, 0.0, 1, 2, 1.0),
        (0.01, 2.0, 1, 2, 0.8),  # it was delayed when it began, and hung idle after that
        (1.0, 9.0, 1, 2, 0.1),
        (1.0, 9.0, 4, 4, 0.1),  # one thread, whatever its test declares
        (4.0, 36.0, 4, 4, 0.1),
        (10.0, 30.0, 1, 2, 1.0),
        (1.0, 9.0, 1, 0.5, 0.2),
    ],
)
def test_a_job_was_free_while_it_ran_or_wanted_no_processor(
    cpu: float, waited: float, cpus: int, processors: float, free: float
) -> None:
    assert Strain(cpu, waited, processors).free(10.0, cpus) == pytest.approx(free)


def test_what_a_job_may_have_is_never_more_than_it_asked_for() -> None:
    assert Strain(0.5, 0.25, 4).allowed(10.0, 2) == 0.75


def test_the_time_of_a_process_and_of_its_children_is_counted() -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    script = (
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {burn + chr(10) + 'input()'!r}])\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while (found := strain.of(process.pid, without_root=True)) is None or found.cpu < 0.2:
            assert time.monotonic() < end
        whole = strain.of(process.pid)
        assert whole
        assert whole.cpu > found.cpu
        process.communicate(b"\n\n")


def test_a_process_that_is_gone_tells_nothing() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert strain.of(process.pid) is None
