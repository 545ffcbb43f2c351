"""A project that was run once, and what may lie in the place of its files."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support import bootmatrix, runs, script, scripted, write_matrix

from bootmatrix import results
from bootmatrix.runs import journal, order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bootmatrix.model import Result

DEEP = b"[" * 100_000
DIGITS = b"9" * 400
RUN = "20200101-000000-000abcde"
LAID = ("link", "dangling", "loop", "second name", "pipe", "device", "folder")
UNFOLLOWED = tuple(kind for kind in LAID if kind != "second name")  # which a reader cannot tell from a file


@dataclass(frozen=True)
class Project:
    """A matrix with a test of each name, run once; what is laid below it may lead to the victim, which none touches."""

    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def run(self) -> Path:
        return runs(self.out)[0]

    @property
    def journal(self) -> Path:
        return self.run / journal.FILE

    @property
    def victim(self) -> Path:
        return self.folder / "victim"

    def told(self, *args: str) -> tuple[int, str]:
        """The exit status of a command, and all that it said; it never ends in a traceback."""
        env = {"BOOTMATRIX_CACHE": str(self.folder / "cache"), "BOOTMATRIX_HISTORY": "none"}
        done = bootmatrix(*args, cwd=self.folder, **env)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert "bug in bootmatrix" not in said, said
        assert self.victim.read_text() == "as it was"
        return done.returncode, said

    def again(self, *options: str) -> str:
        """Run it again: it comes to its end, and all passes; what it said."""
        status, said = self.told("run", "--engine=host", *options)
        assert status == 0, said
        assert {each.verdict for each in self.results()} == {"passed"}, said
        return said

    def results(self) -> tuple[Result, ...]:
        return tuple(results.load(self.out / "latest" / "results.json").results)

    def reused(self) -> set[str]:
        """The tests that the last run took from an earlier one."""
        return {each.test for each in self.results() if each.reused}

    def other(self, name: str, *events: Any) -> Path:
        """Another run, the newest, with such a journal: lines as they are, or mappings."""
        file = self.out / name / journal.FILE
        file.parent.mkdir()
        order.begun(self.out, name)
        file.write_bytes(b"".join(as_line(event) for event in events))
        return file


def as_line(event: Any) -> bytes:
    return (event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n"


def make(folder: Path, tests: Sequence[str]) -> Path:
    guests = {name: script("echo SUCCESS", expect={"console": "SUCCESS"}) for name in tests}
    write_matrix(folder, scripted({"backend": ["command"]}, **guests))
    (folder / "victim").write_text("as it was")
    done = bootmatrix("run", "--engine=host", cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(folder / "cache")
    return folder


def lay(kind: str, file: Path, victim: Path) -> None:
    """Something else in the place of a file."""
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    laid: dict[str, Callable[[], object]] = {
        "link": lambda: file.symlink_to(victim),
        "dangling": lambda: file.symlink_to(victim.with_name("none")),
        "loop": lambda: file.symlink_to(file.name),
        "second name": lambda: os.link(victim, file),
        "pipe": lambda: os.mkfifo(file),
        "device": lambda: file.symlink_to("/dev/zero"),
        "folder": file.mkdir,
    }
    laid[kind]()
