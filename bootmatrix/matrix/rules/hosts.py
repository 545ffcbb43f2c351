"""Hosts over SSH: names that can be those of an OS, and that no image has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix import plugins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.matrix.problems import Problems


def check(sections: Mapping[str, Any], root: Path, problems: Problems) -> None:
    images = plugins.images(root) if sections["hosts"] else {}
    for name in sections["hosts"]:
        problems.check_name(name, ("hosts", name), "a host")
        if name in images:
            what = f"there is an image '{name}', too, and a cell's `os` names one of the two"
            problems.say(what, ("hosts", name), "call the host something else", key=True)
