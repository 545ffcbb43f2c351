"""The plan: images <- builds <- boots, each with its content key. Reads the matrix, the images' folders and the
sources; starts nothing.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix import keys, plugins
from bootmatrix.engines import Engine
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.judging import quarantine
from bootmatrix.matrix import resolve, template
from bootmatrix.matrix.expanding import cells
from bootmatrix.matrix.keys import nets
from bootmatrix.matrix.keys.checks import asked
from bootmatrix.matrix.rules.guests import circle as circle_of
from bootmatrix.model import Cell, Rejected
from bootmatrix.planning import counts, networks, sources
from bootmatrix.planning.sites import Sites
from bootmatrix.planning.step import BootStep
from bootmatrix.toolchains import build, toolchain
from bootmatrix.toolchains.build import BuildStep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bootmatrix.errors import Mark
    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.guests import Guest
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.load import Matrix
    from bootmatrix.model import Interface, Runner, Tender
    from bootmatrix.model.remote import Remote
    from bootmatrix.toolchains.toolchain import Image


@dataclass(frozen=True)
class Plan:
    """Everything that a run does; `root` is the folder of the matrix, `engine` where, `axes` the cells'."""

    root: Path
    engine: Engine
    images: tuple[Image, ...]
    builds: tuple[BuildStep, ...]
    boots: tuple[BootStep, ...]
    axes: tuple[str, ...] = ()

    @property
    def remotes(self) -> tuple[Remote, ...]:
        """The hosts over SSH that it needs."""
        return tuple(dict.fromkeys(boot.remote for boot in self.boots if boot.runs and boot.remote))

    @property
    def protocols(self) -> list[str]:
        """Those in which guests report their cases."""
        parts = (part for boot in self.boots if boot.runs for part in boot.parts)
        return sorted({part.template.cases for part in parts if part.template.cases})

    @property
    def key(self) -> str:
        """What would be done, by content: the same for the same matrix, sources and selection."""
        made = ([image.tag for image in self.images], [build.key for build in self.builds])
        parts = ((part, boot) for boot in self.boots for part in boot.parts)
        return keys.of(self.engine, made, *((part.id, boot.skip, part.template, part.runner) for part, boot in parts))


def make(
    matrix: Matrix,
    terms: Sequence[str] = (),
    engine: str = Engine.DOCKER,
    wanted: Callable[[str], bool] = lambda _id: True,
) -> Plan:
    """`wanted` is asked for each boot's id. Raises UserError if a selection takes nothing, if a cell's image lacks its
    compiler, or if a file of the repository is not there.
    """
    where = Engine(engine)
    maker, resolver = _Maker(matrix, where), resolve.Resolver(matrix)
    boots = [
        maker.boot(cell, name, params, fields, resolver.guests(fields))
        for cell, name, test, params in resolve.selected(matrix, terms)
        if wanted(f"{cell.id}/{cells.test_id(name, params)}")
        for fields in (resolver.fields(cell, test, params),)
    ]
    running = [part for boot in boots if boot.runs for part in boot.parts]
    sources.check(matrix, running)
    builds = tuple({boot.build.key: boot.build for boot in running if boot.build}.values())
    needed = [image for boot in running for image in (boot.image, *boot.besides.values()) if image]
    return Plan(matrix.root, where, tuple(dict.fromkeys(needed)), builds, tuple(boots), tuple(matrix.cells.keys))


def options(matrix: Matrix, engine: Engine) -> tuple[str, ...]:
    """What a command needs to find the same boots again, as the user gave it."""
    return (*(() if engine == Engine.DOCKER else ("--engine", engine)), *matrix.named)


