"""Container images: made once for each combination of the axes that a Dockerfile declares, found again by content."""

from __future__ import annotations

import functools
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bootmatrix import keys
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.matrix import cells
from bootmatrix.places import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bootmatrix.model import Cell

ARG = re.compile(r"^\s*ARG\s+([A-Za-z_][\w-]*)(?:=(\S+))?", re.MULTILINE | re.IGNORECASE)
FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.MULTILINE | re.IGNORECASE)
PREFIX = "localhost/bootmatrix"  # a local name in every engine: Podman would look for one without a host at a registry
LAST_LINES = 25


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


def of_cell(cell: Cell, folders: Mapping[str, Path]) -> Image:
    """The image of a cell; its arguments are the cell's values on the axes that the Dockerfile's `ARG`s name."""
    return _image(cells.value(cell, "os"), folders[cells.value(cell, "os")], _arguments(cell, folders))


def _arguments(cell: Cell, folders: Mapping[str, Path]) -> tuple[tuple[str, str], ...]:
    declared = _declared(folders[cells.value(cell, "os")])
    known = {**cells.IMPLICIT, **cell.values}
    return tuple((name, known[name]) for name in declared if name in known)


@functools.cache
def _declared(folder: Path) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found[1] for found in ARG.finditer((folder / "Dockerfile").read_text())))


@functools.cache
def _image(os_name: str, folder: Path, args: tuple[tuple[str, str], ...]) -> Image:
    key = keys.of(_context_key(folder), args)
    return Image(os_name, folder, args, f"{PREFIX}/{os_name.lower()}:{key}")


@functools.cache
def _context_key(folder: Path) -> str:
    return keys.of_files(folder, (str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()))


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
        from bootmatrix.errors import suggest  # noqa: PLC0415

        known = [f"{name} for {arch_}" for name, arches in compilers.items() for arch_ in arches or {}]
        what = f"the image {folder.name} has no compiler '{compiler}' for {arch} (cell {cell.id})"
        raise UserError(Problem(what, remedy=suggest(f"{compiler} for {arch}", known)))
    return dict(found)


def exists(image: Image) -> bool:
    import docker.errors  # noqa: PLC0415

    try:
        engine.client().inspect_image(image.tag)
    except docker.errors.ImageNotFound:
        return False
    except docker.errors.APIError as error:
        raise InfrastructureError(f"the engine does not answer for {image.tag}: {engine.reason(error)}") from None
    return True


_LOCKS: dict[Path, threading.Lock] = {}
_GUARD = threading.Lock()


def make(image: Image, log: Path, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Build the image, its log streamed to `say` and into the file `log`; raises InfrastructureError or UserError."""
    with _GUARD:
        lock = _LOCKS.setdefault(image.folder, threading.Lock())
    with lock:  # images of one folder share layers: the second finds those of the first
        if stop.is_set():
            raise InfrastructureError("interrupted")
        _make(image, log, stop, say)


def _make(image: Image, log: Path, stop: threading.Event, say: Callable[[str], None]) -> None:
    import docker.errors  # noqa: PLC0415

    from bootmatrix import bases  # noqa: PLC0415

    arguments = {**dict(image.args), **bases.provide(image, stop, say)}
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("w", encoding="utf-8", errors="replace") as file:
            _follow(image, arguments, stop, file.write, say)
    except docker.errors.APIError as error:
        raise InfrastructureError(f"the engine cannot build {image.name}: {engine.reason(error)}") from None
    except docker.errors.BuildError as error:
        last = "\n    ".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
        what = f"the image {image.name} failed to build: {error.msg}"
        raise UserError(Problem(what, remedy=f"the last lines of {log}:\n    {last}")) from None


def _follow(
    image: Image,
    arguments: dict[str, str],
    stop: threading.Event,
    write: Callable[[str], Any],
    say: Callable[[str], None],
) -> None:
    import docker.errors  # noqa: PLC0415

    lines = engine.client(patient=True).build(
        path=str(image.folder),
        tag=image.tag,
        buildargs=arguments,
        labels={"bootmatrix.image": image.name},
        rm=True,
        forcerm=True,
        decode=True,
        use_config_proxy=True,
    )
    for line in lines:
        if stop.is_set():
            raise InfrastructureError(
                f"the image {image.name} was interrupted"
            )  # the engine ends it with the connection
        text = str(line.get("stream") or line.get("status") or line.get("error") or "")
        write(text)
        if "error" in line:
            raise docker.errors.BuildError(str(line["error"]).strip(), iter(()))
        if text.strip():
            say(text.strip().splitlines()[-1])
