"""Builds: axes, folders and names that must exist."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest
from bootmatrix.matrix.expanding import cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.expanding.expansion import Cells
    from bootmatrix.matrix.keys.schema import Build
    from bootmatrix.matrix.problems import Problems
    from bootmatrix.matrix.rules.reach import Reach


def check(sections: Mapping[str, Any], found: Cells, reach: Reach, problems: Problems) -> None:
    axes = {*sections["axes"], *found.keys} if sections["include"] else sections["axes"]
    for name, build in sections["builds"].items():
        problems.check_name(name, ("builds", name), "a build")
        _build(build, ("builds", name), axes, problems)
        _folders(build, ("builds", name), reach, problems)


def _build(build: Build, path: Path_, axes: Any, problems: Problems) -> None:
    for index, axis in enumerate(build.axes or []):
        if axis not in axes and axis not in cells.IMPLICIT:
            problems.say(f"unknown axis '{axis}'", (*path, "axes", index), suggest(axis, axes))
    for variable in build.env:
        if not re.fullmatch(r"[A-Za-z_]\w*", variable, re.ASCII):
            problems.say(f"'{variable}' is not a valid variable name", (*path, "env", variable), key=True)


def _folders(build: Build, path: Path_, reach: Reach, problems: Problems) -> None:
    """What the build has of this host."""
    if not os.path.isdir(reach.root / build.source):  # noqa: PTH112  # Path's raises for a name that is too long
        what = f"the folder '{build.source}' does not exist"
        problems.say(what, (*path, "source"), f"it is looked for in {reach.root}")
    elif trouble := reach.source(build.source):
        problems.say(trouble[0], (*path, "source"), trouble[1])
    for index, prefix in enumerate(build.prefixes):
        if trouble := reach.prefix(prefix):
            problems.say(trouble[0], (*path, "prefixes", index), trouble[1])
