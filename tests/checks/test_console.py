"""A console check: lines go in, and what is printed after them is looked at."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from checks.worlds import HOST, failed, made, passed, world

from bootmatrix.checks import trying
from bootmatrix.checks.ends import Ended
from bootmatrix.checks.feed import MOST, Feed

if TYPE_CHECKING:
    from bootmatrix.checks.check import World


def guest(answer: bytes) -> tuple[World, list[bytes]]:
    """One that prints this for each line, and the lines that it was sent."""
    feed, lines = Feed(), []

    def write(line: bytes) -> None:
        lines.append(line)
        feed.add(answer)

    return world(console=feed, write=write), lines


def test_a_line_is_sent_and_answered() -> None:
    where, lines = guest(b"status: \x1b[32mok\x1b[0m\r\n")
    assert passed(where, console={"send": "status", "expect": "status: ok"}).text == "status: ok\n"
    assert lines == [b"status\n"]


def test_what_was_printed_before_is_no_answer() -> None:
    where, _ = guest(b"no\n")
    where.console.add(b"ok\n")
    what = failed(where, console={"send": "status", "expect": "ok"}, within="50 ms")
    assert what == "the console did not show 'ok' in time; 'no' came (1 try within 50 ms)"


def test_without_a_line_all_that_was_printed_counts() -> None:
    where, _ = guest(b"")
    where.console.add(b"listening\n")
    passed(where, console="listening")


def test_what_is_printed_later_is_waited_for() -> None:
    where, _ = guest(b"")

    def say() -> None:
        for part in (b"listen", b"ing\n"):
            where.console.add(part)

    later = threading.Timer(0.02, say)
    later.start()
    passed(where, console="listening", within="1 min")
    later.join()


def test_a_console_that_takes_no_input_is_told() -> None:
    assert failed(world(), console={"send": "x"}) == "the guest's console takes no input here"

    def closed(_line: bytes) -> None:
        raise BrokenPipeError

    assert "the guest's console takes no input: the connection was reset" in failed(
        world(write=closed), console={"send": "x"}
    )


@pytest.mark.parametrize("last", [b"ok\n", b"no\n"])
def test_the_end_of_the_boot_ends_it_but_what_was_printed_counts(last: bytes) -> None:
    where, _ = guest(b"")

    def end() -> None:
        where.console.add(last)
        where.ends.end()
        where.console.close()

    ender = threading.Timer(0.02, end)
    ender.start()
    check = made(console="ok", within="1 h")
    if last == b"ok\n":
        trying.passed(check, "", HOST, where, time.monotonic)
    else:
        with pytest.raises(Ended):
            trying.passed(check, "", HOST, where, time.monotonic)
    ender.join()


def test_a_console_without_end_is_kept_in_bounded_memory() -> None:
    feed = Feed()
    for _ in range(40):
        feed.add(b"x" * (MOST // 16))
    feed.add(b"last")
    data, total = feed.since(0)
    assert (len(data), data[-4:], total) == (MOST, b"last", feed.total)
    assert feed.since(total - 2) == (b"st", total)
    assert feed.since(total) == (b"", total)
