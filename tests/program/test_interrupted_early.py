"""Ctrl-C and SIGTERM at any moment from the program's first line on: a status, and never a traceback.

What comes while Python itself starts, before it has read a line of ours, is Python's to tell.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from support import script, scripted, write_matrix

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = "import sys; from bootmatrix.__main__ import main; sys.exit(main())"  # as pip writes it
STARTS = {"module": ("-m", "bootmatrix"), "script": ("-c", INSTALLED)}
COMMANDS = {"version": ("--version",), "list": ("list",), "run": ("run", "--engine", "host", "-q")}
FIRST = b"enum"  # as good as the first that the program itself imports
SECONDS = 60.0
SWALLOWED = """
import signal, threading, weakref
from bootmatrix.program import leaving

def interrupt(_number):
    raise KeyboardInterrupt

class Thing: pass

thing = Thing()
weakref.finalize(thing, int)
callback = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
try:
    with leaving.on_signals(interrupt, (signal.SIGINT,)):
        del thing
        threading.Event().wait(30)
        print("it went on")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_matrix(tmp_path, scripted({"backend": ["command"]}, t=script("exec sleep 30", timeout="40 s")))
    return tmp_path


class Importing:
    """The program, which says on standard error what it has imported, a line each."""

    def __init__(self, start: str, command: str, folder: Path) -> None:
        words = [sys.executable, "-P", "-X", "importtime", *STARTS[start], *COMMANDS[command]]
        env = {**os.environ, "BOOTMATRIX_CACHE": str(folder / "cache"), "BOOTMATRIX_HISTORY": "none"}
        self.process = subprocess.Popen(words, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.said = b""

    def lines(self, until: float) -> bool:
        """Read more; False at the end, or when the time is over."""
        assert self.process.stderr
        if not select.select([self.process.stderr], [], [], max(0.0, until - time.monotonic()))[0]:
            return False
        more = os.read(self.process.stderr.fileno(), 1 << 16)
        self.said += more
        return bool(more)

    def after(self, word: bytes, lines: int) -> None:
        """Wait until so many lines after the one that ends with a word, or until it is over."""
        until = time.monotonic() + SECONDS
        while self._count(word) < lines and self.lines(until):
            pass

    def _count(self, word: bytes) -> int:
        found = self.said.splitlines()
        names = [line.rpartition(b"|")[2].strip() for line in found]
        return len(names) - 1 - names.index(word) if word in names else -1

    def ended(self, number: signal.Signals) -> tuple[int, bytes]:
        """Its status, and what it said but for what it imported, after a signal."""
        self.process.send_signal(number)
        try:
            rest = self.process.communicate(timeout=SECONDS)[1]
        finally:
            self.process.kill()
            self.process.wait()
        told = [line for line in (self.said + rest).splitlines() if not line.startswith(b"import time:")]
        return self.process.returncode, b"\n".join(told)


@pytest.mark.parametrize("lines", [0, 1, 5, 20, 60, 120, 180, 260])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("start", STARTS)
def test_an_interrupt_while_it_starts_ends_it_without_a_traceback(
    project: Path, start: str, command: str, lines: int
) -> None:
    program = Importing(start, command, project)
    program.after(FIRST, lines)
    status, told = program.ended(signal.SIGINT)
    assert status in ({130} if command == "run" else {130, 0}), told  # it may have been done already
    assert b"Traceback" not in told
    assert b"KeyboardInterrupt" not in told


@pytest.mark.parametrize("lines", [0, 60, 180])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_termination_while_it_starts_says_nothing(project: Path, command: str, lines: int) -> None:
    program = Importing("module", command, project)
    program.after(FIRST, lines)
    status, told = program.ended(signal.SIGTERM)
    assert status in {-signal.SIGTERM, 130, 0}
    assert b"Traceback" not in told


def test_an_interrupt_that_a_callback_swallows_comes_again() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", SWALLOWED], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")
