"""What a cell is built in: an image for each combination of the axes that a Dockerfile declares, named by content."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bootmatrix import keys
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix.expanding import cells
from bootmatrix.toolchains.folder import context_key, data, dockerfile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.model import Cell

# Blanks, not line ends: over a thousand empty lines, `\s` would be tried a million times.
ARG = re.compile(r"^[ \t]*ARG[ \t]+([A-Za-z_][\w-]*)(?:=(\S+))?", re.MULTILINE | re.IGNORECASE)
FROM = re.compile(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.MULTILINE | re.IGNORECASE)
PREFIX = "localhost/bootmatrix"  # a local name in every engine: Podman would look for one without a host at a registry


@dataclass(frozen=True)
class Image:
    """An image of an OS: its folder, its build arguments and the tag that its content gives it."""

    os: str
    folder: Path = field(compare=False)
    args: tuple[tuple[str, str], ...]
    tag: str

    @property
    def name(self) -> str:
        return "-".join((self.os, *(value for _, value in self.args)))


def image_of(cell: Cell, folders: Mapping[str, Path]) -> Image:
    """The image of a cell; its arguments are the cell's values on the axes that the Dockerfile's `ARG`s name."""
    return _image(cells.value(cell, "os"), folders[cells.value(cell, "os")], _arguments(cell, folders))


def box(folder: Path) -> Image:
    """The image of a box, which is of no cell."""
    return _image(folder.name, folder, ())


def _arguments(cell: Cell, folders: Mapping[str, Path]) -> tuple[tuple[str, str], ...]:
    declared = _declared(folders[cells.value(cell, "os")])
    known = {**cells.IMPLICIT, **cell.values}
    return tuple((name, known[name]) for name in declared if name in known)


@functools.cache
def _declared(folder: Path) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found[1] for found in ARG.finditer(dockerfile(folder))))


@functools.cache
def _image(os_name: str, folder: Path, args: tuple[tuple[str, str], ...]) -> Image:
    key = keys.of(context_key(folder), args)
    return Image(os_name, folder, args, f"{PREFIX}/{os_name.lower()}:{key}")


def compiler_environment(cell: Cell, folder: Path) -> dict[str, str]:
    """CC, LD and OBJCOPY of the cell's compiler and architecture, as image.yaml names them; else the plain names."""
    return compilers_of(cell, data(folder).get("compilers"), f"the image {folder.name}")


def compilers_of(cell: Cell, compilers: Any, owner: str) -> dict[str, str]:
    """The same from a table by compilers and architectures. Raises UserError, which names the `owner` of the table, if
    the cell's are not in it.
    """
    compiler, arch = cells.value(cell, "compiler"), cells.value(cell, "arch")
    if not compilers:
        return {"CC": compiler, "LD": "ld", "OBJCOPY": "objcopy"}
    found = (compilers.get(compiler) or {}).get(arch)
    if found is None:
        known = [f"{name} for {arch_}" for name, arches in compilers.items() for arch_ in arches or {}]
        what = f"{owner} has no compiler '{compiler}' for {arch} (cell {cell.id})"
        raise UserError(Problem(what, remedy=suggest(f"{compiler} for {arch}", known)))
    return dict(found)
