"""How the guests are made for a backend, and booted: `kits/<backend>/kit.yaml`, the project's own first, then ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from bootmatrix import files, plugins
from bootmatrix.conformance.capabilities import NAMES, PANIC
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix import document, load
from bootmatrix.matrix.keys.parts import Strict
from bootmatrix.matrix.keys.schema import Build, Defaults, OneTest  # pydantic reads them
from bootmatrix.matrix.keys.values import Reason, Text  # noqa: TC001  # pydantic reads them
from bootmatrix.places.hosts import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bootmatrix.matrix.document import Document

FILE = "kit.yaml"
LARGEST = 1 << 20  # bytes of it


class KitFile(Strict):
    """kit.yaml: what of a backend's guests cannot be known without it."""

    build: Build = Field(description="How they are made, in a copy of their sources; this folder is `kit/` there.")
    architectures: Annotated[list[Text], Field(min_length=1)] | None = Field(
        None, description="Those that the guests can be made for; without it, this machine's."
    )
    os: Text | None = Field(None, description="The image in which they are built and booted, `debian-12` without it.")
    defaults: Defaults = Field(
        Defaults.model_construct(), description="What every test starts from, as in matrix.yaml."
    )
    tests: dict[str, OneTest] = Field({}, description="Keys of a capability's test that are others here.")
    panic: Text = Field(PANIC, description="What a kernel of this backend prints in panic.")
    lacks: dict[str, Reason] = Field({}, description="Capabilities that its guests cannot show, each with the reason.")


@dataclass(frozen=True)
class Kit:
    """A kit and its folder; `raw` is what is written there, all of it texts."""

    folder: Path
    file: KitFile
    raw: Mapping[str, Any]
    name: str

    @property
    def architectures(self) -> list[str]:
        return self.file.architectures or [HERE.machine]


def of(backend: str, root: Path) -> Kit | None:
    """The backend's kit, None if there is none; UserError with all that is wrong in it."""
    folder = plugins.kits(root).get(backend)
    if folder is None:
        return None
    name = f"kits/{backend}/{FILE}"
    source = document.parse(_text(folder / FILE), name)
    found = load.as_kind(source, KitFile)
    if problems := [*_unknown(source), *_false(source)]:
        raise UserError(*problems)
    return Kit(folder, found, source.data, name)


def _unknown(source: Document) -> Iterator[Problem]:
    """Capabilities that there are not."""
    for section in ("tests", "lacks"):
        for key in source.data.get(section) or {}:
            if key not in NAMES:
                where = source.where((section, key), key=True)
                yield Problem(f"there is no capability '{key}'", where, suggest(key, NAMES))


def _false(source: Document) -> Iterator[Problem]:
    """Whatever would make something else the truth."""
    tests = source.data.get("tests") or {}
    for path in (("defaults",), *(("tests", name) for name in tests)):
        test = source.data
        for key in path:
            test = test.get(key) or {}
        layers = [(path, test), *(((*path, "when", at), each) for at, each in enumerate(test.get("when") or ()))]
        for place, layer in layers:
            if "expect" in layer:
                what = "a kit cannot say what is expected: what a guest does is the truth"
                yield Problem(what, source.where((*place, "expect"), key=True), "remove it, or say why in `lacks`")


def _text(file: Path) -> str:
    try:
        return files.read(file, LARGEST, below=file.parent).decode("utf-8-sig", "replace")
    except OSError as error:
        remedy = "put a plain file there, or a link to one in the same folder"
        raise UserError(Problem(f"{file} cannot be read: {error.strerror}", remedy=remedy)) from None
