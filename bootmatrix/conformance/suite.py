"""The matrix of a backend's conformance guests: as any other, but that nobody wrote it into a file."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bootmatrix import files, host, plugins
from bootmatrix.conformance.kit import FILE as KIT
from bootmatrix.matrix import document, load
from bootmatrix.toolchains import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.conformance.capabilities import Capability
    from bootmatrix.conformance.kit import Kit
    from bootmatrix.matrix.load import Matrix

SOURCES = "unikernels"
NET = "conformance"
DEFAULTS = {"memory": "64 MiB", "timeout": "2 min", "idle_timeout": "30 s"}


@dataclass(frozen=True)
class Column:
    """Of what is held to the truth at once: a backend's guests of one architecture, made by one compiler in one image,
    where there are images.
    """

    backend: str
    arch: str
    compiler: str = "gcc"
    os: str = ""


def matrix(
    column: Column, kit: Kit, wanted: Sequence[Capability], sources: Path, file: Path, allow: tuple[Path, ...]
) -> Matrix:
    """`sources` are those that `copied` gave; `file` would be the matrix's own, beside which plug-ins are; `allow` are
    folders that the kit may name, too.
    """
    made = {"axes": ["compiler", "arch"], **kit.raw["build"], "source": str(sources)}
    axes = {"compiler": column.compiler, "os": column.os, "arch": column.arch, "backend": column.backend}
    text = {
        "axes": {axis: [value] for axis, value in axes.items() if value} | {"arch": kit.architectures},
        "builds": {"guests": made},
        "nets": {NET: {}},
        "defaults": {**DEFAULTS, **(kit.raw.get("defaults") or {})},
        "tests": {each.name: _test(each, kit) for each in wanted},
    }
    return load.from_document(document.of(text, kit.name), file, (*allow, sources))


def _test(capability: Capability, kit: Kit) -> dict[str, Any]:
    test = dict(capability.test)
    if capability.name == "panic":
        test |= {"args": ["panic", kit.file.panic], "expect": {**test["expect"], "console": [kit.file.panic]}}
    return {**test, **((kit.raw.get("tests") or {}).get(capability.name) or {})}


@contextlib.contextmanager
def copied(kit: Kit) -> Iterator[Path]:
    """The sources of the guests, with the kit's own folder as `kit/` among them; removed afterwards."""
    with files.scratch("guests-", host.scratch()) as folder:
        whole = folder / SOURCES
        build.copy(plugins.builtin(SOURCES), whole, None)
        build.copy(kit.folder, whole / "kit", kit.folder / KIT)
        yield whole
