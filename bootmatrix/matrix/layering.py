"""The layers of a test, each of which overrides those before it, and what they come to together."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from bootmatrix.matrix.expanding import cells
from bootmatrix.matrix.keys import meaning
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.model import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bootmatrix.matrix.keys.guests import GuestFields
    from bootmatrix.matrix.keys.meaning import Key
    from bootmatrix.matrix.keys.schema import Defaults, Test

NOTHING: Mapping[str, Any] = MappingProxyType({})
OF_GUEST = MappingProxyType({"unikernel": "{guest}.{format}"})
"""What one of several guests has where no layer says otherwise: those of one test are mostly different programs."""


def layers_of(defaults: Defaults, test: Test, values: Mapping[str, str]) -> list[TestFields]:
    """The layers of a test on cells with these values, each of which overrides those before it."""
    return [*_layers(defaults, values), *_layers(test, values)]


def merged_guest(layers: Sequence[TestFields], name: str, build: str | None = None) -> TestFields:
    """What the layers of a test, and what each says of one of its guests, come to for that one."""
    return merged([*layers, *(each.guests[name] for each in layers if name in each.guests)], build, OF_GUEST)


def merged(layers: Iterable[GuestFields], build: str | None = None, more: Mapping[str, Any] = NOTHING) -> TestFields:
    """What layers come to; `build` is that of tests that name none, `more` is what no layer of a guest need give."""
    result: dict[str, Any] = {name: field.get_default() for name, field in TestFields.model_fields.items()}
    result.update(more, build=build)
    keys = meaning.of(TestFields)
    for layer in layers:
        for name in layer.model_fields_set & result.keys():
            given = getattr(layer, name)
            result[name] = _joined(keys[name], result[name], given)
    if more:
        result["guests"] = {}
    return TestFields.model_construct(**{**result, **_following(result)})


def _following(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What keys mean that the matrix leaves open, where others are given: a guest that is asked something, or is to run
    for a while, is stopped then, and has all its time to become ready.
    """
    found, expect, ready = {}, fields["expect"], fields["ready"]
    if (fields["checks"] or ready or fields["soak"]) and "outcome" not in expect.model_fields_set:
        found["expect"] = expect.model_copy(update={"outcome": [OutcomeKind.STOPPED]})
    if ready and not ready.pattern and "within" not in ready.model_fields_set:
        found["ready"] = ready.model_copy(update={"within": fields["timeout"]})
    return found


def _joined(key: Key, before: Any, given: Any) -> Any:
    """What two layers come to that both give a key."""
    if key.layered:
        return {**before, **{name: _together(before.get(name, each), each) for name, each in given.items()}}
    return _together(before, given) if key.merged else given


def _together(before: Any, given: Any) -> Any:
    """A mapping with the keys that a later layer gives."""
    if isinstance(given, BaseModel):
        return before.model_copy(update={key: getattr(given, key) for key in given.model_fields_set})
    return {**before, **given}


def _layers(fields: Defaults, values: Mapping[str, str]) -> list[TestFields]:
    return [fields, *(when for when in fields.when if cells.matches(values, when.match))]
