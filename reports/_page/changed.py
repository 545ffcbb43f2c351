"""What history says of the run, grouped as `bootmatrix nightly` groups it: what is the same of several tests, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix.history import summary

if TYPE_CHECKING:
    from bootmatrix.history.findings import Change, ChangeKind, Changes

TESTS = 1000  # of a kind that are named
NOTES = 1000


def plain(changes: Changes) -> dict[str, Any]:
    """`kinds`, each with its `groups`: what is `said`, of how many tests, and their ids as far as there is room."""
    return {
        "branch": changes.branch,
        "nights": len(changes.nights),
        "kinds": [_kind(kind, group) for kind, group in summary.by_kind(changes)],
        "notes": changes.notes[:NOTES],
    }


def _kind(kind: ChangeKind, changes: list[Change]) -> dict[str, Any]:
    """`rest` is how many tests are left out with the smallest groups."""
    shown, rest = summary.alike(changes)
    groups, room = [], TESTS
    for said, tests in shown:
        groups.append({"said": said, "count": len(tests), "tests": tests[:room]})
        room -= len(tests[:room])
    return {"kind": kind, "title": summary.title(kind, len(changes)), "groups": groups, "rest": rest}
