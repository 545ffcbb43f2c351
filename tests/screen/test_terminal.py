"""Whatever happens to the terminal of a live screen, and whatever it is told: it shows one frame, and obeys nothing."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from rich.cells import cell_len
from screen.screens import AXES, ONE, Live, live, result, run, shape, tail, unknown

from bootmatrix.model import VERDICTS
from bootmatrix.screen.contract import Shape


def test_what_others_print_meanwhile_stands_above(capsys: pytest.CaptureFixture[str]) -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        sys.stdout.write("to stdout")
        sys.stdout.write(" and more\nno end")
        sys.stderr.write("\x1b]0;title\x07 to stderr\n")
        shown.draw()
    assert shown.terminal.text().startswith("to stdout and more\nno end\ufffd]0;title\ufffd to stderr\n")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("size", [(60, 24), (40, 12), (120, 30), (80, 10), (30, 5)])
def test_a_terminal_that_changes_its_size_shows_one_frame(size: tuple[int, int]) -> None:
    shown = live(80, 24)
    with shown.screen.showing(shape(), unknown):
        shown.screen.result(result("gcc-debian-12-x86_64-qemu/hello", "failed", "why"))
        shown.draw()
        visible = shown.resize(*size)
        assert visible.count(" to do") == 1
        assert visible.count("1/288 tests") == 1
        assert len(visible.splitlines()) <= size[1]
        assert all(cell_len(line) < size[0] for line in visible.splitlines()[-4:])


def test_while_it_is_being_resized_nothing_is_drawn() -> None:
    shown = live()
    with shown.screen.showing(ONE, unknown):
        before = shown.draw()
        shown.screen.note("later")
        shown.console.size = (70, 24)
        assert shown.draw() == before
        assert shown.draw().startswith("later")


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="handlers need the main thread")
def test_after_a_stop_the_frame_is_painted_anew_where_the_shell_left_the_cursor() -> None:
    shown = live()
    before = signal.getsignal(signal.SIGCONT)
    with shown.screen.showing(ONE, unknown):
        frame = shown.draw()
        shown.terminal.write("\n$ fg\n")
        os.kill(os.getpid(), signal.SIGCONT)
        shown.clock.now += 1
        assert shown.draw() == f"{frame}\n$ fg\n" + frame.replace("0 s", "1 s")
    assert signal.getsignal(signal.SIGCONT) == before


def test_threads_may_tell_at_the_same_time() -> None:
    shown = live()
    cells = list(shape().cells)

    def tell(number: int) -> None:
        for index in range(300):
            name = f"{cells[(number * 7 + index) % len(cells)]}/{number}-{index}"
            with shown.screen.working(f"boot {name}") as say:
                say(f"line {index}")
                shown.screen.attempt(name, 1, "hung")
            shown.screen.result(result(name, "failed" if index % 10 == 0 else "passed", f"reason {number} {index}"))

    with shown.screen.showing(Shape(AXES, shape().cells, dict.fromkeys(cells, 100), 2400), unknown):
        threads = [threading.Thread(target=tell, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            shown.draw()
        shown.draw()
        assert tail(shown.terminal.text(), 1) == ["2,400/2,400 tests, 0 s"]
    text = shown.terminal.text()
    assert "F 240 failed  ■ 2160 passed" in text
    assert text.count("F failed ") == 240


HOSTILE = st.text(
    st.sampled_from("\x00\x07\x08\x0b\x1b[]2JHm\r\n\t:#\x9b\x85\u202e\u2028e\u0301日[/red]x "), max_size=200
)
EVENT = st.one_of(
    st.tuples(st.just("result"), HOSTILE, st.sampled_from(VERDICTS), HOSTILE),
    st.tuples(st.just("note"), HOSTILE),
    st.tuples(st.just("failed"), HOSTILE, HOSTILE, HOSTILE),
    st.tuples(st.just("made"), HOSTILE, HOSTILE),
    st.tuples(st.just("attempt"), HOSTILE, HOSTILE),
    st.tuples(st.just("postponed"), HOSTILE, HOSTILE),
    st.tuples(
        st.just("console"), HOSTILE, st.binary(max_size=200) | HOSTILE.map(lambda text: text.encode("utf-8", "replace"))
    ),
    st.tuples(st.just("working"), HOSTILE, HOSTILE),
    st.tuples(st.just("resize"), st.integers(1, 120), st.integers(1, 40)),
    st.tuples(st.just("wait"), st.floats(0, 10_000)),
)


def happen(shown: Live, stack: ExitStack, event: tuple[object, ...]) -> None:
    screen = shown.screen
    match event:
        case ("result", str(name), str(verdict), str(reason)):
            screen.result(result(name, verdict, reason))
        case ("note", str(text)):
            screen.note(text)
        case ("failed", str(kind), str(name), str(reason)):
            screen.failed(kind, name, reason)
        case ("made", str(kind), str(name)):
            screen.made(kind, name, 1.0)
        case ("attempt" | "postponed" as kind, str(name), str(reason)):
            screen.attempt(name, 1, reason) if kind == "attempt" else screen.postponed(name, reason)
        case ("console", str(name), bytes(chunk)):
            screen.console(name, chunk)
        case ("working", str(what), str(line)):
            stack.enter_context(screen.working(what))(line)
        case ("resize", int(width), int(height)):
            shown.resize(width, height)
        case ("wait", float(seconds)):
            shown.clock.now += seconds


@settings(deadline=None)
@given(st.lists(EVENT, max_size=30), st.integers(2, 100), st.integers(1, 40), st.booleans())
def test_whatever_is_told_no_line_is_too_long_and_nothing_reaches_the_terminal_that_it_would_obey(
    events: list[tuple[object, ...]], width: int, height: int, verbose: bool
) -> None:
    shown = live(width, height, verbose=verbose)
    with ExitStack() as stack, shown.screen.showing(shape(), lambda: 100.0):
        for event in events:
            happen(shown, stack, event)
            shown.terminal.widest = 0
            shown.draw()
            assert shown.terminal.widest <= max(2, shown.terminal.width)
            assert len(shown.terminal.rows) - shown.terminal.row == 1


def test_a_terminal_that_has_gone_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = live()

    def broken(_text: str) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(shown.terminal, "write", broken)
    with shown.screen.showing(ONE, unknown):
        shown.screen.result(result("gcc/a", "failed", "why"))
        shown.screen.draw()
    shown.screen.summary(run(), Path("out"), ())
    assert isinstance(shown.terminal, io.StringIO)
