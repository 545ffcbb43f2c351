"""What is kept of a tender that writes by the thousand."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bootmatrix import plugins
from bootmatrix.watching.sieve import Sieve

LINES = b"noise 1\nword\nnoise 2\n\nnoisenoise\nnoise"


@pytest.mark.parametrize("size", range(1, len(LINES) + 1))
def test_whole_lines_are_dropped_however_they_come(size: int) -> None:
    sieve = Sieve("noise [0-9]")
    kept = b"".join(sieve.sift(LINES[at : at + size]) for at in range(0, len(LINES), size))
    assert kept + sieve.rest() == b"word\n\nnoisenoise\nnoise"


def test_without_noise_everything_passes_at_once() -> None:
    sieve = Sieve("")
    assert (sieve.sift(b"an open line"), sieve.rest()) == (b"an open line", b"")


def test_a_line_without_an_end_is_not_waited_for_for_ever() -> None:
    sieve = Sieve("noise")
    assert sum(len(sieve.sift(b"x" * 1000)) for _ in range(1000)) > 900_000


def test_of_qemus_trace_only_the_end_is_kept_and_quickly() -> None:
    line = b"memory_region_ops_write cpu 0 mr 0x55e4038a76e0 addr 0x%x value 0x0 size 1 name '%s'\n"
    told = line % (0x501, b"isa-debug-exit")
    sieve = Sieve(plugins.make_runner("qemu", {}, Path(__file__).parent).noise)
    chunk = line % (0x3F8, b"serial") * 1000 + told
    begun = time.process_time()
    assert {sieve.sift(chunk) for _ in range(200)} == {told}
    assert time.process_time() - begun < 5
