"""What a test gives its boot besides the unikernel: files that it can read, disks, and what placeholders stand for."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootmatrix.boots.tenders import BUILD, nearest_file
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix import filling, template
from bootmatrix.model import MIB, Block
from bootmatrix.places.disks import Disk, beside
from bootmatrix.planning import sources
from bootmatrix.planning.sources import is_below
from bootmatrix.quantities import human_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.matrix.keys.blocks import Disk as Wanted
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Boot, Runner
    from bootmatrix.places.place import Mount, Place
    from bootmatrix.planning.step import BootStep

SHOWN = "/files"  # where a boot sees the repository's files, inside an image


@dataclass(frozen=True)
class Given:
    """Of one test in one place: how that shows its files (`mounts`), what placeholders stand for on this host (`here`)
    and inside the place (`inside`), but for the attempt's, and the folders that files may come from (`roots`).
    """

    mounts: tuple[Mount, ...] = ()
    here: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Disks:
    """Of one attempt: what is made, by name, and what the runner is told of each."""

    made: Mapping[str, Disk] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()


@dataclass
class Shared:
    """What many boots have in common, looked for once: where a build's output is inside, and a test's placeholders."""

    _outputs: dict[tuple[str, Path], str] = field(default_factory=dict)
    _names: dict[tuple[int, int], frozenset[str]] = field(default_factory=dict)  # by ids: the plan keeps them all

    def output(self, place: Place, output: Path) -> str:
        """Its path inside."""
        key = (place.name, output)
        if key not in self._outputs:
            self._outputs[key] = place.mount(output, BUILD).inside
        return self._outputs[key]

    def names(self, step: BootStep) -> frozenset[str]:
        """Those of its placeholders that the test's fields have, or its runner's options."""
        key = (id(step.template), id(step.runner))
        if key not in self._names:
            self._names[key] = frozenset(filling.names(step.template)).union(_names(step.runner))
        return self._names[key]


def of(step: BootStep, fields: TestFields, place: Place, output: Path | None, shared: Shared) -> Given:
    """Raises UserError for a file that is not there, or a placeholder that has no value here."""
    roots = (step.root, *([output] if output else []))
    here = step.placeholders
    inside = dict(here)
    if output:
        here[template.OUTPUT], inside[template.OUTPUT] = str(output), shared.output(place, output)
    mounts = []
    for name, text in filling.of_key(fields, "files", here).items() if fields.files else ():
        file = _file(text, f"the file '{name}'", roots, step)
        seen, mount = _seen(place, file, name, step.root, output)
        here[template.FILES + name], inside[template.FILES + name] = str(file), seen
        mounts += [mount] if mount else []
    _check_names(shared.names(step), fields, inside)
    return Given(tuple(mounts), here, inside, roots)


def disks(given: Given, fields: TestFields, step: BootStep, attempt: int, folder: str) -> Disks:
    """Those of an attempt whose other files will be in `folder`. Raises UserError for a file that is not there."""
    if not fields.blocks:
        return Disks()
    made, blocks = {}, []
    for key, wanted in filling.of_key(fields, "blocks", {**given.here, "attempt": str(attempt)}).items():
        disk = _disk(key, wanted, given, step)
        for name in wanted.names(key):
            if name in made:
                remedy = "rename one: `count` makes names that end in a number"
                raise UserError(Problem(f"two disks are called '{name}'", remedy=remedy))
            made[name] = disk
            path = f"{beside(folder)}/{name}"
            blocks.append(Block(name, path, disk.size, wanted.sector, wanted.read_only))
    return Disks(made, tuple(blocks))


def _disk(name: str, wanted: Wanted, given: Given, step: BootStep) -> Disk:
    if not wanted.file:
        return Disk(wanted.size or 0, read_only=wanted.read_only)
    file = _file(wanted.file, f"the file of the disk '{name}'", given.roots, step)
    held = file.stat().st_size
    size = wanted.size or held
    if size < held:
        what = f"the disk '{name}' has {human_size(size)}, but its file {file.name} has {human_size(held)}"
        raise UserError(Problem(what, remedy="leave out `size`, or make it larger"))
    if not size:
        raise UserError(Problem(f"the file of the disk '{name}', {file.name}, is empty", remedy="give it a `size`"))
    return Disk(size, file, _root(file, given.roots), wanted.read_only)


def _file(text: str, what: str, roots: tuple[Path, ...], step: BootStep) -> Path:
    """A plain file of the repository or of the build's output, whatever the matrix or a link says."""
    file = Path(os.path.abspath(step.root / text))  # noqa: PTH100  # links are followed below
    root = _root(file, roots)
    if root == step.root:
        if trouble := sources.trouble(text, what, root, root, sources.MADE if step.build else ""):
            raise UserError(trouble)
        return file
    if not is_below(file, root):
        raise UserError(Problem(f"{what}, '{text}', is outside of {root}", remedy=sources.OUTSIDE))
    if not os.path.isfile(file):  # noqa: PTH113  # Path's raises at a loop of links
        name = os.path.relpath(file, root)
        where = f"build {step.build.id}" if step.build else str(root)
        what = f"{what}, '{name}' in {where}, is not there, or is not a regular file"
        raise UserError(Problem(what, remedy=nearest_file(root, name)))
    return file


