"""A command check: real programs of this host."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from checks.worlds import HOST, failed, made, passed, value, world

from bootmatrix.checks import trying
from bootmatrix.checks.check import Ran
from bootmatrix.checks.command import LIMIT
from bootmatrix.checks.ends import Ended


def shell(text: str, **more: object) -> dict[str, object]:
    return {"run": ["sh", "-c", text], **more}


def test_a_program_that_ends_well_passes_and_its_output_is_the_report() -> None:
    report = passed(command=shell("echo 9.4 Gbit/s; echo done >&2", output=["Gbit", "done"]))
    assert (report.text, value(report, "status")) == ("9.4 Gbit/s\ndone\n", 0)


def test_another_status_may_be_expected() -> None:
    assert value(passed(command=shell("exit 7", exit="7")), "status") == 7


def test_a_wrong_status_is_told_and_how_the_output_ends() -> None:
    what = failed(command=shell("echo one; echo it broke; exit 3"))
    assert what == "sh ended with status 3 instead of 0; its output ends with 'it broke'"


def test_output_that_lacks_what_is_expected_is_told() -> None:
    assert failed(command=shell("echo one", output="two")) == "the output of sh does not show 'two'; it ends with 'one'"


def test_a_program_is_ended_with_its_time() -> None:
    began = time.monotonic()
    what = failed(command=["sleep", "60"], within="100 ms")
    assert time.monotonic() - began < 10
    assert what == "sleep did not end in time; its output ends with nothing (1 try within 0.10 s)"


def test_it_is_tried_again_only_where_that_is_asked_for(tmp_path: object) -> None:
    text = f"echo x >> {tmp_path}/n; test $(wc -l < {tmp_path}/n) = 3"
    failed(command=shell(text))
    passed(command=shell(text), retry="true")


def test_its_output_is_bounded() -> None:
    report = passed(command=[sys.executable, "-c", f"import sys; sys.stdout.write('x' * {LIMIT * 2})"], within="1 min")
    assert len(report.text) == LIMIT


def test_what_it_is_given_is_what_was_asked_for() -> None:
    asked: list[object] = []

    def run(*given: object) -> Ran:
        asked.extend(given)
        return Ran(0, b"")

    where = world(run=run)
    passed(where, command={"run": ["iperf3", "-c"], "image": "debian-13"}, within="5 s")
    network, argv, image, seconds, limit, stop = asked
    assert (network, argv, image, limit) == ("lan", ["iperf3", "-c"], "debian-13", LIMIT)
    assert isinstance(seconds, float)
    assert 0 < seconds <= 5
    assert stop is where.ends.stop


def test_the_end_of_the_boot_ends_it() -> None:
    where = world()
    ender = threading.Timer(0.05, where.ends.end)
    ender.start()
    with pytest.raises(Ended):
        trying.passed(made(command=["sleep", "60"], within="1 h"), "lan", HOST, where, time.monotonic)
    ender.join()
