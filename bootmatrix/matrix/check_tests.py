"""Builds and tests: names that must exist, matches that must fit, placeholders that must be known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bootmatrix import plugins
from bootmatrix.errors import UserError, suggest
from bootmatrix.matrix import cells, template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.problems import Problems
    from bootmatrix.matrix.schema import Match
    from bootmatrix.model import Cell

MAX_BOOTS = 5_000_000
PATTERNS = ("console", "console_any", "console_not")


def check(sections: Mapping[str, Any], found: list[Cell], root: Path, problems: Problems) -> None:
    checker = _Checker(sections, found, root, problems)
    checker.builds()
    checker.tests()


class _Checker:
    def __init__(self, sections: Mapping[str, Any], found: list[Cell], root: Path, problems: Problems) -> None:
        self.sections, self.cells, self.root, self.problems = sections, found, root, problems
        self.axes = {key: None for cell in found for key in cell.values} if sections["include"] else sections["axes"]
        self.runners = set(plugins.names("runners", root))

    def builds(self) -> None:
        say = self.problems.say
        for name, build in self.sections["builds"].items():
            path: Path_ = ("builds", name)
            self.problems.check_name(name, path, "a build")
            for index, axis in enumerate(build.axes or []):
                if axis not in self.axes and axis not in cells.IMPLICIT:
                    say(f"unknown axis '{axis}'", (*path, "axes", index), suggest(axis, self.axes))
            if not (self.root / build.source).is_dir():
                say(
                    f"the folder '{build.source}' does not exist",
                    (*path, "source"),
                    f"it is looked for in {self.root}",
                )
            for variable in build.env:
                if not re.fullmatch(r"[A-Za-z_]\w*", variable, re.ASCII):
                    say(f"'{variable}' is no name of a variable", (*path, "env", variable), key=True)
            for index, prefix in enumerate(build.prefixes):
                if not prefix.startswith("/") or prefix == "/" or ":" in prefix:
                    say(
                        f"'{prefix}' is no folder below /",
                        (*path, "prefixes", index),
                        "write it as /usr/local",
                    )

    def tests(self) -> None:
        every = {key for test in self.sections["tests"].values() for key in test.params}
        self._fields(self.sections["defaults"], ("defaults",), every)
        boots = 0
        for name in self.problems.raw("tests") or {}:
            path: Path_ = ("tests", name)
            self.problems.check_name(name, path, "a test")
            test = self.sections["tests"].get(name)
            self._texts(path, set(self.problems.raw("tests", name, "params") or {}))
            if test is None:
                continue
            boots += cells.count(test.params) * len(self.cells)
            if boots > MAX_BOOTS:
                what = f"the tests come to more than {MAX_BOOTS:,} boots"
                self.problems.say(what, path, "shorten a list of parameters", key=True)
                return
            self._params(test.params, path)
            for index, match in enumerate(test.only):
                self._match(match, (*path, "only", index), {})
            self._fields(test, path, test.params)

    def _params(self, params: Mapping[str, list[str]], path: Path_) -> None:
        for key, choices in params.items():
            here = (*path, "params", key)
            self.problems.check_word(key, here, "a parameter")
            if key in self.axes or key in cells.IMPLICIT or key in template.BUILTIN:
                self.problems.say(
                    f"parameter '{key}' has the name of an axis or a placeholder", here, "rename it", key=True
                )
            seen = set()
            for index, text in enumerate(map(cells.slug, choices)):
                if text in seen:
                    self.problems.say(
                        f"parameter '{key}' has two values that read '{text}'", (*here, index), "rename one"
                    )
                seen.add(text)

    def _fields(self, fields: Any, path: Path_, params: Any) -> None:
        self._runner(fields, path, self.cells)
        if path == ("defaults",):
            self._texts(path, set(params))
        for index, when in enumerate(fields.when):
            here = (*path, "when", index)
            fitting = self._match(when.match, (*here, "match"), params)
            self._runner(when, here, fitting)

    def _match(self, match: Match, path: Path_, params: Any) -> list[Cell]:
        """The cells that fit; says so where a key is unknown or nothing fits."""
        on_axes = {key: globs for key, globs in match.items() if key not in params}
        values = self.axes if not isinstance(params, dict) else {**self.axes, **params}
        unknown = [key for key in on_axes if key not in self.axes and key not in cells.IMPLICIT]
        for key in unknown:
            self.problems.say(f"unknown axis '{key}'", (*path, key), suggest(key, values), key=True)
        for key, globs in match.items():
            if isinstance(params, dict) and key in params and not cells.fitting(globs, params[key]):
                self.problems.say(
                    f"matches no test: {key} is never {globs}", (*path, key), suggest(globs[0], params[key])
                )
        found = [cell for cell in self.cells if cells.matches({**cells.IMPLICIT, **cell.values}, on_axes)]
        if self.cells and on_axes and not found and not unknown:
            key, globs = next(iter(on_axes.items()))
            known = {cells.value(cell, key) for cell in self.cells}
            self.problems.say(f"matches no cell: {_shown(match)}", (*path, key), suggest(globs[0], known))
        return found

    def _texts(self, path: Path_, params: set[str]) -> None:
        """Build names and placeholders, read from the file itself, so that another error does not hide them."""
        raw = self.problems.raw(*map(str, path))
        known = {*self.axes, *cells.IMPLICIT, *template.BUILTIN, *params}
        for here, layer in _layers(raw, path):
            build, builds = layer.get("build"), self.problems.raw("builds") or {}
            if isinstance(build, str) and build not in builds:
                self.problems.say(f"there is no build '{build}'", (*here, "build"), suggest(build, builds))
            for place, text in _templates(layer):
                for unknown in sorted(template.names(text) - known):
                    what = f"the placeholder {{{unknown}}} names no axis or parameter"
                    self.problems.say(
                        what,
                        (*here, *place),
                        f"{suggest(unknown, known)}; {{{{{unknown}}}}} stands for itself",
                    )

    def _runner(self, fields: Any, path: Path_, found: list[Cell]) -> None:
        """A runner's options are its dataclass's fields, for every backend that they reach."""
        if "runner" not in fields.model_fields_set:
            return
        said = set()
        for backend in sorted({cells.value(cell, "backend") for cell in found} & self.runners):
            try:
                plugins.make_runner(backend, fields.runner, self.root)
            except UserError as error:
                for problem in error.problems:
                    key = problem.where.file if problem.where else ""
                    if (key, problem.remedy) not in said:
                        what = f"runner '{backend}': {problem.what}"
                        self.problems.say(what, (*path, "runner", key), problem.remedy, key=True)
                    said.add((key, problem.remedy))


def _layers(raw: Any, path: Path_) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    if isinstance(raw, dict):
        yield path, raw
        when = raw.get("when")
        for index, layer in enumerate(when if isinstance(when, list) else []):
            if isinstance(layer, dict):
                yield (*path, "when", index), layer


def _templates(layer: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    """The texts that may hold placeholders, each with its place."""
    expect = layer.get("expect")
    listed = {("unikernel",): layer.get("unikernel"), ("args",): layer.get("args")}
    listed |= {("expect", key): expect.get(key) for key in PATTERNS} if isinstance(expect, dict) else {}
    for path, value in listed.items():
        for index, text in enumerate(value if isinstance(value, list) else [value]):
            shown = next(iter(text.values()), None) if isinstance(text, dict) else text
            if isinstance(shown, str):
                yield ((*path, index) if isinstance(value, list) else path), shown


def _shown(match: Match) -> str:
    return ", ".join(f"{key}: {', '.join(globs)}" for key, globs in match.items())
