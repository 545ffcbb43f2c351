"""Things of which there is one, locked between real processes."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support import OTHER, PATHS, others_python

from bootmatrix.boots import resources
from bootmatrix.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLDER = """
import sys, threading
from bootmatrix.boots import resources
with resources.held(sys.argv[1:], threading.Event(), print):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def name() -> str:
    """One that no other test uses."""
    return f"tap {secrets.token_hex(4)}"


@contextmanager
def holding(name: str, *before: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has it, in another folder, with another cache."""
    env = {**os.environ, "PYTHONPATH": PATHS, "BOOTMATRIX_CACHE": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"}
    words = [*before, "-c", HOLDER, name] if before else [sys.executable, "-c", HOLDER, name]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=env, stdin=pipe, stdout=pipe, text=True, cwd="/") as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def waits_for(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is said of the holder; the wait is then given up."""
    monkeypatch.setattr(resources, "PATIENT", 0.0)
    stop, said = threading.Event(), list[str]()

    def note(text: str) -> None:
        said.append(text)
        stop.set()

    with (
        pytest.raises(InfrastructureError, match="interrupted while it waited for the resource"),
        resources.held([name], stop, note),
    ):
        pass
    return said[0]


def test_another_process_has_it_until_it_ends_and_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with holding(name) as process:
        said = waits_for(name, monkeypatch)
        assert f"waiting for the resource '{name}', in use by process {process.pid} of " in said
        assert "import sys, threading" in said
        process.kill()
        process.wait()
    with resources.held([name], threading.Event(), pytest.fail):
        pass


def test_another_user_has_it_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid():
        pytest.skip("to be another user needs root")
    with holding(name, *OTHER, others_python()):
        assert "of user 12345" in waits_for(name, monkeypatch)


def test_names_that_become_one_are_taken_once_and_given_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        with resources.held([name, name], threading.Event(), pytest.fail):
            assert f"process {os.getpid()}" in waits_for(name, monkeypatch)  # what another finds
