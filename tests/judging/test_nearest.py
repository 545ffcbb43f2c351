from __future__ import annotations

import time

import pytest

from bootmatrix.judging import nearest
from bootmatrix.matrix.keys.parts import Expect


def line(wanted: object, console: str) -> str:
    (pattern,) = Expect.model_validate({"console": [wanted]}).console
    return nearest.line(pattern, console)


@pytest.mark.parametrize(
    ("wanted", "console", "found"),
    [
        ("SUCCESS", "boot\nSUCCES\n", "SUCCES"),
        ("SUCCESS", "boot\nall tests ended with Success.\nbye\n", "all tests ended with Success."),
        ("Hello from bootmatrix", "Hello\nHello from bootmatricks\n", "Hello from bootmatricks"),
        ("listening on port 80", "x\nlistened on port 8080\n", "listened on port 8080"),
        ({"regex": r"^took \d+ ms$"}, "it took 12 s, not ms\n", "it took N s, not ms"),
        ("heap is ready", "[    0.412345] heap is raedy at 0xffff8000\n", "heap is raedy"),
        ("slept 5 s", "slept 6 s\n", "slept 6 s"),
        ("SUCCESS", "a FAILURE\n", ""),
        ("SUCCESS", "", ""),
        ("ok", "no\n", ""),
        ({"regex": "."}, "x\n", ""),
    ],
)
def test_the_nearest_line_is_found(wanted: object, console: str, found: str) -> None:
    assert line(wanted, console) == found


def test_like_failures_show_the_same() -> None:
    assert {line("all requests served", f"{n} of {n * 7} requests served\n") for n in range(1, 50)} == {
        "N of N requests served"
    }


@pytest.mark.parametrize("noise", ["SUCC\n", "x\n", "SUCCESS" * 10, "s" * 40 + "\n", "test case passed with success\n"])
def test_a_long_console_takes_a_few_milliseconds(noise: str) -> None:
    console = (noise * (4 << 20))[: 4 << 20].replace("SUCCESSFULLY", "")
    before = time.thread_time()
    line("SUCCESSFULLY ended all cases", console)
    assert time.thread_time() - before < 0.2
