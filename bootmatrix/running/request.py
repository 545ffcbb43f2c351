"""What is asked of a run: the selection, a shard, what had failed; kept in its journal, so that it can be resumed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from bootmatrix import plugins
from bootmatrix.engines import Engine
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix import resolve
from bootmatrix.matrix.expanding import cells
from bootmatrix.planning import plan as plans
from bootmatrix.runs import past as pasts
from bootmatrix.schedule import shard as shards, times
from bootmatrix.schedule.shard import Weight
from bootmatrix.toolchains import toolchain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.model import Cell
    from bootmatrix.planning.plan import Plan
    from bootmatrix.runs.past import Past


@dataclass(frozen=True)
class Request:
    """`select` are the command line's terms, `shard` is such as `2/4`, `failed_of` the run of which is taken only
    what failed or never ran, `compare` the axis or parameter whose values follow one another, `pair` that whose values
    boot in turn until their difference is known; `box` is what holds for all tests instead of their own.
    """

    select: tuple[str, ...] = ()
    engine: str = Engine.DOCKER
    shard: str = ""
    failed_of: str = ""
    compare: str = ""
    pair: str = ""
    box: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def of_past(past: Past) -> Request:
    """What was asked of a run before."""
    asked = past.request.get("request") or {}
    known = {field.name: asked[field.name] for field in fields(Request) if field.name in asked}
    return Request(**{**known, "select": tuple(known.get("select", ()))})


def failed(asked: Request, out: Path, note: Callable[[str], None]) -> Request:
    """The same, but only what failed or never ran in the last run; without a selection, that run's."""
    last = pasts.last(out, note)
    before = of_past(last)
    select, shard = (asked.select, asked.shard) if asked.select else (before.select, asked.shard or before.shard)
    return replace(asked, select=select, shard=shard, failed_of=last.run)


def plan_of(matrix: Matrix, request: Request, out: Path, note: Callable[[str], None]) -> Plan:
    """Raises UserError if the selection takes nothing, or if nothing can be compared as it is asked; `note` is told
    what earlier runs left that is damaged.
    """
    for option, axis in (("--compare", request.compare), ("--pair", request.pair)):
        if axis:
            _check_axis(matrix, option, axis)
    wanted = [*_shard(matrix, request, out), *_failed(request, out, note)]
    plan = plans.make(matrix, request.select, request.engine, lambda test: all(takes(test) for takes in wanted))
    if not plan.boots and not request.failed_of:
        what = f"shard {request.shard} is empty: the selection has fewer cells than shards"
        raise UserError(Problem(what, remedy="use fewer shards"))
    return plan


def _check_axis(matrix: Matrix, option: str, axis: str) -> None:
    known = {key: texts for key, texts in resolve.selectable(matrix).items() if key != "test"}
    if axis not in known:
        raise UserError(Problem(f"{option}: there is no axis or parameter '{axis}'", remedy=suggest(axis, known)))
    if len(known[axis]) == 1:
        what = f"{option}: {axis} has only one value, {known[axis][0]}"
        raise UserError(Problem(what, remedy="give it another one to compare with"))


def cells_of_part(matrix: Matrix, select: tuple[str, ...], shard: str, out: Path) -> frozenset[str]:
    """The ids of the cells in a shard of a selection, such as `2/4`; raises UserError if that is no shard, or if it has
    a key, and the shard has other cells here.
    """
    asked = shards.parse(shard)
    here = shards.parts(asked.of, weights(matrix, select, out))[asked.number - 1]
    if asked.key not in {"", here.key}:
        what = f"shard {asked.number}/{asked.of} has other cells here: key {here.key}, expected {asked.key}"
        remedy = f"use the matrix, the selection and the {out / times.FILE} of the machine that made the plan"
        raise UserError(Problem(what, remedy=remedy))
    return here.cells


def weights(matrix: Matrix, select: tuple[str, ...], out: Path) -> dict[str, Weight]:
    """What each cell of a selection adds to a shard; a test that was never measured counts as the mean of others."""
    known = {key: seconds for key, seconds in times.load(out).known.items() if "/" in key}
    unknown = math.fsum(known.values()) / len(known) if known else 1.0
    folders = plugins.images(matrix.root)
    found: dict[str, Weight] = {}
    for cell, name, _, params in resolve.selected(matrix, select):
        before = found[cell.id] if cell.id in found else Weight(0.0, 0, _image(matrix, cell, folders))
        seconds = known.get(f"{cell.id}/{cells.test_id(name, params)}", unknown)
        found[cell.id] = Weight(before.seconds + seconds, before.tests + 1, before.image)
    return found


def _image(matrix: Matrix, cell: Cell, folders: Mapping[str, Path]) -> str:
    """What a cell's image is called, or the host in its place."""
    name = cells.value(cell, "os")
    return name if name in matrix.hosts else toolchain.image_of(cell, folders).name


def _shard(matrix: Matrix, request: Request, out: Path) -> list[Callable[[str], bool]]:
    if not request.shard:
        return []
    mine = cells_of_part(matrix, request.select, request.shard, out)
    return [lambda test: test.partition("/")[0] in mine]


def _failed(request: Request, out: Path, note: Callable[[str], None]) -> list[Callable[[str], bool]]:
    if not request.failed_of:
        return []
    chain = list(pasts.chain(out, request.failed_of, note))
    return [lambda test: not next((past.is_good(test) for past in chain if test in past.told), False)]
