"""Completion in real shells, each on a terminal of its own: what stands in the line after a tab."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import warm
from support import write_matrix

from bootmatrix.program.completion import last_word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHELLS = {
    "bash": (["bash", "--norc", "-i"], 'eval "$(_BOOTMATRIX_COMPLETE=bash_source bootmatrix)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -U compinit; compinit -D; eval "$(_BOOTMATRIX_COMPLETE=zsh_source bootmatrix)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "_BOOTMATRIX_COMPLETE=fish_source bootmatrix | source"),
}
PROGRAM = """#!/bin/sh
test -n "$_BOOTMATRIX_COMPLETE" && exec {program} "$@"
printf 'GOT'; printf '<%s>' "$@"; echo END
"""
MATRIX = {
    "axes": {"backend": ["qemu", "command"], "ocaml": ["4.14", ">=5 b"]},
    "tests": {"hello": {}, "stack": {"params": {"depth": ["1"], "smp": ["2"]}}},
}
SECONDS = 60.0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write_matrix(folder, MATRIX)
    (folder / "bin").mkdir()
    program = folder / "bin/bootmatrix"
    program.write_text(PROGRAM.format(program=warm.command()))
    program.chmod(0o755)
    return folder


@dataclass
class Shell:
    """An interactive shell on a terminal of its own."""

    name: str
    terminal: int

    def read_until(self, pattern: str) -> str:
        end, text = time.monotonic() + SECONDS, ""
        while not (found := re.search(pattern, text)):
            ready, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {pattern!r} in {text!r}"
            text += os.read(self.terminal, 4096).decode(errors="replace")
        return found[1]

    def completed(self, line: str) -> str:
        """The words of the command into which it completes a line."""
        os.write(self.terminal, f"bootmatrix {line}\t\n".encode())
        return self.read_until("GOT(.*)END")


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, project: Path) -> Iterator[Shell]:
    name = request.param
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    command, setup = SHELLS[name]
    own = dict.fromkeys(("HOME", "TMPDIR"), str(project))  # fish leaves a folder there
    env = {**os.environ, "PATH": f"{project}/bin:{os.environ['PATH']}", "TERM": "dumb", **own}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["setsid", "--ctty", *command], cwd=project, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        opened = Shell(name, ours)
        try:
            os.write(ours, f"{setup}; echo REA''DY\n".encode())
            opened.read_until("(READY)")
            yield opened
        finally:
            process.kill()
            os.close(ours)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("list test=he", "<list><test=hello>"),
        ("list he", "<list><hello>"),
        ("list backend=q", "<list><backend=qemu>"),
        ("list 'backend=q", "<list><backend=qemu>"),
        ("list '!test=s", "<list><!test=stack>"),
        ("list qemu-4.14/stack@d", "<list><qemu-4.14/stack@depth=1,smp=2>"),
        ("run --engine=ho", "<run><--engine=host>"),
        ("run --engine ho", "<run><--engine><host>"),
    ],
)
def test_values_are_completed_in_a_real_shell(line: str, expected: str, shell: Shell) -> None:
    assert shell.completed(line) == expected


def test_a_value_that_is_not_plain_is_one_word(shell: Shell) -> None:
    assert shell.completed("list 'ocaml=>" if shell.name == "bash" else "list ocaml=\\>") == "<list><ocaml=>=5 b>"


@pytest.mark.parametrize(
    ("line", "value", "rest"),
    [
        ("b list test=he", "test=hello", "hello"),
        ("b list test=", "test=hello", "hello"),
        ("b list tes", "test=hello", "test=hello"),
        ("b list ", "test=hello", "test=hello"),
        ("b list a=1 'test=he", "test=hello", "test=hello"),
        ("b list test='he", "test=he llo", "he llo"),
        ("b list 'te'st=he", "test=he llo", "he\\ llo"),
        ("b list a/b@c=1", "a/b@c=10,d=$x", "10,d=\\$x"),
        ("b list a/b@c", "a/b@c=10", "@c=10"),
        ("b list a\\ b=1", "a b=12", "12"),
    ],
)
def test_bash_is_told_what_stands_behind_what_it_keeps(line: str, value: str, rest: str) -> None:
    assert last_word(line, " \t\n\"'@><=;|&(:").rest(value) == rest
