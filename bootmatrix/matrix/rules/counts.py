"""What is counted: a backend must be able to, and the number's name must be free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import plugins
from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.problems import Problems

KEYS = ("count", "coverage")


def check(fields: TestFields, path: Path_, backends: Iterable[str], root: Path, problems: Problems) -> None:
    """`backends` are those of the cells that these fields are for, as far as there are runners of that name."""
    for key in (key for key in KEYS if key in fields.model_fields_set and getattr(fields, key)):
        if fields.guests:
            what = f"'{key}' is for tests of one guest, since a boot that is counted has no others to speak with"
            problems.say(what, (*path, key), f"leave out '{key}', or 'guests'", key=True)
        elif not any(_counting(backends, root)):
            can = [name for name in plugins.known("runners", root) if any(_counting([name], root))]
            what = f"'{key}' is for backends that can count instructions, and it reaches none"
            problems.say(what, (*path, key), f"possible: {', '.join(sorted(can))}", key=True)


def check_names(names: Iterable[str], layers: Iterable[TestFields], path: Path_, problems: Problems) -> None:
    """`names` are those of the metrics in all layers of a test."""
    counted = {word for layer in layers for word in layer.count}
    for name in sorted(counted & {*names}):
        what = f"metric '{name}' has the name of what is counted"
        problems.say(what, path, "rename it", key=True)


def _counting(backends: Iterable[str], root: Path) -> Iterator[bool]:
    """Of each whether it can; one whose file has an error says so elsewhere."""
    for name in backends:
        try:
            yield plugins.make_runner(name, {}, root).counts
        except UserError:
            yield True
