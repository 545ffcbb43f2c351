"""What a key of a test means besides its type: marks that stand beside the key, in its `Annotated[...]`.

They are read here, once for each model. Merging, filling in, the checks of the loader, the keys of passes and the JSON
Schema ask for them: none of these knows a key by its name. A key whose marks leave something open is a TypeError as
soon as a matrix is loaded.
"""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic import GetJsonSchemaHandler
    from pydantic.fields import FieldInfo
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

Mark = TypeVar("Mark")
NO_TEXTS = (int, float, date)  # and what is made of them: no placeholder fits in


@dataclass(frozen=True)
class Filled:
    """Marks texts whose `{placeholders}` are filled in; `late`: at each attempt, so that `{attempt}` is one, too."""

    late: bool = False

    def __str__(self) -> str:
        return "Placeholders are filled in at each attempt." if self.late else "Placeholders are filled in."


@dataclass(frozen=True)
class AsWritten:
    """Marks texts in which braces mean nothing."""


@dataclass(frozen=True)
class Expression:
    """Marks a text that is a regular expression: what is filled in stands for itself there."""


@dataclass(frozen=True)
class Merged:
    """Marks a mapping that layers merge key by key."""

    def __str__(self) -> str:
        return "Layers merge key by key."


@dataclass(frozen=True)
class Replaced:
    """Marks a mapping that a layer replaces as a whole, as it does with all that is no mapping."""


@dataclass(frozen=True)
class NotInPass:
    """Marks what a pass does not depend on: how a boot is scheduled and tried again, what is done where it cannot be
    tried, and what the key of a pass has in another form.
    """


@dataclass(frozen=True)
class PlugIn:
    """Marks the name of a plug-in, of the project's own folder or of ours: an editor offers ours."""

    folder: str

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        from bootmatrix import plugins  # noqa: PLC0415  # only for the JSON Schema

        return {"anyOf": [{"enum": plugins.builtin_names(self.folder)}, handler(schema)]}


@dataclass(frozen=True)
class Texts:
    """Where a value has texts that are filled in: it is one (`filled`), or a list of such `items`, or a mapping of such
    `values`, or a model with such `keys` (each with its name in the file). What is `filled` may be written as one text.
    """

    filled: bool = False
    expression: bool = False
    items: Texts | None = None
    values: Texts | None = None
    keys: tuple[tuple[str, str, Texts], ...] = ()


@dataclass(frozen=True)
class Key:
    """What a key means; `alias` is its name in the file, `texts` is None if nothing of it is filled in, `plug_in` is
    the folder whose plug-ins it names, or empty.
    """

    alias: str
    texts: Texts | None
    late: bool
    merged: bool
    in_pass: bool
    plug_in: str


@functools.cache
def of(model: type[BaseModel]) -> Mapping[str, Key]:
    """The keys of a test, by the names of their fields. Raises TypeError if the marks of one leave something open."""
    return {name: _key(f"{model.__name__}.{name}", name, each) for name, each in model.model_fields.items()}


def said(each: FieldInfo) -> str:
    """What the marks of a field say to those who write a matrix."""
    return " ".join(str(mark) for mark in each.metadata if isinstance(mark, (Filled, Merged)))


def _key(where: str, name: str, each: FieldInfo) -> Key:
    kind, inner = _bare(each.annotation)
    own = [*inner, *each.metadata]
    merged, replaced = bool(_one(own, Merged)), bool(_one(own, Replaced))
    filled, plug_in = _one(own, Filled), _one(own, PlugIn)
    if (_is_model(kind) or get_origin(kind) is dict) == (merged == replaced):
        raise TypeError(f"{where}: mark a mapping, and nothing else, as either Merged() or Replaced()")
    if merged and kind is not each.annotation:
        raise TypeError(f"{where}: what may be nothing cannot be Merged()")
    return Key(
        alias=each.alias or name,
        texts=_texts(each.annotation, each.metadata, None, where),
        late=bool(filled and filled.late),
        merged=merged,
        in_pass=not _one(own, NotInPass),
        plug_in=plug_in.folder if plug_in else "",
    )


def _texts(kind: Any, marks: Iterable[Any], above: Filled | AsWritten | None, where: str) -> Texts | None:
    """What is filled in of a value of this type, for which the nearest mark counts: its own, else the one `above`."""
    kind, more = _bare(kind)
    own = [*more, *marks]
    filled, written = _one(own, Filled), _one(own, AsWritten)
    if filled and written:
        raise TypeError(f"{where}: its texts are either Filled() or AsWritten()")
    mark = filled or written or above
    if _is_model(kind):
        keys = tuple(_inner(kind, mark, where))
        return Texts(isinstance(mark, Filled), keys=keys) if keys else None
    if get_origin(kind) is list:
        items = _texts(get_args(kind)[0], (), mark, where)
        return Texts(isinstance(mark, Filled), items=items) if items else None
    if get_origin(kind) is dict:
        values = _texts(get_args(kind)[1], (), mark, where)
        return Texts(isinstance(mark, Filled), values=values) if values else None
    return _text(kind, mark, where, expression=bool(_one(own, Expression)))


def _text(kind: Any, mark: Filled | AsWritten | None, where: str, *, expression: bool) -> Texts | None:
    if not _holds_texts(kind):
        return None
    if mark is None:
        raise TypeError(f"{where} holds texts: mark it as Filled() or AsWritten()")
    if isinstance(mark, AsWritten):
        return None
    if kind is not str:
        raise TypeError(f"{where}: of {kind} nothing can be filled in")
    return Texts(filled=True, expression=expression)


def _inner(model: type[BaseModel], above: Filled | AsWritten | None, where: str) -> Iterator[tuple[str, str, Texts]]:
    """The keys in a test's key of which something is filled in."""
    for name, each in model.model_fields.items():
        inside = f"{where}.{name}"
        if (filled := _one(each.metadata, Filled)) and filled.late:
            raise TypeError(f"{inside}: only a test's own key is filled in at each attempt")
        if texts := _texts(each.annotation, each.metadata, above, inside):
            yield name, each.alias or name, texts


def _one(marks: Iterable[Any], kind: type[Mark]) -> Mark | None:
    return next((mark for mark in marks if isinstance(mark, kind)), None)


def _bare(kind: Any) -> tuple[Any, list[Any]]:
    """A type without `| None` and `Annotated`, and the marks of the latter."""
    marks: list[Any] = []
    while True:
        if get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            marks += more
        elif get_origin(kind) in (types.UnionType, Union) and len(rest := _without_none(kind)) == 1:
            (kind,) = rest
        else:
            return kind, marks


def _without_none(kind: Any) -> list[Any]:
    return [each for each in get_args(kind) if each is not type(None)]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _holds_texts(kind: Any) -> bool:
    """Whether there may be a text in a value; of a type that is not known here, there may."""
    if get_origin(kind) is Literal:
        return False
    return not (isinstance(kind, type) and issubclass(kind, NO_TEXTS))
