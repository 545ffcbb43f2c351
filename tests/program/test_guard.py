"""Whatever is raised ends in a sentence and a status that is never 1: that means that a test failed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import click
import pytest

from bootmatrix.errors import Fatal, InfrastructureError, UserError
from bootmatrix.program import guard, unexpected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def raiser(error: BaseException) -> Callable[[], object]:
    def call() -> object:
        raise error

    return call


def recurse() -> object:
    return recurse()


def file_error(number: int) -> OSError:
    return OSError(number, os.strerror(number), "/some/file")


RAISED: dict[str, tuple[Callable[[], object], int, str]] = {
    "a bug": (raiser(KeyError("k")), 3, "this is a bug in bootmatrix: KeyError: 'k' ("),
    "a recursion": (recurse, 3, "RecursionError"),
    "text that is none": (b"\xff".decode, 3, "UnicodeDecodeError"),
    "a long one": (raiser(ValueError("x" * 10_000_000)), 3, "ValueError: xxx"),
    "no memory": (raiser(MemoryError()), 3, "ran out of memory"),
    "no threads": (raiser(RuntimeError("can't start new thread")), 3, "does not start any more threads"),
    "no right": (raiser(file_error(errno.EACCES)), 3, "/some/file: Permission denied\n    make it readable"),
    "no folder": (raiser(file_error(errno.ENOTDIR)), 3, "not a folder, but should be one"),
    "no descriptors": (raiser(file_error(errno.EMFILE)), 3, "ulimit -n"),
    "no processes": (raiser(OSError(errno.EAGAIN, "x")), 3, "ulimit -u"),
    "a full disk": (raiser(file_error(errno.ENOSPC)), 3, "/some/file cannot be written: No space left on device"),
    "an OSError of nobody": (raiser(OSError("in its own words")), 3, "in its own words"),
    "a user's error": (raiser(UserError("first", "second")), 2, "error: second\n2 errors"),
    "the command line": (raiser(click.UsageError("wrong")), 2, "wrong"),
    "a text to exit with": (raiser(SystemExit("told")), 2, ""),
    "Ctrl-C": (raiser(KeyboardInterrupt()), 130, ""),
    "a no": (raiser(click.Abort()), 130, ""),
}


@pytest.mark.parametrize(("call", "status", "said"), RAISED.values(), ids=RAISED)
def test_what_is_raised_is_told_in_sentences(
    call: Callable[[], object], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guard.status(call) == status
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert len(err) < 2000


@pytest.mark.parametrize(("given", "status"), [(None, 0), (0, 0), (1, 1), (130, 130)])
def test_a_commands_own_status_is_the_programs(given: int | None, status: int) -> None:
    assert guard.status(lambda: given) == status
    assert guard.status(raiser(SystemExit(given))) == status


def test_a_bug_is_told_with_its_place_and_on_demand_with_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def call() -> None:
        unexpected.of_file(None)  # type: ignore[arg-type]

    def told() -> str:
        try:
            call()
        except AttributeError as error:
            return str(unexpected.told(error))
        pytest.fail("nothing was raised")

    assert "(bootmatrix/program/unexpected.py, line " in told()
    assert "Traceback" not in told()
    monkeypatch.setenv("BOOTMATRIX_DEBUG", "1")
    assert "Traceback (most recent call last):" in told()
    assert "test_guard.py" in told()


def test_a_thread_that_dies_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    def call() -> int:
        thread = threading.Thread(target=raiser(KeyError("k")))
        thread.start()
        thread.join()
        return 0

    before = threading.excepthook
    assert guard.status(call) == 3
    err = capsys.readouterr().err
    assert "KeyError" in err
    assert "Traceback" not in err
    assert threading.excepthook is before


@pytest.mark.parametrize("error", [Fatal("f"), InfrastructureError("i"), UserError("u")])
def test_errors_of_ours_stay_as_they_are(error: Exception) -> None:
    assert unexpected.told(error) is error


def test_a_folder_that_was_removed_is_told(tmp_path: Path) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} -m bootmatrix list"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not exist any more\n    change to another one" in done.stderr


@pytest.mark.parametrize("error", [ValueError("KeyboardInterrupt:"), UserError("it cannot be imported"), SystemError()])
def test_what_a_library_makes_of_an_interrupt_is_one(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert guard.status(raiser(error), lambda: True) == guard.INTERRUPTED
    assert capsys.readouterr() == ("", "")
