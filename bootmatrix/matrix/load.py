"""matrix.yaml, loaded and validated: every error at once, each with its place."""

from __future__ import annotations

import functools
import os
import types
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from bootmatrix import repository
from bootmatrix.errors import Mark, Problem, UserError, suggest
from bootmatrix.matrix import document, remedies
from bootmatrix.matrix.keys.schema import MatrixFile
from bootmatrix.matrix.problems import Problems
from bootmatrix.matrix.rules import axes, builds, checks, guests, hosts, limits, nets, pairs, quarantine, reach, tests
from bootmatrix.model import Quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from bootmatrix.matrix.document import Document, Path_
    from bootmatrix.matrix.expanding.expansion import Cells
    from bootmatrix.matrix.keys.hosts import Host
    from bootmatrix.matrix.keys.nets import Net
    from bootmatrix.matrix.keys.schema import Build, Defaults, Quarantined, Test
    from bootmatrix.matrix.keys.values import Match

TOLD = {"too_short": "needs at least one entry", "string_too_short": "needs a reason of a few words"}
M = TypeVar("M", bound=BaseModel)
ENTRIES = ("builds", "hosts", "nets", "tests")  # sections whose entries are validated one by one


@dataclass(frozen=True)
class Matrix:
    """A valid matrix and its absolute file.

    `places` are those of its tests in the file, whose name is that from the top of its repository. `named` are the
    options of the command line by which the user named it.
    """

    file: Path
    axes: Mapping[str, list[str]]
    cells: Cells
    builds: Mapping[str, Build]
    defaults: Defaults
    tests: Mapping[str, Test]
    quarantine: tuple[tuple[Match, Quarantine], ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    nets: Mapping[str, Net] = field(default_factory=dict)
    hosts: Mapping[str, Host] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    source: Document | None = field(default=None, repr=False, compare=False)

    def where(self, path: Path_) -> Mark:
        """The place of a key in the file, or of the nearest above it that stands there."""
        return self.source.where(path, key=True) if self.source else Mark(self.file.name)

    @property
    def root(self) -> Path:
        """The folder of the file: sources and plug-ins are looked for there."""
        return self.file.parent


def load(path: Path, allow: Iterable[str | Path] = ()) -> Matrix:
    """`allow` are folders that it may name besides its own; raises UserError with every problem of the file."""
    source = document.load(path)
    return from_document(source, path.resolve(), allow)


def as_kind(source: Document, kind: type[M]) -> M:
    """A file that is no matrix, but of a kind of its own; raises UserError with every problem of it."""
    try:
        return kind.model_validate(source.data)
    except ValidationError as error:
        raise UserError(*_worded(error, kind, (), source)) from None


def from_document(source: Document, file: Path, allow: Iterable[str | Path] = ()) -> Matrix:
    problems, within = Problems(source), reach.Reach(file.parent, allow)
    sections = _validate(problems)
    cells = axes.check(sections, file.parent, problems)
    hosts.check(sections, file.parent, problems)
    builds.check(sections, cells, within, problems)
    guests.check(sections, problems)
    nets.check(sections, problems)
    checks.check(sections, cells, problems)
    tests.check(sections, cells, within, problems)
    limits.check(sections, problems)
    pairs.check(sections, problems)
    quarantine.check(sections, cells, problems)
    problems.stop()
    place = _Places(source, file)
    return Matrix(
        file,
        sections["axes"],
        cells,
        sections["builds"],
        sections["defaults"],
        sections["tests"],
        tuple(_quarantined(sections["quarantine"], place)),
        {name: place.of(("tests", name), key=True) for name in sections["tests"]},
        sections["nets"],
        sections["hosts"],
        source=source,
    )


class _Places:
    """Places as GitHub takes them: the file is named from the top of its repository."""

    def __init__(self, source: Document, file: Path) -> None:
        self.source = source
        self.name = os.path.relpath(file, repository.top(file.parent))

    def of(self, path: Path_, *, key: bool = False) -> str:
        return str(replace(self.source.where(path, key=key), file=self.name))


def _quarantined(entries: Iterable[Quarantined], place: _Places) -> Iterator[tuple[Match, Quarantine]]:
    for index, entry in enumerate(entries):
        where = place.of(("quarantine", index))
        yield entry.match, Quarantine(entry.owner, entry.reason, entry.until.isoformat(), where)


def _validate(problems: Problems) -> dict[str, Any]:
    """The sections that are valid; an entry of `builds` or `tests` that is not is left out, the others stay."""
    source, data = problems.source, problems.source.data
    if not isinstance(data, dict):
        raise UserError(
            Problem("the file must be a mapping", source.where(()), "start with `axes:`, see `bootmatrix init`")
        )
    known = MatrixFile.model_fields
    for key in data:
        if key not in known and not key.startswith("x-"):
            problems.say(f"unknown key '{key}'", (key,), suggest(key, known), key=True)
    for key, each in known.items():
        if each.is_required() and key not in data:
            problems.say(f"'{key}' is missing", (), f"add `{key}:`")
    return {name: _section(name, data.get(name), problems) for name in known}


def _section(name: str, value: Any, problems: Problems) -> Any:
    field = MatrixFile.model_fields[name]
    fallback = {} if field.is_required() else field.get_default()
    if value is None:
        if name in problems.source.data:
            problems.say(f"'{name}' is empty", (name,), "fill it or remove it", key=True)
        return fallback
    if name not in ENTRIES or not isinstance(value, dict) or not value:
        return _convert(name, value, problems, fallback)
    entries = {key: _convert(name, {key: entry}, problems, {}) for key, entry in value.items()}
    return {key: entry[key] for key, entry in entries.items() if key in entry}


@functools.cache
def _kind(section: str) -> Any:
    field = MatrixFile.model_fields[section]
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


@functools.cache
def _adapter(section: str) -> TypeAdapter[Any]:
    return TypeAdapter(_kind(section))


def _convert(section: str, value: Any, problems: Problems, fallback: Any) -> Any:
    try:
        return _adapter(section).validate_python(value)
    except ValidationError as error:
        for problem in _worded(error, _kind(section), (section,), problems.source):
            problems.add(problem)
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
        elif loc[-1] == "[key]":
            yield Problem(f"{loc[-3]}: {_message(detail)}", source.where(loc[:-1], key=True), remedies.of(detail))
        else:
            name = next((str(part) for part in reversed(loc) if isinstance(part, str)), "")
            yield Problem(f"{name}: {_message(detail)}", source.where(loc), remedies.of(detail))


def _message(detail: Any) -> str:
    shown = _shown(detail["input"])
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "literal_error":
            return f"{shown} is not allowed here"
        case "bool_parsing" | "bool_type":
            return f"{shown} is neither true nor false"
        case "string_type":
            return f"must be a text, not {shown}"
        case "list_type":
            return f"must be a list, not {shown}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"must be a mapping, not {shown}"
        case "greater_than_equal":
            return f"{shown} is too small: the minimum is {detail['ctx']['ge']}"
        case "less_than_equal":
            return f"{shown} is too large: the maximum is {detail['ctx']['le']}"
        case "too_long":
            return f"has {len(detail['input']):,} entries: the maximum is {detail['ctx']['max_length']}"
        case kind:
            return TOLD.get(kind) or f"{shown}: {detail['msg']}"


def _shown(given: object) -> str:
    kinds = {dict: "a mapping", list: "a list", type(None): "nothing"}
    return kinds.get(type(given), f"'{given}'")


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
