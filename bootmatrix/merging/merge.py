"""The steps of a merge: shards read -> each test's result found -> a run like any other -> its reports."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix import __version__, engines
from bootmatrix.boots import results
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.history import NO_HISTORY
from bootmatrix.matrix import resolve
from bootmatrix.matrix.expanding import cells
from bootmatrix.merging import anew, logs, received
from bootmatrix.merging.gathering import Gathered, Missing
from bootmatrix.model import Run
from bootmatrix.planning import plan as plans
from bootmatrix.running import reporting, request
from bootmatrix.running.request import Request
from bootmatrix.running.run import Finished
from bootmatrix.runs import keeping
from bootmatrix.runs.store import Store, new_id
from bootmatrix.schedule import times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.merging.received import Part
    from bootmatrix.model import Result

SHOWN = 5  # tests that are named


@dataclass(frozen=True)
class Options:
    """`out` is where the run is made; `as_told`: the shards' reports are all there is, whatever the matrix has.

    `commit` is what the caller knows to have been run, in hex, else empty; of shards that are taken as told no other
    word on it counts. `history` is a database's URL, `note` takes what is to be said on the way.
    """

    out: Path
    select: tuple[str, ...] = ()
    as_told: bool = False
    commit: str = ""
    history: str = ""
    note: Callable[[str], None] = print


def merge(matrix: Matrix, named: Sequence[Path], options: Options) -> Finished:
    """Raises UserError if the shards do not belong together or to the matrix, InfrastructureError at a full disk."""
    for folder in named:
        if not folder.is_dir():
            raise UserError(Problem(f"there is no folder {folder}", remedy="name the folders of the shards' runs"))
    parts, refused = received.read(named)
    for each in refused:
        options.note(f"ignored: {each.why}")
    whole = received.together(parts) if parts else Run("", results.now(), 0.0, __version__, "", {}, ())
    told = Gathered(parts)
    _say_twice(told, options.note)
    if options.as_told:
        if not parts:
            raise UserError(Problem("none of these folders holds the results of a run", remedy="name folders of runs"))
        head = _head_as_told(whole, options)
        return _write(matrix, told, head, _as_told(told, head.axes), len(told.places), options)
    boots = list(resolve.selected(matrix, options.select))
    told.check({_id(cell.id, name, params) for cell, name, _, params in boots})
    missing = Missing(parts, refused, request.weights(matrix, options.select, options.out))
    head = _head_as_planned(whole, matrix, options)
    return _write(matrix, told, head, _as_planned(told, missing, matrix, boots), len(boots), options)


def _head_as_told(whole: Run, options: Options) -> Run:
    """What the shards say of their source and their hosts is left out."""
    branch = os.environ.get("BOOTMATRIX_BRANCH", "")
    return replace(whole, commit=options.commit, branch=branch, host={}, axes=anew.axes_told(whole.axes))


def _head_as_planned(whole: Run, matrix: Matrix, options: Options) -> Run:
    if options.commit and whole.commit and options.commit != whole.commit:
        what = f"the shards are of the commit {whole.commit}, not of {options.commit}"
        raise UserError(Problem(what, remedy="merge the shards of that commit, or leave --commit out"))
    return replace(whole, commit=options.commit or whole.commit, axes=tuple(matrix.axes))


def _id(cell: str, name: str, params: dict[str, str]) -> str:
    return f"{cell}/{cells.test_id(name, params)}"


def _say_twice(told: Gathered, note: Callable[[str], None]) -> None:
    for test in list(told.twice)[:SHOWN]:
        note(f"reported by several shards; keeping the worst verdict: {test}")
    if len(told.twice) > SHOWN:
        note(f"… and {len(told.twice) - SHOWN:,} more reported by several shards")


def _as_told(told: Gathered, axes: tuple[str, ...]) -> Iterator[tuple[Result, Part | None]]:
    for test in told.places:
        if found := told.result(test):
            yield anew.as_told(found[0], axes), found[1]


def _as_planned(
    told: Gathered, missing: Missing, matrix: Matrix, boots: Iterable[resolve.Boot]
) -> Iterator[tuple[Result, Part | None]]:
    """In the order of the matrix."""
    now, resolver = results.now(), resolve.Resolver(matrix)
    for each in boots:
        cell, name, test, params = each
        if found := told.result(_id(cell.id, name, params)):
            fields = resolver.fields(cell, test, params)
            yield anew.as_planned(found[0], matrix, each, fields, _options(matrix, found[1])), found[1]
        else:
            yield missing.result(each, now, matrix.places.get(name, "")), None


def _options(matrix: Matrix, part: Part) -> tuple[str, ...]:
    """With which its tests are repeated here."""
    return plans.options(matrix, engines.recorded(part.run.host.get("engine")))


def _write(
    matrix: Matrix,
    told: Gathered,
    head: Run,
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
            run = replace(
                head,
                id=store.id,
                version=__version__,
                command=command,
                results=store.results(),
                verdicts=dict(store.verdicts),
                partial=bool(options.select),
                merged=True,
            )
            return _finish(run, store, matrix.root, took, options)
        except OSError as error:
            what = f"the run in {store.folder} cannot be written: {error.strerror}"
            raise InfrastructureError(Problem(what, remedy="free some space, then merge again")) from None


def _keep(told: Gathered, pairs: Iterable[tuple[Result, Part | None]], store: Store) -> dict[str, float]:
    """Put the results and their files into the new run; what each test took."""
    took: dict[str, float] = {}
    for index, (result, part) in enumerate(pairs):
        kept = keeping.with_consoles(result, part.folder, store.folder) if part else result
        store.keep(index, kept, "boot finished" if part else "boot left")
        if kept.attempts and not kept.reused:
            took[kept.id] = kept.seconds
    for part in told.parts:
        logs.bring(part.folder, store.folder)
    return took


def _finish(run: Run, store: Store, root: Path, took: dict[str, float], options: Options) -> Finished:
    history = options.history or os.environ.get("BOOTMATRIX_HISTORY") or (NO_HISTORY if options.as_told else "")
    reports = tuple(reporting.tell(run, store.folder, root, {}, history, options.note))
    store.point_at_it()
    times.save(store.out, took)
    store.event("run finished", seconds=run.seconds, verdicts=run.counts(), stopped="")
    return Finished(run, store.folder, reports)
