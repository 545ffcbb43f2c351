"""docs/architecture.md names every room, and nothing that does not exist; so does CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/architecture.md", "CONTRIBUTING.md")
CODE = re.compile(r"`([^`\n]+)`")
NAMED = re.compile(r"[\w./-]*(?:/|\.py|\.c|\.sh|\.toml)")  # a folder, or a file of ours; `<os>` and `$OUT` are none


def paths(page: str) -> set[str]:
    return {text for text in CODE.findall((ROOT / page).read_text()) if NAMED.fullmatch(text)}


def rooms() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "bootmatrix").glob("*/__init__.py"))


@pytest.mark.parametrize("room", rooms())
def test_each_room_of_the_package_is_in_the_table(room: str) -> None:
    table = (ROOT / "docs/architecture.md").read_text().partition("## The rooms")[2].partition("\n## ")[0]
    assert f"| `{room}/` |" in table


@pytest.mark.parametrize("page", PAGES)
def test_each_file_and_folder_that_is_named_exists(page: str) -> None:
    found = paths(page)
    assert len(found) > 3
    assert [name for name in found if not any((base / name).exists() for base in (ROOT, ROOT / "bootmatrix"))] == []


def imported(text: str) -> set[str]:
    """The rooms that a module imports as it is read; what only types need, and what a function imports, is left out."""
    found = set(re.findall(r"^(?:from|import) bootmatrix\.(\w+)", text, re.MULTILINE))
    for names in re.findall(r"^from bootmatrix import (.*)$", text, re.MULTILINE):
        found.update(name.strip() for name in names.split(","))
    return found


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_from_the_rooms_below_it(room: str) -> None:
    """The table is in the order of the imports: move a row, or the module that is in the wrong room."""
    table = re.findall(r"^\| `(\w+)/` \|", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
    above = table[: table.index(room)]
    files = (ROOT / "bootmatrix" / room).rglob("*.py")
    assert {file.name: wrong for file in files if (wrong := imported(file.read_text()).intersection(above))} == {}
