from __future__ import annotations

import subprocess
import sys
import time

import pytest

from bootmatrix.places import strain
from bootmatrix.places.strain import Strain


@pytest.mark.parametrize(
    ("cpu", "waited", "starved"),
    [
        (0.0, 0.0, False),  # an idle guest that hung
        (10.0, 0.1, False),  # a busy one that hung
        (6.5, 3.5, False),  # a busy one that shared its processor a little
        (1.0, 9.0, True),
        (4.0, 6.0, True),
        (0.1, 0.5, False),  # it hardly wanted to run
        (0.1, 4.0, True),
        (30.0, 9.0, False),  # many threads, most of which ran
    ],
)
def test_a_job_was_starved_if_it_had_less_than_half_of_what_it_asked_for(
    cpu: float, waited: float, starved: bool
) -> None:
    assert Strain(cpu, waited).starved(10.0) is starved


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