class _Maker:
    """Makes steps; equal images, builds, runners and tenders are made once."""

    def __init__(self, matrix: Matrix, engine: Engine) -> None:
        self.matrix, self.engine = matrix, engine
        self.options = options(matrix, engine)
        self.sites = Sites(matrix, engine)
        self.builds: dict[tuple[object, ...], BuildStep] = {}
        self.sources: dict[Path, str] = {}
        self.backends: dict[tuple[object, ...], tuple[Runner, Tender | None, str]] = {}
        self.parts: dict[tuple[str | None, str], tuple[Image | None, BuildStep | None]] = {}
        self.networks = nets.networks(matrix.nets)
        self.interfaces: dict[tuple[int, ...], list[tuple[Interface, ...]]] = {}

    def boot(
        self, cell: Cell, name: str, params: Mapping[str, str], fields: TestFields, of_guests: Mapping[str, TestFields]
    ) -> BootStep:
        """The step of a test; `of_guests` are the fields of its guests, if it has several."""
        if not of_guests:
            (interfaces,) = self._interfaces(name, {"": fields})
            step = self._boot(cell, name, params, fields, interfaces)
            counts.check(name, fields, step.runner)
            return step
        whole = self._boot(cell, name, params, fields, ())
        _check_guests(whole.id, fields.guests, of_guests, functools.partial(self._where, name))
        every = dict(zip(of_guests, self._interfaces(name, of_guests), strict=True))
        found = {}
        for guest, own in of_guests.items():
            others = (networks.placeholders(each, f"{template.GUESTS}{name}.") for name, each in every.items())
            backend = fields.guests[guest].backend
            step = self._boot(cell, name, params, own, every[guest], backend)
            found[guest] = replace(
                step,
                id=f"{whole.id}:{guest}",
                guest=guest,
                after=tuple(fields.guests[guest].after),
                others={word: text for words in others for word, text in words.items()},
            )
        error = next((each.told(each.error) for each in found.values() if each.error), "")
        return replace(whole, guests=found, error=error, build=None)

    def _boot(
        self,
        cell: Cell,
        name: str,
        params: Mapping[str, str],
        fields: TestFields,
        interfaces: tuple[Interface, ...],
        backend: str | None = None,
    ) -> BootStep:
        backend, arch = backend or cells.value(cell, "backend"), cells.value(cell, "arch")
        runner, tender, error = self._backend(backend, arch, fields)
        test = cells.test_id(name, params)
        skip = fields.skip or self.sites.unfit(cell)
        image, step = self._parts(fields.build, cell, needed=not (skip or error))
        return BootStep(
            id=f"{cell.id}/{test}",
            cell=cell,
            name=name,
            test=test,
            params=params,
            backend=backend,
            arch=arch,
            root=self.matrix.root,
            template=fields,
            runner=runner,
            tender=tender,
            image=image,
            build=step,
            skip=skip,
            error=error,
            quarantine=quarantine.of(self.matrix, cell, name, params),
            where=self.matrix.places.get(name, ""),
            options=self.options,
            interfaces=interfaces,
            besides=self._besides(cell, fields) if fields.checks or fields.ready else {},
            remote=self.sites.remote(cell),
        )

    def _besides(self, cell: Cell, fields: TestFields) -> dict[str, Image]:
        """The images that its checks name, with the cell's other values. Raises UserError if there is none such."""
        found = {}
        for name in {each.command.image for each in asked(fields.ready, fields.checks) if each.command} - {""}:
            if name not in self.sites.folders:
                what = f"a check is to be run in the image '{name}', which there is not"
                raise UserError(Problem(what, remedy=suggest(name, self.sites.folders)))
            if self.engine.has_images:
                found[name] = toolchain.image_of(Cell(cell.id, {**cell.values, "os": name}), self.sites.folders)
        return found

    def _interfaces(self, test: str, guests: Mapping[str, TestFields]) -> list[tuple[Interface, ...]]:
        """Those of a test's guests, made once for all boots that share its fields."""
        if not any(each.nets for each in guests.values()):
            return [()] * len(guests)
        known = tuple(map(id, guests.values()))
        if known not in self.interfaces:
            of_each = {name: each.nets for name, each in guests.items()}
            where = functools.partial(self._where, test)
            self.interfaces[known] = networks.interfaces(of_each, self.networks, where)
        return self.interfaces[known]

    def _where(self, test: str, path: Path_) -> Mark:
        """The place of something of a test, or of the test itself where that comes from elsewhere."""
        return self.matrix.where(("tests", test, *path))

    def _backend(self, backend: str, arch: str, fields: TestFields) -> tuple[Runner, Tender | None, str]:
        """The runner, its tender, and why it has none."""
        known = (backend, arch, id(fields.runner))
        if known not in self.backends:
            runner = plugins.make_runner(backend, fields.runner, self.matrix.root)
            try:
                tender = runner.tender(arch)
                if tender.prefix and self.engine.has_images:
                    keys.of_prefix(tender.prefix)  # a boot sees it, too, and must not see a socket
                self.backends[known] = (runner, tender, "")
            except Rejected as rejected:
                error = f"{rejected}; {rejected.remedy}" if rejected.remedy else str(rejected)
                self.backends[known] = (runner, None, error)
        return self.backends[known]

    def _parts(self, build: str | None, cell: Cell, *, needed: bool) -> tuple[Image | None, BuildStep | None]:
        """The cell's image and build; neighbours in the plan are of one cell."""
        known = (build if needed else None, cell.id)
        if known not in self.parts:
            self.parts.clear()
            image = self.sites.image(cell)
            self.parts[known] = (image, self._build(build, cell) if build and needed else None)
        return self.parts[known]

    def _build(self, name: str, cell: Cell) -> BuildStep:
        """The build for the axes that it names; its OS and its image's own axes are always among them."""
        spec = self.matrix.builds[name]
        image = self.sites.image(cell)
        named = spec.axes if spec.axes is not None else [axis for axis in cell.values if axis != "backend"]
        needed = ["os", *(axis for axis, _ in image.args)] if image else ["os"]
        values = {
            axis: cells.value(cell, axis) for axis in [*cell.values, *named, *needed] if axis in {*named, *needed}
        }
        known = (name, tuple(values.items()))
        if known not in self.builds:
            shown = [text for axis, text in values.items() if axis in cell.values]
            label = "-".join(map(cells.slug, [name, *shown]))
            self.builds[known] = self._new_build(name, label, image, Cell(cell.id, values))
        return self.builds[known]

    def _new_build(self, name: str, label: str, image: Image | None, cell: Cell) -> BuildStep:
        spec = self.matrix.builds[name]
        remote, compilers = self.sites.remote(cell), self._compilers(cell)
        env = {**build.variables({**cells.IMPLICIT, **cell.values}), **compilers}
        del env["BACKEND"]  # a build serves them all, unless it names that axis
        env.update(build.variables(cell.values))
        source = (self.matrix.root / spec.source).resolve()
        programs = {words.split()[0] for words in compilers.values() if words.strip()}
        elsewhere = f"the host {remote.name}" if remote else image.tag if image else ""
        place = elsewhere or keys.of_programs({*programs, "sh"})
        key = build.key_of(spec, self._source(source), place, env, here=not remote)
        return BuildStep(name, label, spec, source, image, env, key, self.matrix.file, remote)

    def _compilers(self, cell: Cell) -> dict[str, str]:
        """Raises UserError, at the place of the compiler's name, if the cell's site does not have it."""
        try:
            return self.sites.compilers(cell)
        except UserError as error:
            name, choices = cells.value(cell, "compiler"), self.matrix.axes.get("compiler", [])
            place = ("axes", "compiler", choices.index(name)) if name in choices else ("axes",)
            where = self.matrix.where(place)
            raise UserError(*(replace(each, where=each.where or where) for each in error.problems)) from None

    def _source(self, folder: Path) -> str:
        """A source's own key, read once however many builds share it."""
        if folder not in self.sources:
            self.sources[folder] = keys.of_files(folder, keys.source_files(folder, self.matrix.file))
        return self.sources[folder]


