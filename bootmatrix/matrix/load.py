"""matrix.yaml, loaded and validated: every error at once, each with its place."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix import check_axes, check_tests, document
from bootmatrix.matrix.problems import Problems
from bootmatrix.matrix.schema import MatrixFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bootmatrix.matrix.document import Document
    from bootmatrix.matrix.schema import Build, Defaults, Test
    from bootmatrix.model import Cell

ENTRIES = ("builds", "tests")  # sections whose entries are validated one by one


@dataclass(frozen=True)
class Matrix:
    """A valid matrix. `root` is the folder of the file; `builds` of a test are filled in where only one exists."""

    root: Path
    axes: Mapping[str, list[str]]
    cells: list[Cell]
    builds: Mapping[str, Build]
    defaults: Defaults
    tests: Mapping[str, Test]


def load(path: Path) -> Matrix:
    """Raises UserError with every problem of the file."""
    source = document.load(path)
    return from_document(source, path.resolve().parent)


def from_document(source: Document, root: Path) -> Matrix:
    problems = Problems(source)
    sections = _validate(source, problems.found)
    cells = check_axes.check(sections, root, problems)
    check_tests.check(sections, cells, root, problems)
    if problems.found:
        raise UserError(*sorted(dict.fromkeys(problems.found), key=_place))
    return Matrix(
        root,
        sections["axes"],
        cells,
        sections["builds"],
        sections["defaults"],
        sections["tests"],
    )


def _place(problem: Problem) -> tuple[int, int]:
    return (problem.where.line, problem.where.column) if problem.where else (0, 0)


def _validate(source: Document, problems: list[Problem]) -> dict[str, Any]:
    """The sections that are valid; an entry of `builds` or `tests` that is not is left out, the others stay."""
    data = source.data
    if not isinstance(data, dict):
        raise UserError(
            Problem("the file must be a mapping", source.where(()), "start with `axes:`, see `bootmatrix init`")
        )
    known = MatrixFile.model_fields
    for key in data:
        if key not in known and not key.startswith("x-"):
            problems.append(Problem(f"unknown key '{key}'", source.where((key,), key=True), suggest(key, known)))
    problems.extend(
        Problem(f"'{key}' is missing", source.where(()), f"add `{key}:`")
        for key, field in known.items()
        if field.is_required() and key not in data
    )
    return {name: _section(name, data.get(name), source, problems) for name in known}


def _section(name: str, value: Any, source: Document, problems: list[Problem]) -> Any:
    field = MatrixFile.model_fields[name]
    fallback = {} if field.is_required() else field.get_default()
    if value is None:
        if name in source.data:
            problems.append(Problem(f"'{name}' is empty", source.where((name,), key=True), "fill it or remove it"))
        return fallback
    kind: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    if name not in ENTRIES or not isinstance(value, dict) or not value:
        return _convert(kind, value, (name,), source, problems, fallback)
    entries = {key: _convert(kind, {key: entry}, (name,), source, problems, {}) for key, entry in value.items()}
    return {key: entry[key] for key, entry in entries.items() if key in entry}


def _convert(
    kind: Any, value: Any, path: tuple[str, ...], source: Document, problems: list[Problem], fallback: Any
) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        problems.extend(_worded(error, kind, path, source))
        return fallback


def _worded(error: ValidationError, kind: Any, path: tuple[str | int, ...], source: Document) -> Iterable[Problem]:
    for detail in error.errors(include_url=False):
        loc = (*path, *detail["loc"])
        if detail["type"] == "extra_forbidden":
            word = str(loc[-1])
            yield Problem(
                f"unknown key '{word}'",
                source.where(loc, key=True),
                suggest(word, _keys(kind, detail["loc"][:-1])),
            )
        elif detail["type"] == "missing":
            yield Problem(f"'{loc[-1]}' is missing", source.where(loc[:-1], key=True), f"add `{loc[-1]}:`")
        else:
            name = next((str(part) for part in reversed(loc) if isinstance(part, str)), "")
            yield Problem(f"{name}: {_message(detail)}", source.where(loc), _remedy(detail))


def _message(detail: Any) -> str:
    given = detail["input"]
    shown = f"'{given}'" if isinstance(given, str) else "nothing" if given is None else f"a {_yaml_kind(given)}"
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "literal_error":
            return f"{shown} is not possible here"
        case "too_short":
            return "needs at least one entry"
        case "string_too_short":
            return "needs a reason of a few words"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{shown} is not a whole number"
        case "bool_parsing" | "bool_type":
            return f"{shown} is neither true nor false"
        case "string_type":
            return f"must be a text, not {shown}"
        case "list_type":
            return f"must be a list, not {shown}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"must be a mapping, not {shown}"
        case "too_long" | "greater_than_equal" | "less_than_equal":
            return f"{shown}: {detail['msg'].lower()}"
        case _:
            return f"{shown}: {detail['msg']}"


def _remedy(detail: Any) -> str:
    if detail["type"] == "literal_error":
        return suggest(
            str(detail["input"]),
            [word for word in detail["ctx"]["expected"].split("'") if word.strip(", or")],
        )
    if detail["type"] == "list_type" and isinstance(detail["input"], str):
        return f"write [{detail['input']}]"
    if detail["type"] == "string_type" and detail["input"] is None:
        return "give it a value, or write '' for an empty text"
    return ""


def _yaml_kind(given: object) -> str:
    return "mapping" if isinstance(given, dict) else "list" if isinstance(given, list) else type(given).__name__


def _keys(kind: Any, loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the schema allows at a place: follows the types along `loc`."""
    model = _model(kind)
    for part in loc:
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {(field.alias or name): field for name, field in model.model_fields.items()}
            model = _model(fields[str(part)].annotation) if str(part) in fields else None
        elif get_origin(model) in (list, dict):
            model = _model(get_args(model)[-1])
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _model(kind: Any) -> Any:
    """A type without `Annotated` and `| None`."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (types.UnionType, Union):
        kind = _model(next(arg for arg in get_args(kind) if arg is not type(None)))
    return kind
