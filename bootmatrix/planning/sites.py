"""Where a cell is built and booted: in an image, on a host over SSH that its `os` names, or on this host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import host, plugins
from bootmatrix.matrix.expanding import cells
from bootmatrix.matrix.keys import hosts
from bootmatrix.toolchains import toolchain

if TYPE_CHECKING:
    from bootmatrix.engines import Engine
    from bootmatrix.matrix.load import Matrix
    from bootmatrix.model import Cell
    from bootmatrix.model.remote import Remote
    from bootmatrix.toolchains.toolchain import Image

SYSTEMS = {"CC": "cc", "LD": "ld", "OBJCOPY": "objcopy"}  # a host's own, where a matrix names no compiler


class Sites:
    """Those of a matrix's cells; `folders` are the images' by their names."""

    def __init__(self, matrix: Matrix, engine: Engine) -> None:
        self.engine, self.hosts = engine, matrix.hosts
        self.folders = plugins.images(matrix.root)
        named = {values.get("compiler") for values in matrix.cells.on(("compiler",))} if matrix.hosts else set()
        self._remotes = hosts.remotes(matrix.hosts, [name for name in named if name])

    def remote(self, cell: Cell) -> Remote | None:
        return self._remotes.get(cells.value(cell, "os"))

    def image(self, cell: Cell) -> Image | None:
        """None where there are no images, and on a host over SSH."""
        return toolchain.image_of(cell, self.folders) if self.engine.has_images and not self.remote(cell) else None

    def unfit(self, cell: Cell) -> str:
        """Why the cell cannot be tried, empty if it can: on a host over SSH one of another architecture, and without
        containers all of another OS than this host's.
        """
        wanted = cells.value(cell, "os")
        if self.remote(cell):
            arch, possible = cells.value(cell, "arch"), self.hosts[wanted].arch
            return "" if arch in possible else f"the host {wanted} is for {', '.join(possible)}, not for {arch}"
        if not self.engine.has_images and "os" in cell.values and wanted != host.os_name():
            here = f"this host runs {host.os_name()}, but the cell wants {wanted}"
            return f"{here}; --engine docker uses an image instead"
        return ""

    def compilers(self, cell: Cell) -> dict[str, str]:
        """CC, LD and OBJCOPY for builds. Raises UserError if there is no such compiler."""
        name = cells.value(cell, "os")
        if not self.remote(cell):
            return toolchain.compiler_environment(cell, self.folders[name])
        if not self.hosts[name].compilers and "compiler" not in cell.values:
            return dict(SYSTEMS)
        return toolchain.compilers_of(cell, self.hosts[name].compilers, f"the host {name}")
