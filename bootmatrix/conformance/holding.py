"""Boots a backend's guests as any run does, and says what came of each capability."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix import plugins
from bootmatrix.conformance import findings, kit, suite
from bootmatrix.conformance.capabilities import NAMES
from bootmatrix.conformance.suite import Column
from bootmatrix.engines import Engine
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.history import NO_HISTORY
from bootmatrix.model import Cell
from bootmatrix.places.hosts import HERE
from bootmatrix.planning import plan
from bootmatrix.running import run
from bootmatrix.toolchains import toolchain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bootmatrix.conformance.capabilities import Capability
    from bootmatrix.conformance.findings import Finding
    from bootmatrix.conformance.kit import Kit
    from bootmatrix.errors import Fatal
    from bootmatrix.planning.plan import Plan
    from bootmatrix.screen import Screen

IMAGE = "debian-12"  # whose names compilers have here, too
COMPILERS = ("gcc", "clang")  # the first that is there, where they are this host's
HOWTO = "docs/howto-backend.md says how to write one"


@dataclass(frozen=True)
class Asked:
    """`file` would be the matrix's, beside which the project's plug-ins are; `out` is for the runs. `arches` are those
    that were asked for, none: all that a kit names. `allow`: folders that a kit may name, too.
    """

    file: Path
    out: Path
    engine: Engine
    wanted: Sequence[Capability]
    arches: tuple[str, ...] = ()
    allow: tuple[Path, ...] = ()

    @property
    def root(self) -> Path:
        return self.file.parent


@dataclass(frozen=True)
class Held:
    """A column of the table: what was found of one backend and architecture. `fatal` is why its run came to no end."""

    column: Column
    found: tuple[Finding, ...]
    interrupted: bool = False
    fatal: Fatal | None = None


def hold(backend: str, asked: Asked, screen: Callable[[], Screen]) -> Iterator[Held]:
    """A backend to the truth, by architecture; `screen` makes one for each run. Raises UserError if its kit or what it
    declares is wrong.
    """
    declared = _declared(backend, asked.root)
    found = kit.of(backend, asked.root)
    if found is None:
        arch = asked.arches[0] if asked.arches else HERE.machine
        why = f"needs guests: there is no kits/{backend}/{kit.FILE}; {HOWTO}"
        yield _none(Column(backend, arch), asked, declared, why)
        return
    known = found.architectures
    for arch in asked.arches or known:
        if arch not in known:
            why = f"needs guests for {arch}: {found.name} has {', '.join(known)}"
            yield _none(Column(backend, arch), asked, declared, why)
            continue
        column = _column(backend, arch, found, asked)
        if why := _lacks_file(found) or _lacks_tools(column, found, asked):
            yield _none(column, asked, declared, why)
        else:
            yield _held(column, found, asked, declared, screen)


def _declared(backend: str, root: Path) -> Mapping[str, str]:
    """What the runner says is impossible, and why."""
    declared = plugins.runner_class(backend, root).impossible
    if not _are_reasons(declared):
        what = f"`impossible` of the runner {backend} must map capabilities to reasons"
        raise UserError(Problem(what, remedy='as in: impossible = {"network": "this backend has none"}'))
    if unknown := [name for name in declared if name not in NAMES]:
        what = f"the runner {backend} calls '{unknown[0]}' impossible, which is no capability"
        raise UserError(Problem(what, remedy=suggest(unknown[0], NAMES)))
    return declared


def _are_reasons(declared: object) -> bool:
    """A project's own runner may have anything there."""
    return isinstance(declared, Mapping) and all(isinstance(text, str) and text for text in declared.values())


def _none(column: Column, asked: Asked, declared: Mapping[str, str], why: str) -> Held:
    return Held(column, tuple(_aside(each, declared, {}) or findings.not_run(each, why) for each in asked.wanted))


def _aside(capability: Capability, declared: Mapping[str, str], lacks: Mapping[str, str]) -> Finding | None:
    """Of a capability that is not tried; None if it is."""
    if capability.name in declared:
        return findings.impossible(capability, declared[capability.name])
    if capability.name in lacks:
        return findings.not_run(capability, lacks[capability.name])
    return None


def _held(column: Column, found: Kit, asked: Asked, declared: Mapping[str, str], screen: Callable[[], Screen]) -> Held:
    aside = {each.name: _aside(each, declared, found.file.lacks) for each in asked.wanted}
    tried = [each for each in asked.wanted if not aside[each.name]]
    if not tried:
        return Held(column, tuple(each for each in aside.values() if each))
    with suite.copied(found) as sources:
        matrix = suite.matrix(column, found, tried, sources, asked.file, asked.allow)
        steps = _repeated(plan.make(matrix, (f"arch={column.arch}",), asked.engine), column, asked)
        options = run.Options(asked.out, HERE.cores, HERE.memory, history=NO_HISTORY)
        finished = run.run(steps, screen(), options)
    told = {result.test: result for result in finished.run.results}
    judged = findings.judged(tried, [told[each.name] for each in tried], finished.folder)
    every = {**aside, **{each.capability: each for each in judged}}
    return Held(
        column,
        tuple(each for each in every.values() if each),
        interrupted=finished.run.interrupted,
        fatal=finished.fatal,
    )


def _repeated(steps: Plan, column: Column, asked: Asked) -> Plan:
    """With the command that repeats each test, which no matrix of the user's has."""
    words = ["bootmatrix", "conformance", column.backend, "--arch", column.arch]
    words += [] if asked.engine == Engine.DOCKER else ["--engine", asked.engine]
    words += [word for path in asked.allow for word in ("--allow", str(path))]
    boots = (replace(step, again=shlex.join([*words, "--only", step.name])) for step in steps.boots)
    return replace(steps, boots=tuple(boots))


def _column(backend: str, arch: str, found: Kit, asked: Asked) -> Column:
    """An image has both compilers; on this host it is that which is there."""
    if asked.engine.has_images:
        return Column(backend, arch, COMPILERS[0], found.file.os or IMAGE)
    every = [Column(backend, arch, name) for name in COMPILERS]
    return next((column for column in every if not _missing(column, found, asked)), every[0])


def _lacks_file(found: Kit) -> str:
    """Said before the guests are built, which would fail without it."""
    missing = next((path for path in found.file.defaults.requires if not HERE.has(path)), "")
    return f"needs {missing}, which this host has not" if missing else ""


def _lacks_tools(column: Column, found: Kit, asked: Asked) -> str:
    missing = "" if asked.engine.has_images else _missing(column, found, asked)
    return f"needs {missing} on PATH, to build the guests for {column.arch}" if missing else ""


def _missing(column: Column, found: Kit, asked: Asked) -> str:
    """The first of the programs that a build uses and this host lacks: the compiler's, and make."""
    values = {"compiler": column.compiler, "arch": column.arch}
    environment = toolchain.compiler_environment(Cell(column.backend, values), plugins.images(asked.root)[IMAGE])
    programs = [words.split()[0] for words in environment.values()]
    programs += ["make"] if any(command.startswith("make ") for command in found.file.build.run) else []
    return next((name for name in programs if not shutil.which(name)), "")
