"""Limits: each must bound something that is measured, in its unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest
from bootmatrix.matrix.keys import limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.checks import Check, Ready
    from bootmatrix.matrix.keys.guests import GuestFields
    from bootmatrix.matrix.keys.limits import Kind
    from bootmatrix.matrix.keys.parts import Metric
    from bootmatrix.matrix.keys.schema import Defaults, TestFields
    from bootmatrix.matrix.problems import Problems


def check(sections: Mapping[str, Any], problems: Problems) -> None:
    """The defaults may bound what any test measures."""
    defaults: Defaults = sections["defaults"]
    every = [layer for fields in (defaults, *sections["tests"].values()) for layer in (fields, *fields.when)]
    _check(defaults, ("defaults",), _kinds(every), problems)
    shared = (defaults, *defaults.when)
    for name, test in sections["tests"].items():
        _check(test, ("tests", name), _kinds((*shared, test, *test.when)), problems)


def _check(fields: Defaults, path: Path_, known: Mapping[str, Kind], problems: Problems) -> None:
    _layer(fields, path, known, problems)
    for index, when in enumerate(fields.when):
        _layer(when, (*path, "when", index), known, problems)


def _layer(fields: TestFields, path: Path_, known: Mapping[str, Kind], problems: Problems) -> None:
    for name, text in fields.limits.items():
        here = (*path, "limits", name)
        if name not in known:
            problems.say(f"no boot measures '{name}'", here, suggest(name, known), key=True)
            continue
        if text == limits.NO_LIMIT:
            continue
        try:
            limits.bound(text, known[name])
        except ValueError as error:
            share = text.endswith("%") and text[0] not in "+-"
            remedy = "a share of earlier runs has a sign, as +10%" if share else ""
            problems.say(f"the limit of {name}: {error}", here, remedy)


def _kinds(layers: Iterable[TestFields]) -> dict[str, Kind]:
    """What boots with these layers of keys can measure, by name: of a guest among others, `server.boot_time`."""
    every = list(layers)
    found = {name: limits.Kind(unit) for name, unit in limits.OWN.items()} | _printed(every)
    of_each = found | _printed(guest for layer in every for guest in layer.guests.values())
    del of_each["unikernel_size"]
    for name in dict.fromkeys(name for layer in every for name in layer.guests):
        found |= {f"{name}.{own}": kind for own, kind in of_each.items()}
    return found


def _printed(layers: Iterable[GuestFields]) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for layer in layers:
        for metrics in (layer.metrics, *_of_checks(layer.ready, layer.checks)):
            found |= {name: limits.Kind(each.unit, each.better == "higher") for name, each in metrics.items()}
    return found


def _of_checks(ready: Ready | None, checks: Iterable[Check]) -> Iterator[Mapping[str, Metric]]:
    for check in (*([ready] if ready else []), *checks):
        for each in check.each:
            yield each.metrics
