"""The line of a build's log that says what is wrong, whatever follows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bootmatrix import culprit, logs

if TYPE_CHECKING:
    from pathlib import Path

NOISE = b"".join(b"cc -Werror -Wno-error=x -c error_%d.c\nchecking for strerror: yes\n" % n for n in range(30))
AFTER = b"".join(b"make[%d]: Leaving directory 'x'\n" % n for n in range(60))


@pytest.mark.parametrize(
    "line",
    [
        "hello.c:3:10: fatal error: nope.h: No such file or directory",
        "hello.c:7:5: error: expected ';' before '}' token",
        "/usr/bin/ld: hello.o: undefined reference to `nope'",
        "/usr/bin/ld: cannot find -lnope: No such file or directory",
        "make: *** No rule to make target 'hello.elf', needed by 'all'.  Stop.",
        "error[E0425]: cannot find value `x` in this scope",
        "CMake Error at CMakeLists.txt:3 (find_package):",
        'File "x.ml", line 3: Error: Unbound value nope',
        "ModuleNotFoundError: No module named 'nope'",
        "meson.build:3:0: ERROR: Dependency not found",
        "fatal: not a git repository",
        "E: Unable to locate package nope",
    ],
)
def test_the_first_error_is_found_before_all_that_follows(line: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(NOISE + line.encode() + b"\n\n    3 | x\n" + AFTER + b"make: *** [all] Error 1\n")
    found = culprit.found(tmp_path / "log")
    assert found
    assert (found.line, found.number) == (line, 61)
    assert found.around[culprit.BEFORE : culprit.BEFORE + 2] == (line, "    3 | x")
    assert len(found.around) == culprit.BEFORE + 1 + culprit.AFTER


def test_a_coloured_error_is_found_and_told_without_its_codes(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\x1b[1mx.c:1:1:\x1b[m \x1b[1;31m\x1b[Kerror: \x1b[m\x1b[Kno\x07\n")
    found = culprit.found(tmp_path / "log")
    assert found
    assert found.line == "x.c:1:1: error: no"


@pytest.mark.parametrize("text", [b"", NOISE, b"\xff\n", b"make: *** [all] Error 1\n"])
def test_where_no_error_is_told_there_is_none(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(text)
    assert culprit.found(tmp_path / "log") is None
    assert culprit.found(tmp_path / "absent") is None


@pytest.mark.parametrize("size", [0, culprit.CHUNK - 3, 3 * culprit.CHUNK + 5])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_it_is_found_across_pieces_and_in_lines_of_megabytes(size: int, end: bytes, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"first\n" + b"x" * size + b" error: that" + b"y" * size + end)
    begun = time.monotonic()
    found = culprit.found(tmp_path / "log")
    assert found
    assert time.monotonic() - begun < 30
    assert found.number == 2
    assert "error: that" in found.line
    assert all(len(line) <= culprit.LONGEST + 3 for line in found.around)


def test_a_log_tells_its_error_or_else_its_last_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with logs.Log(tmp_path / "logs" / "build.log") as log:
        log.add(b"begun\n")
        assert log.error() == ("begun", "the last lines of logs/build.log:\n    begun")
        log.add(b"x.c:1: error: no\n" + AFTER)
        line, told = log.error()
    assert line == "x.c:1: error: no"
    assert told.splitlines()[:3] == ["logs/build.log, line 2:", "    begun", "    x.c:1: error: no"]
