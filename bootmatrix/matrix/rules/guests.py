"""Tests of several guests: whom one waits for must be there, and must not wait itself for that one."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.problems import Problems

DEFAULTS = ("defaults",)


def check(sections: Mapping[str, Any], problems: Problems) -> None:
    """Of each layer; what they come to together on a cell is seen when that is planned."""
    every = [(path, fields) for path, fields in layers(sections) if fields.guests]
    of_tests: dict[Path_, set[str]] = {}
    for path, fields in every:
        of_tests.setdefault(path[:2] if path[0] == "tests" else DEFAULTS, set()).update(fields.guests)
    for path, fields in every:
        known = set().union(*of_tests.values())
        if path[0] == "tests":
            known = of_tests[path[:2]] | of_tests.get(DEFAULTS, set())
        for name, guest in fields.guests.items():
            for other in guest.after:
                where = (*path, "guests", name, "after")
                if other not in known:
                    problems.say(f"after: the test has no guest '{other}'", where, suggest(other, known))
                elif other == name:
                    problems.say(f"after: the guest '{name}' waits for itself", where, "name another guest")


def layers(sections: Mapping[str, Any]) -> Iterator[tuple[Path_, TestFields]]:
    """The defaults and the tests, with what each overrides for some cells."""
    for path, fields in (
        (DEFAULTS, sections["defaults"]),
        *((("tests", k), v) for k, v in sections["tests"].items()),
    ):
        yield path, fields
        for index, when in enumerate(fields.when):
            yield (*path, "when", index), when


def circle(after: Mapping[str, Any]) -> list[str]:
    """Guests of which each waits for the next, the last for the first; none if there are no such. `after` names those
    that each waits for.
    """
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found[::-1]
    return []
