"""What a terminal shows after some events; frames are drawn by hand, and no time passes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from screen.screens import ONE, live, result, run, shape, tail, unknown

from bootmatrix.model import Verdict


def test_a_frame_has_the_grid_what_is_in_flight_the_counts_and_the_time() -> None:
    shown = live()
    with shown.screen.showing(shape(), lambda: 200.0):
        for test in ("hello", "crash", "hang"):
            shown.screen.result(result(f"gcc-debian-12-x86_64-qemu/{test}"))
        with (
            shown.screen.working("boot gcc-debian-13-x86_64-qemu/hello"),
            shown.screen.working("build unikernels-clang") as say,
        ):
            say("  CC hello.o\x1b[2J")
            shown.clock.now += 75
            assert shown.draw() == (
                "\n"
                "                      gcc                         clang\n"
                "                      debian-12     debian-13     debian-12     debian-13\n"
                "x86_64  qemu          ■■■·········  ►···········  ············  ············\n"
                "        solo5-hvt     ············  ············  ············  ············\n"
                "        solo5-spt     ············  ············  ············  ············\n"
                "        solo5-virtio  ············  ············  ············  ············\n"
                "aarch64 qemu          ············  ············  ············  ············\n"
                "riscv64 qemu          ············  ············  ············  ············\n"
                "  75 s boot gcc-debian-13-x86_64-qemu/hello\n"
                "  75 s build unikernels-clang  CC hello.o\ufffd[2J\n"
                "■ 3 passed  ► 1 running  · 284 to do\n"
                "3/288 tests, 1 min 15 s, about 3 min left"
            )


def test_without_colours_the_signs_are_ascii() -> None:
    shown = live(colours=False)
    with shown.screen.showing(ONE, unknown):
        shown.screen.result(result("gcc/a", "flaky", "passed at attempt 2"))
        assert shown.draw().isascii()
        assert "gcc    ~..\nclang  ...\n" in shown.terminal.text()


def test_a_failure_stays_above_with_what_matters_of_its_reason() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        shown.screen.result(result("gcc/a", "failed", "exited(3) instead of exited(0)"))
        shown.screen.result(result("gcc/b", "error", f"{'no ' * 40}\n  middle\n  panic: [red]page fault[/]\x07"))
        shown.screen.result(result("clang/a", "timed out", f"no end within 30 s; {'x' * 100}"))
        text = shown.draw()
    assert text.splitlines()[:7] == [
        "F failed gcc/a  exited(3) instead of exited(0)",
        "E error gcc/b",
        f"    {'no ' * 24}no…",
        "    panic: [red]page fault[/]\ufffd",
        "T timed out clang/a",
        f"    no end within 30 s; {'x' * 54}…",
        "",
    ]


def test_failures_scroll_and_the_frame_stays_below_them() -> None:
    shown = live(80, 15)
    with shown.screen.showing(ONE, unknown):
        for number in range(100):
            shown.screen.result(result(f"gcc/{number}", "failed", f"reason {number}"))
            shown.draw()
        visible = shown.terminal.visible().splitlines()
    assert len(visible) == 15
    assert visible[:2] == ["F failed gcc/90  reason 90", "F failed gcc/91  reason 91"]
    assert visible[-1] == "100/6 tests, 0 s"
    kept = [line for line in shown.terminal.text().splitlines() if line.startswith("F failed")]
    assert kept == [f"F failed gcc/{number}  reason {number}" for number in range(100)]


def test_why_a_build_failed_is_told_once_and_not_with_each_of_its_tests() -> None:
    shown = live()
    first = "build b ended with status 2: no rule"
    with shown.screen.showing(shape(), unknown):
        shown.screen.failed("build", "b", f"{first}\n    b.log, line 1:\n    no rule")
        for number, more in enumerate(("b.log, line 1:\n    no target", "more of it is elsewhere")):
            unbooted = result(f"gcc/{number}", "error", f"{first}\n    {more}")
            shown.screen.result(replace(unbooted, attempts=()))
        assert shown.draw().splitlines()[:3] == [
            "E build b failed  build b ended with status 2: no rule",
            "E error gcc/0  build b ended with status 2: no rule",
            "E error gcc/1  build b ended with status 2: no rule",
        ]


def test_of_many_failures_with_one_reason_the_first_are_shown() -> None:
    shown = live()
    with shown.screen.showing(shape(), unknown):
        shown.screen.failed("build", "unikernels", "make: Error 2\n  hello.c:3: no such header")
        for number in range(100):
            shown.screen.result(result(f"gcc-debian-12-x86_64-qemu/{number}", "error", "make: Error 2"))
        shown.screen.result(result("gcc-debian-13-x86_64-qemu/a", "failed", "another"))
        lines = shown.draw().splitlines()
    assert lines[:4] == [
        "E build unikernels failed",
        "    make: Error 2",
        "    hello.c:3: no such header",
        "E error gcc-debian-12-x86_64-qemu/0  make: Error 2",
    ]
    assert lines[8:10] == [
        "    more failures with this reason are only counted",
        "F failed gcc-debian-13-x86_64-qemu/a  another",
    ]
    assert "F 1 failed  E 100 error" in shown.terminal.text()


def test_reasons_that_all_differ_are_bounded_too() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        for number in range(3000):
            shown.screen.result(result(f"gcc/{number}", "failed", f"at 0x{number:x}"))
        shown.draw()
    assert shown.terminal.text().count("F failed") == 1005


def test_what_is_as_it_should_be_only_fills_the_grid() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        for verdict in ("passed", "skipped", "expected failure"):
            shown.screen.result(result("gcc/a", verdict, "because"))
        shown.screen.made("image", "debian-12", 70.0)
        assert shown.draw().splitlines()[0] == ""
        shown.screen.result(result("clang/a", "flaky", "passed at attempt 2, after: hung"))
        assert shown.draw().splitlines()[0] == "≈ flaky clang/a  passed at attempt 2, after: hung"


def test_the_last_line_counts_what_is_worth_it() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        shown.screen.made("image", "debian-12", 70.0)
        assert tail(shown.draw(), 1) == ["0/6 tests, 0 s, no estimate yet, 1 images and builds made"]
        twice = result("gcc/a").attempts * 2
        shown.screen.result(replace(result("gcc/a"), attempts=twice))
        shown.screen.result(replace(result("gcc/b", reused="earlier"), attempts=twice))
        assert tail(shown.draw(), 1) == ["2/6 tests, 0 s, no estimate yet, 1 tried again, 1 reused"]


def test_a_starved_test_is_told_and_is_still_to_do_until_it_has_a_result() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        with shown.screen.working("boot gcc/a"):
            shown.screen.postponed("gcc/a", "starved: no end; tried again at the end of the run, with 33 s\nmore")
        frame = shown.draw()
        assert "gcc/a: starved: no end; tried again at the end of the run, with 33 s\n" in frame
        assert tail(frame, 2) == [
            "► 0 running  · 6 to do",
            "0/6 tests, 0 s, no estimate yet, 1 starved of processor time, to be tried again",
        ]
        shown.screen.result(result("gcc/a"))
        assert tail(shown.draw(), 1) == ["1/6 tests, 0 s, no estimate yet"]


def test_an_attempt_is_told_beside_its_boot() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown), shown.screen.working("boot gcc/a"):
        shown.screen.attempt("gcc/a", 1, "hung\nmore")
        assert "   0 s boot gcc/a  attempt 1: hung\n" in shown.draw()


def test_of_many_in_flight_the_longest_are_shown_each_in_its_own_line() -> None:
    shown = live()
    with shown.screen.showing(shape(), unknown):
        stacks = [ExitStack() for _ in range(20)]
        for number, stack in enumerate(stacks):
            stack.enter_context(shown.screen.working(f"boot gcc-debian-12-x86_64-qemu/{number}"))
            shown.clock.now += 1

        def flight() -> list[str]:
            return [line for line in shown.draw().splitlines() if " s boot " in line or " more" in line]

        assert [line.rpartition("/")[2] for line in flight()] == ["0", "1", "2", "       and 17 more"]
        stacks[1].close()
        assert [line.rpartition("/")[2] for line in flight()] == ["0", "3", "2", "       and 16 more"]
        height = len(shown.draw().splitlines())
        for stack in stacks:
            stack.close()
        assert len(shown.draw().splitlines()) == height, "what stands below does not jump"


def test_when_it_ends_the_grid_stays_and_the_summary_comes_below() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        shown.screen.result(result("gcc/a", "failed", "why"))
        shown.draw()
    shown.screen.summary(run(result("gcc/a", "failed", "why")), Path("out"), (Path("out/junit.xml"),))
    assert shown.terminal.text() == (
        "F failed gcc/a  why\n\n"
        "gcc    F··\nclang  ···\nF 1 failed  · 5 to do\n\n"
        "gcc/a: failed: why\n    it printed nothing\n    repeat it: bootmatrix repro gcc/a\n"
        "1 failed in 25 s\n  out/{junit.xml,results.json}\n"
    )


def test_an_error_ends_it_cleanly_too() -> None:
    shown = live()

    def fail() -> None:
        with shown.screen.showing(ONE, unknown):
            shown.screen.note("going on")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert shown.terminal.text().splitlines()[0] == "going on"
    shown.screen.note("and after it")
    assert tail(shown.terminal.text(), 1) == ["and after it"]


def test_nothing_is_written_while_nothing_changes() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        shown.draw()
        shown.terminal.rows[0] = "as it was"
        assert shown.draw().startswith("as it was")


def test_verbose_tells_everything_and_the_guests_consoles() -> None:
    shown = live(60, verbose=True)
    assert shown.screen.wants_consoles
    with shown.screen.showing(ONE, unknown):
        shown.screen.made("image", "debian-12", 70.0)
        shown.screen.console("gcc/a", b"\x1b[1mHello\x1b[0m\r\n\r\nwor")
        shown.screen.console("gcc/a", b"ld " + b"x" * 60 + b"\nno end")
        shown.screen.attempt("gcc/a", 1, "hung\nmore")
        shown.screen.result(result("gcc/a"))
        assert shown.draw().splitlines()[:7] == [
            "image debian-12 made in 1 min 10 s",
            "gcc/a | Hello",
            f"gcc/a | world {'x' * 45}",
            "x" * 15,
            "gcc/a | no end",
            "gcc/a: attempt 1: hung",
            "■ passed gcc/a  0.15 s (tcg)",
        ]


def test_guests_that_print_faster_than_anybody_reads_are_cut_short() -> None:
    shown = live(verbose=True)
    with shown.screen.showing(ONE, unknown):
        shown.screen.console("gcc/a", b"line\n" * 10_000)
        shown.screen.result(result("gcc/a", "failed", "seen all the same"))
        shown.draw()
    assert shown.terminal.text().count("gcc/a | line") == 2000
    assert "F failed gcc/a  seen all the same\n8000 console lines not shown\n" in shown.terminal.text()


def test_without_verbose_no_console_is_asked_for_or_told() -> None:
    shown = live()
    assert not shown.screen.wants_consoles
    with shown.screen.showing(ONE, unknown):
        shown.screen.console("gcc/a", b"Hello\n")
        assert "Hello" not in shown.draw()


def test_where_flaky_fails_it_is_told_as_a_failure() -> None:
    shown = live(failing={Verdict.FLAKY})
    with shown.screen.showing(ONE, unknown):
        shown.screen.result(result("gcc/a", "flaky", "passed at attempt 2\n  second line"))
        assert shown.draw().splitlines()[:3] == ["≈ flaky gcc/a", "    passed at attempt 2", "    second line"]
    shown.screen.summary(run(result("gcc/a", "flaky", "passed at attempt 2")), Path("out"), ())
    assert "gcc/a: flaky: passed at attempt 2\n" in shown.terminal.text()
