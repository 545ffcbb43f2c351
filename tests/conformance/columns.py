"""A backend's column, as `bootmatrix conformance` tells it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support import bootmatrix

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def held(root: Path, cache: Path, *words: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit status, and the columns that were told."""
    told = bootmatrix(
        "conformance", *words, "--engine", "host", "--format", "json", cwd=root, BOOTMATRIX_CACHE=str(cache)
    )
    assert told.stdout, told.stderr
    return told.returncode, json.loads(told.stdout)


def by_name(column: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["capability"]: (each["status"], each["words"]) for each in column["capabilities"]}


UNTOLD = """
from dataclasses import dataclass
from bootmatrix.runners import command

@dataclass(frozen=True)
class Runner(command.Runner):
    impossible = {}
"""
