"""Collects the errors of the matrix, each with its position in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    from bootmatrix.matrix.document import Document, Path_

MOST = 100  # problems that are told; a file with more is not the file that was meant
MAX_VALUE = 128
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}")
RESERVED = {
    "test",
    "id",
    "path",
    "home",
    "cc",
    "ld",
    "objcopy",
    "out",
    "jobs",
    "src",
    "user",
    "shell",
    "pwd",
    "ifs",
}


@dataclass
class Problems:
    source: Document
    found: list[Problem] = field(default_factory=list)

    def say(self, what: str, path: Path_, remedy: str = "", *, key: bool = False) -> None:
        self.add(Problem(what, self.source.where(path, key=key), remedy))

    def add(self, problem: Problem) -> None:
        self.found.append(problem)
        if len(self.found) == MOST:
            self.stop(Problem(f"more than {MOST} errors: the rest is not shown"))

    def stop(self, *more: Problem) -> None:
        """Raises UserError with all that was found, in the order of the file, if anything was."""
        if self.found:
            raise UserError(*sorted(dict.fromkeys(self.found), key=_place), *more)

    def mapping(self, *path: str) -> dict[str, Any]:
        """The file's own mapping at a path, valid or not; empty if there is none."""
        found = self.raw(*path)
        return found if isinstance(found, dict) else {}

    def raw(self, *path: str) -> Any:
        """The file's own value at a path, valid or not; None if there is none."""
        return self.source.at(path)

    def check_word(self, name: str, path: Path_, what: str) -> None:
        """The name of an axis or parameter: it becomes a placeholder and an environment variable."""
        if not WORD.fullmatch(name):
            self.say(
                f"'{name}' is not a valid name for {what}",
                path,
                "use letters, digits, _ and -, a letter first",
                key=True,
            )
        elif name.lower() in RESERVED:
            self.say(
                f"{what} cannot be called '{name}'",
                path,
                "that name is reserved: choose another",
                key=True,
            )

    def check_value(self, text: str, path: Path_, what: str) -> None:
        """A value of an axis: it becomes a part of ids and an environment variable."""
        if not text.isprintable() or len(text) > MAX_VALUE:
            self.say(f"{what}: a value is one line of at most {MAX_VALUE} characters", path, "shorten it")

    def check_name(self, name: str, path: Path_, what: str) -> None:
        """The name of a test or build: it becomes a part of paths."""
        if not NAME.fullmatch(name):
            self.say(f"'{name}' is not a valid name for {what}", path, "use letters, digits, . _ + -", key=True)


def _place(problem: Problem) -> tuple[int, int]:
    return (problem.where.line, problem.where.column) if problem.where else (0, 0)
