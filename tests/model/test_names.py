"""The names of `bootmatrix.model`: what plug-ins import, each found in the module that has it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bootmatrix import model


def shown() -> dict[str, str]:
    """By name the module that type checkers find it in."""
    tree = ast.parse(Path(model.__file__).read_text())
    (block,) = [each for each in tree.body if isinstance(each, ast.If)]
    imports = [each for each in block.body if isinstance(each, ast.ImportFrom)]
    return {alias.name: str(each.module) for each in imports for alias in each.names}


def test_names_are_where_type_checkers_see_them() -> None:
    homes = {name: f"{model.__name__}.{home}" for home, names in model.HOMES.items() for name in names.split()}
    assert homes == shown()


@pytest.mark.parametrize("name", shown())
def test_each_name_is_there(name: str) -> None:
    value = getattr(model, name)
    assert getattr(value, "__module__", shown()[name]) in {shown()[name], "builtins"}


def test_another_name_is_told_as_python_does() -> None:
    with pytest.raises(AttributeError, match=r"module 'bootmatrix\.model' has no attribute 'Runer'"):
        model.Runer  # type: ignore[attr-defined]  # noqa: B018