def _check_guests(
    test: str, guests: Mapping[str, Guest], of_guests: Mapping[str, TestFields], where: Callable[[Path_], Mark]
) -> None:
    """Raises UserError if a guest waits for one that is not there, that nothing calls ready, or that waits for it, or
    if there is nothing to wait for at all.
    """
    for name, guest in guests.items():
        for other in guest.after:
            place = where(("guests", name, "after", other))
            if other not in of_guests:
                what = f"{test}: the guest '{name}' waits for '{other}', which is not there on this cell"
                raise UserError(Problem(what, place, "override its `after` where the other is not"))
            if not of_guests[other].ready:
                remedy = f"say what tells that '{other}' is ready: `ready`"
                raise UserError(Problem(f"{test}: nothing tells '{name}' that '{other}' is ready", place, remedy))
    if not any(each.ready or each.checks or not each.expect.stops for each in of_guests.values()):
        remedy = "give one of its guests `ready` or `checks`, or an outcome to which it comes by itself"
        raise UserError(Problem(f"{test}: nothing ever ends this test", where(()), remedy))
    if circle := circle_of({name: guest.after for name, guest in guests.items()}):
        what = f"{test}: these guests wait for one another: {', '.join(circle[1:])}"
        raise UserError(Problem(what, where(("guests", circle[1], "after")), "let one of them not wait: `after`"))
