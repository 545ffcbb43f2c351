"""Checks: the networks and the interfaces that they name must be those of their test, on each cell that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix.matrix import layering
from bootmatrix.matrix.expanding import cells
from bootmatrix.matrix.expanding.combinations import FEW, Combinations
from bootmatrix.matrix.rules import guests, named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.expanding.cells import Values
    from bootmatrix.matrix.expanding.expansion import Cells
    from bootmatrix.matrix.keys.checks import OneCheck
    from bootmatrix.matrix.keys.guests import GuestFields
    from bootmatrix.matrix.keys.schema import Defaults, Test, TestFields
    from bootmatrix.matrix.problems import Problems

    Whole = Sequence[tuple[Path_, TestFields]]
    Layers = Sequence[tuple[Path_, GuestFields]]

DECISIVE = frozenset({"nets", "checks", "ready", "skip", "guests"})  # keys of which it depends what a check may name


def check(sections: Mapping[str, Any], found: Cells, problems: Problems) -> None:
    """A test whose layers differ on more combinations of values than can be gone over is told before its boots."""
    combinations = Combinations(found, sections["axes"])
    defaults = sections["defaults"]
    said: set[Path_] = set()
    for name, test in sections["tests"].items():
        values = _values(defaults, test, combinations) if _asks(defaults, test) else []
        for path, what, remedy, where in _missing(defaults, name, test, values):
            if path not in said:
                said.add(path)
                more = [f"test {name}"] if path[0] == "defaults" else []
                more += [cells.shown(where)] if where else []
                problems.say(f"{what} ({', '.join(more)})" if more else what, path, remedy)


def _asks(defaults: Defaults, test: Test) -> bool:
    """Whether there is a check in any layer."""
    whole = [layer for fields in (defaults, test) for layer in (fields, *fields.when)]
    return any(each.checks or each.ready for layer in whole for each in (layer, *layer.guests.values()))


def _values(defaults: Defaults, test: Test, combinations: Combinations) -> list[Values]:
    """One of each kind of combinations of values on which the layers differ; none if those are too many."""
    deciding = [when.match for when in (*defaults.when, *test.when) if when.model_fields_set & DECISIVE]
    limits = test.only if deciding else []
    globs: dict[str, list[Collection[str]]] = {}
    for key, each in (item for match in (*deciding, *limits) for item in match.items()):
        globs.setdefault(key, []).append(each)
    params = {key: _of_each_kind(test.params[key], globs[key]) for key in globs if key in test.params}
    axes = tuple(key for key in globs if key not in params)
    if not combinations.are_few(axes):
        return []
    found = _differing(combinations.on(axes), {key: globs[key] for key in axes})
    if len(found) * cells.count(params) > FEW:
        return []
    every = [{**values, **spread} for values in found for spread in cells.spread_params(params)]
    return [values for values in every if not limits or any(cells.matches(values, each) for each in limits)]


def _of_each_kind(choices: Sequence[str], globs: Sequence[Collection[str]]) -> list[str]:
    """One of those that fit the same globs, for each that there are."""
    return [values[""] for values in _differing([{"": text} for text in choices], {"": globs})]


def _differing(found: Sequence[Values], globs: Mapping[str, Sequence[Collection[str]]]) -> list[Values]:
    """One of those whose values fit the same globs on each axis."""
    fitting = {
        (axis, text): tuple(cells.fits(text, each) for each in globs[axis])
        for axis in globs
        for text in dict.fromkeys(values[axis] for values in found)
    }
    kinds: dict[tuple[tuple[bool, ...], ...], Values] = {}
    for values in found:
        kinds.setdefault(tuple(fitting[axis, values[axis]] for axis in globs), values)
    return list(kinds.values())


def _missing(
    defaults: Defaults, name: str, test: Test, every: Sequence[Values]
) -> Iterator[tuple[Path_, str, str, Values]]:
    """The place of each check that names what is not there, what is wrong, what to do, and where if not everywhere."""
    paths = {id(fields): path for path, fields in guests.layers({"defaults": defaults, "tests": {name: test}})}
    known: dict[tuple[int, ...], list[tuple[Path_, str, str]]] = {}
    found: dict[tuple[Path_, str, str], list[Values]] = {}
    for values in every:
        layers = layering.layers_of(defaults, test, values)
        same = tuple(map(id, layers))
        if same not in known:
            known[same] = list(_of_test([(paths[id(fields)], fields) for fields in layers]))
        for each in known[same]:
            found.setdefault(each, []).append(values)
    for (path, what, remedy), where in found.items():
        yield path, what, remedy, where[0] if len(where) < len(every) else {}


def _of_test(layers: Whole) -> Iterator[tuple[Path_, str, str]]:
    """What is wrong with the checks of a test whose layers are these, each with its place."""
    whole = layering.merged(fields for _, fields in layers)
    for guest in (whole.guests or [""]) if not whole.skip else []:
        yield from _wrong(_of_guest(layers, guest) if guest else layers, guest)


def _of_guest(layers: Whole, guest: str) -> Layers:
    """Those of one of the test's guests."""
    own = [((*path, "guests", guest), fields.guests[guest]) for path, fields in layers if guest in fields.guests]
    return [*layers, *own]


def _wrong(layers: Layers, guest: str) -> Iterator[tuple[Path_, str, str]]:
    """What the checks of a guest, or of a test that has but one, name that it has not."""
    fields = layering.merged(fields for _, fields in layers)
    attached = {name: each.net for name, each in fields.nets.items()}
    for key, each in _asked(fields):
        if lacking := named.missing(_as_known(each), attached):
            given = next(path for path, fields in reversed(layers) if key[0] in fields.model_fields_set)
            said = f"the guest '{guest}': {lacking.what}" if guest else lacking.what
            yield (*given, *key, *filter(None, (lacking.key,))), said, lacking.remedy


def _asked(fields: TestFields) -> Iterator[tuple[Path_, OneCheck]]:
    """All checks, each with its place in the fields."""
    if fields.ready and not fields.ready.pattern:
        yield ("ready",), fields.ready
    for index, each in enumerate(fields.checks):
        for number, one in enumerate(each.each):
            yield ("checks", index, *(("parallel", number) if each.parallel else ())), one


def _as_known(each: OneCheck) -> OneCheck:
    """Without what is filled in before the boot only."""
    late = [key for key in ("network", "to") if "{" in (getattr(each, key) or "")]
    return each.model_copy(update=dict.fromkeys(late)) if late else each
