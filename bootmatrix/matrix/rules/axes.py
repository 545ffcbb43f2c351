"""Axes, exclude and include: names, sizes, and rules that must match something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix import plugins
from bootmatrix.errors import UserError, suggest
from bootmatrix.matrix.expanding import cells, expansion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.expanding.expansion import Cells
    from bootmatrix.matrix.keys.values import Match
    from bootmatrix.matrix.problems import Problems

COUNTABLE = 10**18
ARCHES = ("aarch64", "riscv64", "x86_64")  # of the runners that ship
SAID = {"amd64": "x86_64", "arm64": "aarch64"}  # by other names
ANY_ARCH = "command"  # the runner that ships and boots whatever it is told to
SHORTEN = "shorten the values, or name fewer axes"
MAX_ID = 200  # a path's component ends at 255 bytes, and what is made of a cell adds to its id


def check(sections: Mapping[str, Any], root: Path, problems: Problems) -> Cells:
    """The cells, made with those rules that are right; none if the axes themselves are wrong."""
    axes: Mapping[str, list[str]] = sections["axes"]
    _known(axes, sections, root, problems)
    if not _axes(axes, problems):
        return expansion.NONE
    exclude = [rule for index, rule in enumerate(sections["exclude"]) if _exclude(rule, index, axes, problems)]
    include = [entry for index, entry in enumerate(sections["include"]) if _include(entry, index, axes, problems)]
    try:
        found = expansion.expand(axes, exclude, include)
    except UserError as error:
        for problem in error.problems:
            problems.say(problem.what, ("axes",), problem.remedy, key=True)
        return expansion.NONE
    longest = max((cell.id for cell in found), key=len, default="") if found.widest > MAX_ID else ""
    if len(longest) > MAX_ID:
        problems.say(f"an id of more than {MAX_ID} characters: {longest}", ("axes",), SHORTEN, key=True)
    if not found:
        problems.say("every cell is excluded", ("exclude",), "remove an exclude", key=True)
    return found


def _axes(axes: Mapping[str, list[str]], problems: Problems) -> bool:
    before = len(problems.found)
    _names(axes, problems)
    for axis, choices in axes.items():
        _values(axis, choices, problems)
    total = cells.count(axes)
    if total > cells.MAX_CELLS:
        told = (
            f"{total:,}" if total < COUNTABLE else f"more than {COUNTABLE:,}"
        )  # Python words no number of 4300 digits
        what = f"the axes give {told} cells; the limit is {cells.MAX_CELLS:,}"
        problems.say(what, ("axes",), "split the matrix into several files, or shorten an axis", key=True)
    shortest = sum(min(map(len, choices)) + 1 for choices in axes.values())
    if shortest > MAX_ID:
        problems.say(f"the ids of the cells have more than {MAX_ID} characters", ("axes",), SHORTEN, key=True)
    return len(problems.found) == before and bool(axes)


def _names(axes: Mapping[str, list[str]], problems: Problems) -> None:
    variables: dict[str, str] = {}
    for axis in axes:
        problems.check_word(axis, ("axes", axis), "an axis")
        other = variables.setdefault(axis.upper().replace("-", "_"), axis)
        if other != axis:
            what = f"the axes '{other}' and '{axis}' map to the same environment variable"
            problems.say(what, ("axes", axis), "rename one", key=True)


def _values(axis: str, choices: list[str], problems: Problems) -> None:
    seen = set()
    for index, text in enumerate(choices):
        path: Path_ = ("axes", axis, index)
        if text in seen:
            problems.say(f"axis '{axis}' has the value '{text}' twice", path, "keep one")
        problems.check_value(text, path, f"axis '{axis}'")
        seen.add(text)


def _exclude(rule: Match, index: int, axes: Mapping[str, list[str]], problems: Problems) -> bool:
    path: Path_ = ("exclude", index)
    if not rule:
        problems.say("exclude: an empty rule would match every cell", path, "name an axis and its values")
    unknown = [key for key in rule if key not in axes]
    for key in unknown:
        problems.say(f"unknown axis '{key}'", (*path, key), suggest(key, axes), key=True)
    before = len(problems.found)
    for key in rule.keys() & axes.keys():
        for text in cells.unmatched(rule[key], axes[key]):
            what = f"exclude matches no cell: no cell has {key} '{text}'"
            problems.say(what, (*path, key), suggest(text, axes[key]))
    return bool(rule) and not unknown and len(problems.found) == before


def _include(entry: Match, index: int, axes: Mapping[str, list[str]], problems: Problems) -> bool:
    before = len(problems.found)
    if not entry:
        problems.say("include: an empty entry adds nothing", ("include", index), "name axes and values")
    for key, texts in entry.items():
        path: Path_ = ("include", index, key)
        for text in texts:
            if key in axes and cells.GLOB.search(text) and not cells.fitting([text], axes[key]):
                problems.say(f"include: no value of '{key}' matches '{text}'", path, suggest(text, axes[key]))
            problems.check_value(text, path, f"include: '{key}'")
        if key in axes:
            continue
        if (hint := suggest(key, axes)).startswith("did you mean"):
            problems.say(f"unknown axis '{key}'", path, hint, key=True)
        else:
            problems.check_word(key, path, "an axis")
    return len(problems.found) == before


def _known(axes: Mapping[str, list[str]], sections: Mapping[str, Any], root: Path, problems: Problems) -> None:
    """Every backend has a runner, every OS is an image or a host, and some backend may boot every architecture."""
    include = sections["include"]
    known = {"backend": {*plugins.known("runners", root)}, "os": {*plugins.images(root), *problems.mapping("hosts")}}
    if not _backends(axes, sections) & {ANY_ARCH, *plugins.own_names("runners", root)}:
        known["arch"] = {*ARCHES}
    for axis, names in known.items():
        places: list[tuple[Path_, str]] = [(("axes", axis, i), text) for i, text in enumerate(axes.get(axis, []))]
        places += [
            (("include", i, axis), text)
            for i, entry in enumerate(include)
            for text in entry.get(axis, [])
            if not cells.GLOB.search(text)
        ]
        for path, text in places:
            if text not in names and not (path[0] == "include" and text in axes.get(axis, [])):
                remedy = f"write {SAID[text]}" if axis == "arch" and text in SAID else suggest(text, names)
                problems.say(f"{axis} '{text}' is not known", path, remedy)


def _backends(axes: Mapping[str, list[str]], sections: Mapping[str, Any]) -> set[str]:
    """Those of the cells, and of the guests that have one of their own."""
    tests = (sections["defaults"], *sections["tests"].values())
    guests = (each for test in tests for layer in (test, *test.when) for each in layer.guests.values())
    found = {*axes.get("backend", [cells.IMPLICIT["backend"]]), *(each.backend for each in guests if each.backend)}
    return found.union(*(entry.get("backend", []) for entry in sections["include"]))
