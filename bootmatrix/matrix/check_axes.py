"""Axes, exclude and include: names, sizes, and rules that must match something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix import plugins
from bootmatrix.errors import UserError, suggest
from bootmatrix.matrix import cells

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.problems import Problems
    from bootmatrix.matrix.schema import Match
    from bootmatrix.model import Cell

Axes = "Mapping[str, list[str]]"


def check(sections: Mapping[str, Any], root: Path, problems: Problems) -> list[Cell]:
    """The cells, made with those rules that are right; none if the axes themselves are wrong."""
    axes: Mapping[str, list[str]] = sections["axes"]
    _plugins(axes, sections["include"], root, problems)
    if not _axes(axes, problems):
        return []
    exclude = [rule for index, rule in enumerate(sections["exclude"]) if _exclude(rule, index, axes, problems)]
    include = [entry for index, entry in enumerate(sections["include"]) if _include(entry, index, axes, problems)]
    try:
        found = cells.expand(axes, exclude, include)
    except UserError as error:
        for problem in error.problems:
            problems.say(problem.what, ("axes",), problem.remedy, key=True)
        return []
    if not found:
        problems.say("every cell is excluded", ("exclude",), "remove an exclude", key=True)
    return found


def _axes(axes: Mapping[str, list[str]], problems: Problems) -> bool:
    before = len(problems.found)
    for axis, choices in axes.items():
        problems.check_word(axis, ("axes", axis), "an axis")
        seen = set()
        for index, text in enumerate(choices):
            if text in seen:
                problems.say(f"axis '{axis}' has the value '{text}' twice", ("axes", axis, index), "keep one")
            if "\n" in text or len(text) > 128:  # noqa: PLR2004  # a path's component ends at 255 bytes
                problems.say(f"axis '{axis}': a value is one line of at most 128 characters", ("axes", axis, index))
            seen.add(text)
    total = cells.count(axes)
    if total > cells.MAX_CELLS:
        what = f"the axes multiply to {total:,} cells; {cells.MAX_CELLS:,} are possible"
        problems.say(what, ("axes",), "split the matrix into several files, or shorten an axis", key=True)
    return len(problems.found) == before and bool(axes)


def _exclude(rule: Match, index: int, axes: Mapping[str, list[str]], problems: Problems) -> bool:
    path: Path_ = ("exclude", index)
    if not rule:
        problems.say("exclude: an empty rule would match every cell", path, "name an axis and its values")
    unknown = [key for key in rule if key not in axes]
    for key in unknown:
        problems.say(f"unknown axis '{key}'", (*path, key), suggest(key, axes), key=True)
    missing = [key for key in rule if key in axes and not cells.fitting(rule[key], axes[key])]
    for key in missing:
        what = f"exclude matches no cell: {key} is never {' or '.join(map(repr, rule[key]))}"
        problems.say(what, (*path, key), suggest(rule[key][0], axes[key]))
    return bool(rule) and not unknown and not missing


def _include(entry: Match, index: int, axes: Mapping[str, list[str]], problems: Problems) -> bool:
    before = len(problems.found)
    if not entry:
        problems.say("include: an empty entry adds nothing", ("include", index), "name axes and values")
    for key, texts in entry.items():
        path: Path_ = ("include", index, key)
        if not texts:
            problems.say(f"include: '{key}' has no value", path, "give it one")
        elif key in axes:
            if any(cells.GLOB.search(t) for t in texts) and not cells.fitting(texts, axes[key]):
                problems.say(f"include: no value of '{key}' fits {texts}", path, suggest(texts[0], axes[key]))
        elif (hint := suggest(key, axes)).startswith("did you mean"):
            problems.say(f"unknown axis '{key}'", path, hint, key=True)
        else:
            problems.check_word(key, path, "an axis")
    return len(problems.found) == before


def _plugins(axes: Mapping[str, list[str]], include: list[Match], root: Path, problems: Problems) -> None:
    """Every backend has a runner and every OS an image."""
    known = {"backend": plugins.names("runners", root), "os": plugins.images(root)}
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
                problems.say(f"{axis} '{text}' is not known", path, suggest(text, names))
