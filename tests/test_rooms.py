"""The rooms of the house: none needs another that needs it, and each says what it is for."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bootmatrix"
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in PACKAGE.rglob("*.py")
}


def imported(file: Path) -> Iterator[str]:
    """The modules of ours that a file imports, for types only among them."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("bootmatrix"):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def room(module: str) -> str:
    """Its folder in the package, or the module itself where it lies in none."""
    return ".".join(module.split(".")[:2])


def part(module: str) -> str:
    """What lies in the room: a module, or a folder of some."""
    return ".".join(module.split(".")[:3])


def circles(graph: dict[str, set[str]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_another_that_imports_it() -> None:
    graph = {module: {name for name in imported(file) if name != module} for module, file in MODULES.items()}
    assert circles(graph) == []


def test_no_room_needs_another_that_needs_it() -> None:
    graph: dict[str, set[str]] = {}
    for module, file in MODULES.items():
        graph.setdefault(room(module), set()).update(set(map(room, imported(file))) - {room(module), "bootmatrix"})
    assert circles(graph) == []


def test_nothing_in_a_room_needs_another_that_needs_it() -> None:
    """A folder in a room is one thing there, as a module is."""
    graph: dict[str, set[str]] = {}
    for module, file in MODULES.items():
        ours = part(module)
        graph.setdefault(ours, set()).update(set(map(part, imported(file))) - {ours, room(module), "bootmatrix"})
    assert circles(graph) == []


def test_each_room_says_what_it_is_for() -> None:
    rooms = list(PACKAGE.rglob("*/__init__.py"))
    assert len(rooms) > 15
    assert [file for file in rooms if not ast.get_docstring(ast.parse(file.read_text()))] == []
