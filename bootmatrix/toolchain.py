"""What a cell is built in: an image for each combination of the axes that a Dockerfile declares, named by content."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bootmatrix import files, keys
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix import cells

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.model import Cell

ARG = re.compile(r"^\s*ARG\s+([A-Za-z_][\w-]*)(?:=(\S+))?", re.MULTILINE | re.IGNORECASE)
FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.MULTILINE | re.IGNORECASE)
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


def _arguments(cell: Cell, folders: Mapping[str, Path]) -> tuple[tuple[str, str], ...]:
    declared = _declared(folders[cells.value(cell, "os")])
    known = {**cells.IMPLICIT, **cell.values}
    return tuple((name, known[name]) for name in declared if name in known)


@functools.cache
def _declared(folder: Path) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found[1] for found in ARG.finditer(dockerfile(folder))))


def dockerfile(folder: Path) -> str:
    """The text of an image's Dockerfile; a link may lead to another image's. Raises UserError if it cannot be read."""
    file = folder / "Dockerfile"
    try:
        return files.read(file, below=folder.parent).decode("utf-8", "replace")
    except OSError as error:
        raise UserError(Problem(f"{file} cannot be read: {error.strerror or error}")) from None


@functools.cache
def _image(os_name: str, folder: Path, args: tuple[tuple[str, str], ...]) -> Image:
    key = keys.of(_context_key(folder), args)
    return Image(os_name, folder, args, f"{PREFIX}/{os_name.lower()}:{key}")


@functools.cache
def _context_key(folder: Path) -> str:
    return keys.of_files(folder, keys.source_files(folder))


@functools.cache
def data(folder: Path) -> Mapping[str, Any]:
    """image.yaml beside the Dockerfile: `base` for a bootstrap and `compilers`; empty if there is none."""
    from bootmatrix.matrix import document  # noqa: PLC0415

    file = folder / "image.yaml"
    found = document.load(file).data if file.exists() else {}
    if not isinstance(found, dict):
        raise UserError(Problem(f"{file} must be a mapping", remedy="with `base:` and `compilers:`"))
    return found


def compiler_environment(cell: Cell, folder: Path) -> dict[str, str]:
    """CC, LD and OBJCOPY of the cell's compiler and architecture, as image.yaml names them; else the plain names."""
    compiler, arch = cells.value(cell, "compiler"), cells.value(cell, "arch")
    compilers = data(folder).get("compilers")
    if not compilers:
        return {"CC": compiler, "LD": "ld", "OBJCOPY": "objcopy"}
    found = (compilers.get(compiler) or {}).get(arch)
    if found is None:
        known = [f"{name} for {arch_}" for name, arches in compilers.items() for arch_ in arches or {}]
        what = f"the image {folder.name} has no compiler '{compiler}' for {arch} (cell {cell.id})"
        raise UserError(Problem(what, remedy=suggest(f"{compiler} for {arch}", known)))
    return dict(found)