def _root(file: Path, roots: tuple[Path, ...]) -> Path:
    """The folder that a file must not leave: the build's output if it is one of that, else the repository's."""
    return next((each for each in reversed(roots) if file.is_relative_to(each)), roots[0])


def _seen(place: Place, file: Path, name: str, root: Path, output: Path | None) -> tuple[str, Mount | None]:
    """Its path inside the place, and what must be mounted for it besides the build's output."""
    if output and file.is_relative_to(output):
        return f"{place.mount(output, BUILD).inside}/{os.path.relpath(file, output)}", None
    mount = place.mount(place.bring(file, root), f"{SHOWN}/{name}")
    return mount.inside, mount


def _check_names(names: frozenset[str], fields: TestFields, known: Mapping[str, str]) -> None:
    """A file or a network that another override names, or an output without a build, stands for nothing here."""
    own = {template.BLOCKS + name for key, wanted in fields.blocks.items() for name in wanted.names(key)}
    for name in sorted(names - known.keys() - own):
        if name == template.OUTPUT or name.startswith((template.FILES, template.BLOCKS, template.NET, template.GUESTS)):
            raise UserError(_without_value(name, fields))


def _without_value(name: str, fields: TestFields) -> Problem:
    if name == template.OUTPUT:
        return Problem("{output} is used, but the test has no build here", remedy="name one: `build`")
    key, _, word = name.partition(".")
    key = "nets" if name.startswith(template.NET) else key
    what = f"{{{name}}} is used, but the test's `{key}` do not have it here"
    if key in {"files", "blocks"}:
        return Problem(what, remedy=suggest(word, getattr(fields, key)) or f"add it to `{key}`")
    return Problem(what, remedy="another override has it: use it there, or add it here")


def _names(runner: Runner) -> Iterator[str]:
    for _, words in _options(runner):
        for word in _words(words):
            yield from template.names(word) if "{" in word else ()


def _options(runner: Runner) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """The options of a runner in which placeholders are filled in."""
    for name in runner.filled:
        words = getattr(runner, name, ())
        if isinstance(words, str) or (isinstance(words, tuple) and all(isinstance(word, str) for word in words)):
            yield name, words


def _words(option: str | tuple[str, ...]) -> tuple[str, ...]:
    return (option,) if isinstance(option, str) else option


def runner(plain: Runner, boot: Boot, values: Mapping[str, str]) -> Runner:
    """The runner with its options filled in for one boot, of which `values` are what other keys know, too; the same
    where there is nothing to fill in.
    """
    wanted = [(name, words) for name, words in _options(plain) if any("{" in word for word in _words(words))]
    if not wanted:
        return plain
    known = {**values, **_of_boot(boot)}
    changed: dict[str, Any] = {}
    for name, words in wanted:
        if isinstance(words, str):
            changed[name] = template.fill(words, known)
            continue
        each = (boot.args if word == "{args}" else (template.fill(word, known),) for word in words)
        changed[name] = tuple(text for texts in each for text in texts)
    return replace(plain, **changed)


def _of_boot(boot: Boot) -> dict[str, str]:
    """What only placeholders of a runner's options stand for; memory is told in MiB."""
    disks = {template.BLOCKS + block.name: block.path for block in boot.blocks}
    return {"unikernel": boot.unikernel, "memory": str(-(-boot.memory // MIB)), "cpus": str(boot.cpus), **disks}
