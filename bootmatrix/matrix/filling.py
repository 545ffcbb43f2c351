"""Placeholders of a whole test: filled in where its keys' marks say so, and found in the file for the check of them."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from bootmatrix.matrix import template
from bootmatrix.matrix.keys import meaning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.meaning import Key, Texts

    _Keys = tuple[tuple[str, str, Texts], ...]  # as of a Texts

Fields = TypeVar("Fields", bound=BaseModel)


def fill(fields: Fields, values: Mapping[str, str]) -> Fields:
    """The fields with their placeholders filled in, but for those that are filled in at each attempt.

    A value in a regular expression stands for itself.
    """
    filled: Fields = _model(_early(type(fields)), fields, _Values(values))
    return filled


@functools.cache
def _early(model: type[BaseModel]) -> _Keys:
    keys = meaning.of(model).items()
    return tuple((name, key.alias, key.texts) for name, key in keys if key.texts and not key.late)


def of_key(fields: BaseModel, name: str, values: Mapping[str, str]) -> Any:
    """The value of one key with its placeholders filled in, at each attempt if that is when."""
    value, texts = getattr(fields, name), meaning.of(type(fields))[name].texts
    return _value(texts, value, _Values(values)) if texts else value


def names(fields: BaseModel) -> set[str]:
    """The placeholders in the texts of fields in which nothing is filled in yet, or in what is at each attempt."""
    texts = ((getattr(fields, name), each) for name, each in _with_texts(type(fields)))
    return {name for value, each in texts if value for text in _texts(each, value) for name in template.names(text)}


@functools.cache
def _with_texts(model: type[BaseModel]) -> tuple[tuple[str, Texts], ...]:
    return tuple((name, key.texts) for name, key in meaning.of(model).items() if key.texts)


def _texts(texts: Texts, value: Any) -> Iterator[str]:
    """Those of a value that have a placeholder, perhaps."""
    if isinstance(value, str):
        yield from (value,) if "{" in value else ()
    elif isinstance(value, list) and texts.items:
        for each in value:
            yield from _texts(texts.items, each)
    elif isinstance(value, dict) and texts.values:
        for each in value.values():
            yield from _texts(texts.values, each)
    elif isinstance(value, BaseModel):
        for name, _, inner in texts.keys:
            yield from _texts(inner, getattr(value, name))


def written(model: type[BaseModel], layer: Mapping[str, Any]) -> Iterator[tuple[Path_, str, Key]]:
    """Of a layer as it stands in the file, valid or not: each text that is filled in, its place and its key."""
    for key in meaning.of(model).values():
        if key.texts:
            for path, text in _written(key.texts, layer.get(key.alias), (key.alias,)):
                yield path, text, key


class _Values:
    """What placeholders stand for, and what they do in a regular expression."""

    def __init__(self, plain: Mapping[str, str]) -> None:
        self.plain = plain

    @functools.cached_property
    def escaped(self) -> Mapping[str, str]:
        return {key: re.escape(text) for key, text in self.plain.items()}


def _value(texts: Texts, value: Any, values: _Values) -> Any:
    """The same object where nothing has changed: most boots share their fields."""
    if isinstance(value, str):
        if "{" not in value:
            return value
        return template.fill(value, values.escaped if texts.expression else values.plain)
    if isinstance(value, list) and texts.items:
        found = [_value(texts.items, each, values) for each in value]
        return found if any(new is not old for new, old in zip(found, value, strict=True)) else value
    if isinstance(value, dict) and texts.values:
        filled = {key: _value(texts.values, each, values) for key, each in value.items()}
        return filled if any(filled[key] is not old for key, old in value.items()) else value
    return _model(texts.keys, value, values) if isinstance(value, BaseModel) else value


def _model(keys: _Keys, model: Any, values: _Values) -> Any:
    changed = {}
    for name, _, texts in keys:
        old = getattr(model, name)
        if old and (new := _value(texts, old, values)) is not old:
            changed[name] = new
    return model.model_copy(update=changed) if changed else model


def _written(texts: Texts, raw: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    if texts.short and not isinstance(raw, dict):
        yield from _written(texts.short, raw, path)
    elif isinstance(raw, str):
        if texts.filled:
            yield path, raw
    elif texts.items:
        for index, each in enumerate(raw) if isinstance(raw, list) else ():
            yield from _written(texts.items, each, (*path, index))
        if isinstance(raw, dict):  # a list's only entry
            yield from _written(texts.items, raw, path)
    elif isinstance(raw, dict):
        yield from _in_mapping(texts, raw, path)


def _in_mapping(texts: Texts, raw: Mapping[str, Any], path: Path_) -> Iterator[tuple[Path_, str]]:
    for _, alias, inner in texts.keys:
        yield from _written(inner, raw.get(alias), (*path, alias))
    if texts.values:
        for name, each in raw.items():
            yield from _written(texts.values, each, (*path, name))
