"""What a key of a test means, read off the marks beside it, once for each model.

A key whose marks leave something open is a TypeError as soon as a matrix is loaded.
"""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from bootmatrix.matrix.keys.marks import (
    AsWritten,
    Expression,
    Filled,
    Layered,
    Merged,
    NotInPass,
    PlugIn,
    Replaced,
    Short,
    Told,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo

Mark = TypeVar("Mark")
NO_TEXTS = (int, float, date)  # and what is made of them: no placeholder fits in


@dataclass(frozen=True)
class Texts:
    """Where a value has texts that are filled in: it is one (`filled`), or a list of such `items`, or a mapping of such
    `values`, or a model with such `keys` (each with its name in the file), one of which (`short`) may be written alone.
    What is `filled` may be written as one text.
    """

    filled: bool = False
    expression: bool = False
    items: Texts | None = None
    values: Texts | None = None
    keys: tuple[tuple[str, str, Texts], ...] = ()
    short: Texts | None = None


@dataclass(frozen=True)
class Key:
    """What a key means; `alias` is its name in the file, `texts` is None if nothing of it is filled in, `plug_in` is
    the folder whose plug-ins it names, or empty; each entry of one that is `layered` has such keys itself. `also` are
    placeholders that only this key has, `few` the only late ones that it has, if there are any.
    """

    alias: str
    texts: Texts | None
    late: bool
    merged: bool
    layered: bool
    in_pass: bool
    plug_in: str
    told: bool = False
    also: frozenset[str] = frozenset()
    few: frozenset[str] = frozenset()


@functools.cache
def of(model: type[BaseModel]) -> Mapping[str, Key]:
    """The keys of a test, by the names of their fields. Raises TypeError if the marks of one leave something open."""
    return {name: _key(f"{model.__name__}.{name}", name, each) for name, each in model.model_fields.items()}


def labels(fields: BaseModel) -> dict[str, str]:
    """What of a test's keys is told with its result, by the names that it has there."""
    found: dict[str, str] = {}
    for name, key in of(type(fields)).items():
        if key.told and (value := getattr(fields, name)):
            found.update(value if isinstance(value, dict) else {key.alias: str(value)})
    return found


def said(each: FieldInfo) -> str:
    """What the marks of a field say to those who write a matrix."""
    return " ".join(str(mark) for mark in each.metadata if isinstance(mark, (Filled, Layered, Merged)))


def _key(where: str, name: str, each: FieldInfo) -> Key:
    kind, inner = _bare(each.annotation)
    own = [*inner, *each.metadata]
    merged, replaced = bool(_one(own, Merged)), bool(_one(own, Replaced))
    layered = bool(_one(own, Layered))
    filled, plug_in = _one(own, Filled), _one(own, PlugIn)
    if (_is_model(kind) or get_origin(kind) is dict) != (merged + replaced + layered == 1):
        raise TypeError(f"{where}: mark a mapping, and nothing else, as one of Merged(), Replaced() and Layered()")
    if merged and kind is not each.annotation:
        raise TypeError(f"{where}: what may be nothing cannot be Merged()")
    return Key(
        alias=each.alias or name,
        texts=None if layered else _texts(each.annotation, each.metadata, None, where),
        late=bool(filled and filled.late),
        merged=merged,
        layered=layered,
        in_pass=not _one(own, NotInPass),
        plug_in=plug_in.folder if plug_in else "",
        told=bool(_one(own, Told)),
        also=filled.also if filled else frozenset(),
        few=filled.few if filled else frozenset(),
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
        keys, alone = tuple(_inner(kind, mark, where)), _one(own, Short)
        short = next((texts for _, alias, texts in keys if alone and alias == alone.key), None)
        return Texts(isinstance(mark, Filled), keys=keys, short=short) if keys else None
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
