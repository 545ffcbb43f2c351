"""Tests: names that must exist, matches that must fit, placeholders and plug-ins that must be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix import plugins
from bootmatrix.errors import UserError, suggest
from bootmatrix.matrix import template
from bootmatrix.matrix.expanding import cells
from bootmatrix.matrix.expanding.combinations import Combinations
from bootmatrix.matrix.keys import meaning, soak
from bootmatrix.matrix.rules import counts
from bootmatrix.matrix.rules.texts import Known, layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.expanding.expansion import Cells
    from bootmatrix.matrix.keys.schema import Defaults, TestFields
    from bootmatrix.matrix.keys.values import Match
    from bootmatrix.matrix.problems import Problems
    from bootmatrix.matrix.rules.reach import Reach
    from bootmatrix.matrix.rules.texts import Layer

MAX_ID = 200  # a path's component ends at 255 bytes
MAX_BOOTS = 5_000_000


def check(sections: Mapping[str, Any], found: Cells, reach: Reach, problems: Problems) -> None:
    _Checker(sections, found, reach, problems).tests()


class _Checker:
    def __init__(self, sections: Mapping[str, Any], found: Cells, reach: Reach, problems: Problems) -> None:
        self.sections, self.cells, self.reach, self.problems = sections, found, reach, problems
        self.seen = Combinations(found, sections["axes"])
        self.axes = dict.fromkeys(found.keys) if sections["include"] else sections["axes"]
        self.runners = set(plugins.known("runners", reach.root))
        self.plug_ins: dict[str, list[str]] = {}

    def tests(self) -> None:
        every = {key for test in self.sections["tests"].values() for key in test.params}
        self._fields(self.sections["defaults"], ("defaults",), every, self.seen.backends({}))
        boots = 0
        for name in self.problems.mapping("tests"):
            path: Path_ = ("tests", name)
            self.problems.check_name(name, path, "a test")
            test = self.sections["tests"].get(name)
            self._texts(path, set(self.problems.mapping("tests", name, "params")))
            if test is None:
                continue
            boots += cells.count(test.params) * len(self.cells)
            if boots > MAX_BOOTS:
                what = f"the matrix has more than {MAX_BOOTS:,} boots"
                self.problems.say(what, path, "use fewer parameter values", key=True)
                return
            self._params(test.params, path)
            longest = len(name) + sum(len(key) + max(map(len, texts)) + 2 for key, texts in test.params.items())
            if longest > MAX_ID:
                what = f"the ids of its tests are up to {longest:,} characters long; the limit is {MAX_ID}"
                self.problems.say(what, path, "shorten the parameters", key=True)
            only = [self._match(match, (*path, "only", index), {}) for index, match in enumerate(test.only)]
            reached = {backend for match in only or [{}] for backend in self.seen.backends(match)}
            self._fields(test, path, test.params, reached & self.runners)
            self._metrics(test, path)

    def _metrics(self, test: Defaults, path: Path_) -> None:
        """A name stands for one number, whatever layers are merged; and what may grow is measured."""
        whole = [each for fields in (self.sections["defaults"], test) for each in (fields, *fields.when)]
        layers = [each for layer in whole for each in (layer, *layer.guests.values())]
        own = {name for layer in layers for name in layer.metrics}
        checks = [each for layer in layers for check in layer.checks for each in check.each]
        counts.check_names(own | {name for each in checks for name in each.metrics}, whole, path, self.problems)
        for name in sorted(own & {name for check in checks for name in check.metrics}):
            what = f"metric '{name}' is one of the test and one of a check, too"
            self.problems.say(what, path, "rename one of them", key=True)
        kept = {name for layer in layers for name, metric in layer.metrics.items() if metric.series}
        bounds = {name: None for layer in layers if layer.soak for name in layer.soak.max_growth}
        for name in (each for each in bounds if each not in {soak.MEMORY, *kept}):
            what = f"max_growth: there is no metric '{name}' with `series: true`"
            self.problems.say(what, path, suggest(name, {soak.MEMORY, *kept}), key=True)
        if soak.MEMORY in own and soak.MEMORY in bounds:
            what = f"max_growth: `{soak.MEMORY}` is what the host sees, and a metric of the test, too"
            self.problems.say(what, path, "rename the metric", key=True)

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
                    self.problems.say(f"parameter '{key}' has the value '{text}' twice", (*here, index), "keep one")
                seen.add(text)

    def _fields(self, fields: Any, path: Path_, params: Any, reached: set[str]) -> None:
        """`reached` are the backends of the cells that the fields are for."""
        known = self._known_to(path, params)
        self._runners(fields, path, reached, known)
        self._counts(fields, path, reached)
        if path == ("defaults",):
            self._texts(path, set(params))
        for index, when in enumerate(fields.when):
            here = (*path, "when", index)
            match = self._match(when.match, (*here, "match"), params)
            self._runners(when, here, reached & self.seen.backends(match), known)
            self._counts(when, here, reached & self.seen.backends(match))

    def _counts(self, fields: TestFields, path: Path_, reached: set[str]) -> None:
        counts.check(fields, path, reached & self.runners, self.reach.root, self.problems)

    def _match(self, match: Match, path: Path_, params: Any) -> Match:
        """The keys that are axes; says so where a key is unknown or nothing fits."""
        on_axes = {key: globs for key, globs in match.items() if key not in params}
        unknown = [key for key in on_axes if key not in self.axes and key not in cells.IMPLICIT]
        for key in unknown:
            self.problems.say(f"unknown axis '{key}'", (*path, key), suggest(key, {*self.axes, *params}), key=True)
        for key in match.keys() & params.keys() if isinstance(params, dict) else ():
            for text in cells.unmatched(match[key], params[key]):
                self.problems.say(
                    f"matches no test: no test has {key} '{text}'", (*path, key), suggest(text, params[key])
                )
        if self.cells and not unknown and not self.seen.backends(on_axes):
            key, globs = next(iter(on_axes.items()))
            what = f"matches no cell: {cells.shown({k: ', '.join(g) for k, g in match.items()})}"
            self.problems.say(what, (*path, key), suggest(globs[0], {values[key] for values in self.seen.on((key,))}))
        return on_axes

    def _texts(self, path: Path_, params: set[str]) -> None:
        """What is named, read from the file itself, so that another error does not hide it."""
        raw = self.problems.raw(*map(str, path))
        known = self._known_to(path, params)
        for layer in layers(raw, path):
            build, builds = layer.raw.get("build"), self.problems.mapping("builds")
            if isinstance(build, str) and build not in builds:
                self.problems.say(f"there is no build '{build}'", (*layer.path, "build"), suggest(build, builds))
            known.to(layer.guest).check(layer)
            self._plug_ins(layer)

    def _known_to(self, path: Path_, params: Iterable[str]) -> Known:
        return Known(self.problems, {*self.axes, *cells.IMPLICIT, *template.BUILTIN, *params}, path)

    def _plug_ins(self, layer: Layer) -> None:
        """By the names of their files: nothing is imported."""
        for key in meaning.of(layer.model).values():
            name = layer.raw.get(key.alias)
            if key.plug_in and isinstance(name, str) and name not in self._known(key.plug_in):
                what = f"{key.alias}: '{name}' is not allowed here"
                self.problems.say(what, (*layer.path, key.alias), suggest(name, self._known(key.plug_in)))

    def _known(self, folder: str) -> list[str]:
        if folder not in self.plug_ins:
            self.plug_ins[folder] = plugins.known(folder, self.reach.root)
        return self.plug_ins[folder]

    def _runners(self, fields: TestFields, path: Path_, backends: set[str], known: Known) -> None:
        """Options of a layer, and of its guests, of which some have a backend of their own."""
        others = {each.backend for each in fields.guests.values() if each.backend}
        self._runner(fields, path, backends | others, known)
        for name, each in fields.guests.items():
            reached = {each.backend} if each.backend else backends
            self._runner(each, (*path, "guests", name), reached, known.to(name))

    def _runner(self, fields: Any, path: Path_, backends: set[str], known: Known) -> None:
        """A runner's options are its dataclass's fields, for every backend that they reach."""
        if "runner" not in fields.model_fields_set:
            return
        prefix = fields.runner.get("prefix")
        if isinstance(prefix, str) and prefix and (trouble := self.reach.prefix(prefix)):
            self.problems.say(trouble[0], (*path, "runner", "prefix"), trouble[1])
        said = set()
        for backend in sorted(backends & self.runners):
            try:
                known.check_options(plugins.make_runner(backend, fields.runner, self.reach.root), fields.runner, path)
            except UserError as error:
                for problem in error.problems:
                    key = problem.where.file if problem.where else ""
                    if (key, problem.remedy) not in said:
                        what = f"runner '{backend}': {problem.what}"
                        self.problems.say(what, (*path, "runner", key), problem.remedy, key=True)
                    said.add((key, problem.remedy))
