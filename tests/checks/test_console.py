"""A console check: lines go in, and what is printed after them is looked at."""

from __future__ import annotations

import os
import re
import threading
import time
from typing import TYPE_CHECKING

import pytest
from checks.worlds import HOST, failed, made, passed, world

from bootmatrix.checks import trying
from bootmatrix.checks.ends import Ended
from bootmatrix.checks.feed import MOST, NEW, Feed

if TYPE_CHECKING:
    from bootmatrix.checks.check import World


def guest(answer: bytes) -> tuple[World, list[bytes]]:
    """One that prints this for each line, and the lines that it was sent."""
    feed, lines = Feed(), []

    def write(line: bytes) -> int:
        lines.append(line)
        feed.add(answer)
        return len(line)

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

    def closed(_line: bytes) -> int:
        raise BrokenPipeError

    assert "the guest's console takes no input: it is closed" in failed(world(write=closed), console={"send": "x"})


def test_a_long_line_is_sent_as_it_is_read() -> None:
    """Through a pipe, which holds a part of it."""
    line, feed, got = "x" * 300_000, Feed(), bytearray()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def write(data: bytes) -> int:
        try:
            return os.write(writer, data)
        except BlockingIOError:
            return 0

    def read() -> None:
        while not got.endswith(b"\n"):
            got.extend(os.read(reader, 1 << 16))
        feed.add(b"done\n")

    thread = threading.Thread(target=read)
    thread.start()
    passed(world(console=feed, write=write), console={"send": line, "expect": "done"}, within="1 min")
    thread.join()
    what = failed(world(console=feed, write=write), console={"send": line}, within="100 ms")
    os.close(reader)
    os.close(writer)
    assert got == line.encode() + b"\n"
    assert re.fullmatch(
        r"the guest's console did not take the whole line in time: it took [\d,]{5,} of 300,001 bytes \(1 try .*", what
    )


def test_the_end_of_the_boot_ends_the_sending_of_a_line() -> None:
    where = world(write=lambda _data: 0)
    ender = threading.Timer(0.05, where.ends.end)
    ender.start()
    with pytest.raises(Ended):
        trying.passed(made(console={"send": "x"}, within="1 h"), "lan", HOST, where, time.monotonic)
    ender.join()


def test_what_a_guest_prints_does_no_harm_in_a_message() -> None:
    where, _ = guest("\x1b]0;title\x07\x1b[2J\x1b[1mno\u202eevil\x07\x00\x9b31m\n".encode())
    what = failed(where, console={"send": "status", "expect": "ok"}, within="50 ms")
    assert what.isprintable()
    assert " 'no�evil�31m' came" in what


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
    with feed.heard(before=False) as ear:
        feed.add(b"first")
        for _ in range(40):
            feed.add(b"x" * (MOST // 16))
        feed.add(b"last")
        data = feed.taken(ear)
        assert (len(data), data[:5]) == (NEW, b"first")
        assert feed.taken(ear) == b""
        feed.add(b"st")
        assert feed.taken(ear) == b"st"
    with feed.heard(before=True) as ear:
        data = feed.taken(ear)
    assert (len(data), data[-6:]) == (MOST, b"lastst")


@pytest.mark.parametrize("then", [b"x" * (10 << 20), b"x\n" * (5 << 20)], ids=["a line without end", "lines"])
def test_an_answer_is_seen_whatever_comes_after_it(then: bytes) -> None:
    """Also where all of it comes before the check looks."""
    where, _ = guest(b"status: ok\n" + then)
    report = passed(where, console={"send": "status", "expect": "status: ok"}, within="1 min")
    assert report.text.startswith("status: ok\n")
    what = failed(where, console={"send": "status", "expect": "never"}, within="1 min")
    assert what == "more than 1 MiB came without 'never'"
