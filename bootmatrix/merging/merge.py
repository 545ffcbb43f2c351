"""The steps of a merge: parts read -> each test's result found -> a run like any other -> its reports."""

from __future__ import annotations

import contextlib
import shlex
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix import __version__, boot, reporting, request
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.matrix import cells, resolve
from bootmatrix.merging import files
from bootmatrix.merging import parts as found
from bootmatrix.merging.gathering import Missing, Told
from bootmatrix.model import Run
from bootmatrix.request import Request
from bootmatrix.run import Finished
from bootmatrix.runs.store import Store, new_id
from bootmatrix.schedule import times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.merging.parts import Part
    from bootmatrix.model import Result

SHOWN = 5  # tests that are named


@dataclass(frozen=True)
class Options:
    """`out` is where the run is made; `as_told`: nothing is missing but what the parts say, whatever the matrix has.

    `history` is a database's URL, `note` takes what is to be said on the way.
    """

    out: Path
    select: tuple[str, ...] = ()
    as_told: bool = False
    history: str = ""
    note: Callable[[str], None] = print


def merge(matrix: Matrix, named: Sequence[Path], options: Options) -> Finished:
    """Raises UserError if the parts do not belong together or to the matrix, InfrastructureError at a full disk."""
    for folder in named:
        if not folder.is_dir():
            raise UserError(Problem(f"there is no folder {folder}", remedy="name the folders of the parts' runs"))
    parts, refused = found.read(named)
    for each in refused:
        options.note(f"left out: {each.why}")
    whole = found.together(parts) if parts else None
    told = Told(parts)
    _say_twice(told, options.note)
    if options.as_told:
        if not parts:
            raise UserError(Problem("no part has results", remedy="name folders of runs"))
        return _write(matrix, told, whole, _as_told(told), len(told.places), options)
    boots = list(resolve.selected(matrix, options.select))
    told.check({_id(cell.id, name, params) for cell, name, _, params in boots})
    missing = Missing(parts, refused, request.weights(matrix, options.select, options.out))
    return _write(matrix, told, whole, _as_planned(told, missing, boots), len(boots), options)


def _id(cell: str, name: str, params: dict[str, str]) -> str:
    return f"{cell}/{cells.test_id(name, params)}"


def _say_twice(told: Told, note: Callable[[str], None]) -> None:
    for test in list(told.twice)[:SHOWN]:
        note(f"told by more than one part, the worst counts: {test}")
    if len(told.twice) > SHOWN:
        note(f"told by more than one part, the worst counts: {len(told.twice) - SHOWN:,} more")


def _as_told(told: Told) -> Iterator[tuple[Result, Part | None]]:
    return (result for result in map(told.result, told.places) if result)


def _as_planned(told: Told, missing: Missing, boots: Iterable[resolve.Boot]) -> Iterator[tuple[Result, Part | None]]:
    """In the order of the matrix."""
    now = boot.now()
    for each in boots:
        cell, name, _, params = each
        yield told.result(_id(cell.id, name, params)) or (missing.result(each, now), None)


def _write(
    matrix: Matrix,
    told: Told,
    whole: Run | None,
    pairs: Iterable[tuple[Result, Part | None]],
    count: int,
    options: Options,
) -> Finished:
    store = Store(options.out, new_id(), count)
    with contextlib.closing(store):
        try:
            command = shlex.join(["bootmatrix", *sys.argv[1:]])
            asked = Request(options.select).as_dict()
            store.event("run started", version=__version__, command=command, merged=len(told.parts), request=asked)
            took = _keep(told, pairs, store)
            base = whole or Run("", boot.now(), 0.0, __version__, "", {}, ())
            run = replace(
                base,
                id=store.id,
                version=__version__,
                command=command,
                results=store.results(),
                verdicts=dict(store.verdicts),
                axes=base.axes if options.as_told else tuple(matrix.axes),
                partial=bool(options.select),
                merged=True,
            )
            return _finish(run, store, matrix.root, took, options)
        except OSError as error:
            what = f"the run in {store.folder} cannot be written: {error.strerror}"
            raise InfrastructureError(Problem(what, remedy="free some space, then merge again")) from None


def _keep(told: Told, pairs: Iterable[tuple[Result, Part | None]], store: Store) -> dict[str, float]:
    """Put the results and their files into the new run; what each test took."""
    took: dict[str, float] = {}
    for index, (result, part) in enumerate(pairs):
        kept = files.with_consoles(result, part.folder, store.folder) if part else result
        store.keep(index, kept, "boot finished" if part else "boot left")
        if kept.attempts and not kept.reused:
            took[kept.id] = kept.seconds
    for part in told.parts:
        files.bring_logs(part.folder, store.folder)
    return took


def _finish(run: Run, store: Store, root: Path, took: dict[str, float], options: Options) -> Finished:
    reports = tuple(reporting.tell(run, store.folder, root, {}, options.history, options.note))
    store.point_at_it()
    times.save(store.out, took, store.id)
    store.event("run finished", seconds=run.seconds, verdicts=run.counts(), stopped="")
    return Finished(run, store.folder, reports)
