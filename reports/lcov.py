"""Coverage of boots as lcov's tracefile: how many boots executed each function whose source is known.

A function's first line stands for it: `DA` says of no other whether it was executed. A source outside of the
repository, as a guest's file may claim, is left out, since whoever shows the file would read it from this host.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model, texts
from bootmatrix.counting import coverage

from . import _texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.counting.coverage import Function
    from bootmatrix.model import Run


class Report(model.Report):
    filename: ClassVar[str] = "coverage.info"

    def write(self, run: Run, folder: Path, target: Path) -> None:
        of_files: dict[str, list[Function]] = {}
        for each in coverage.of(run, folder).functions.values():
            if each.line > 0 and _is_inside(each.file):
                of_files.setdefault(each.file, []).append(each)
        with _texts.written(target) as file:
            file.write("TN:boots\n")
            for name in sorted(of_files):
                functions = sorted(of_files[name], key=lambda each: (each.line, each.name))
                file.writelines(f"{line}\n" for line in _of_file(name, functions))


def _is_inside(file: str) -> bool:
    path = posixpath.normpath(file)
    return bool(file) and not path.startswith(("/", "../")) and path not in {".", ".."}


def _of_file(name: str, functions: Sequence[Function]) -> Iterator[str]:
    yield f"SF:{texts.line(name)}"
    names = [texts.line(each.name).replace(",", ";") for each in functions]  # lcov passes over one with a comma
    yield from (f"FN:{each.line},{name}" for each, name in zip(functions, names, strict=True))
    yield from (f"FNDA:{each.boots},{name}" for each, name in zip(functions, names, strict=True))
    yield f"FNF:{len(functions)}"
    yield f"FNH:{sum(each.boots > 0 for each in functions)}"
    lines: dict[int, int] = {}
    for each in functions:
        lines[each.line] = max(lines.get(each.line, 0), each.boots)
    yield from (f"DA:{line},{boots}" for line, boots in lines.items())
    yield f"LF:{len(lines)}"
    yield f"LH:{sum(boots > 0 for boots in lines.values())}"
    yield "end_of_record"
