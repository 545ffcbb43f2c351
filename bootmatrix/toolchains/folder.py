"""The folder of an image: its Dockerfile and its image.yaml, and those of the image that it extends."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootmatrix import files, keys, plugins
from bootmatrix.errors import Problem, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = ("base", "compilers")
EXTENDS = "extends"
LARGEST = 1 << 20  # bytes of a Dockerfile or .dockerignore
COPIES = re.compile(r"^[ \t]*(?:COPY|ADD)[ \t]+(?!--from=)", re.MULTILINE | re.IGNORECASE)


def text_of(folder: Path, name: str) -> str:
    """A text of an image's own folder; raises UserError if it is no plain file in there, or too large."""
    try:
        return files.read(folder / name, LARGEST, below=folder).decode("utf-8-sig", "replace")
    except OSError as error:
        remedy = f"in the folder of an image, {name} must be a regular file, or a link to one in the same folder"
        raise UserError(Problem(f"{folder / name} cannot be read: {error.strerror}", remedy=remedy)) from None


@functools.cache
def dockerfile(folder: Path) -> str:
    """The Dockerfile, after that of the image that it extends: so all layers of that one are shared."""
    below = _extended(folder)
    text = text_of(folder, "Dockerfile")
    if below is None:
        return text
    first = dockerfile(below)
    if COPIES.search(first):
        what = f"{folder / 'image.yaml'} extends '{below.name}', whose Dockerfile copies files of its own folder"
        raise UserError(Problem(what, remedy="copy that folder, and change the copy"))
    return f"{first.rstrip()}\n\n{text}"


@functools.cache
def context_key(folder: Path) -> str:
    """The content of a folder that the image depends on, and of those that it extends."""
    own = keys.of_files(folder, keys.source_files(folder))
    below = _extended(folder)
    return keys.of(own, context_key(below)) if below else own


@functools.cache
def data(folder: Path) -> Mapping[str, Any]:
    """image.yaml beside the Dockerfile: `base` for a bootstrap and `compilers`; empty if there is none. What it
    does not say is as in the image that it extends.
    """
    below = _extended(folder)
    return {**(data(below) if below else {}), **_own(folder)}


@functools.cache
def _own(folder: Path) -> Mapping[str, Any]:
    from bootmatrix.matrix import document  # noqa: PLC0415

    if not os.path.lexists(folder / "image.yaml"):
        return {}
    found = document.parse(text_of(folder, "image.yaml"), str(folder / "image.yaml")).data
    compilers = found.get("compilers") if isinstance(found, dict) else None
    tables = [found, *(found.get(key) or {} for key in KEYS)] if isinstance(found, dict) else [found]
    tables += [arches or {} for arches in compilers.values()] if isinstance(compilers, dict) else []
    if not all(isinstance(table, dict) for table in tables):
        what = f"{folder / 'image.yaml'} must be a mapping, and so must `base`, `compilers` and each of these"
        raise UserError(Problem(what, remedy="as in: compilers: {gcc: {x86_64: {CC: gcc}}}"))
    made: Mapping[str, Any] = found
    return made


def _extended(folder: Path) -> Path | None:
    """The folder of the image that this one extends: beside it, or one that ships, which may have its own name."""
    chain = [folder]
    while name := _own(chain[-1]).get(EXTENDS):
        places = (chain[-1].parent, plugins.builtin("images"))
        found = next((place / name for place in places if _is_image(place, name) and place / name not in chain), None)
        if found is None:
            known = sorted({file.parent.name for place in places for file in place.glob("*/Dockerfile")})
            what = f"{chain[-1] / 'image.yaml'} extends '{name}', and there is no such other image"
            raise UserError(Problem(what, remedy=suggest(str(name), known)))
        chain.append(found)
    return chain[1] if len(chain) > 1 else None


def _is_image(place: Path, name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name and (place / name / "Dockerfile").is_file()
