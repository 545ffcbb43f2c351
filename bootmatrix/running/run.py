"""The steps of a run, in order: plan -> images <- builds <- boots -> events -> results -> reports."""

from __future__ import annotations

import contextlib
import platform
import shlex
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bootmatrix import __version__, paired, source
from bootmatrix.boots import results
from bootmatrix.errors import Fatal, Problem, UserError
from bootmatrix.history import NO_HISTORY
from bootmatrix.judging import cases, quarantine
from bootmatrix.model import GOOD_VERDICTS, Run, Verdict
from bootmatrix.places import opening
from bootmatrix.places.containers import engine
from bootmatrix.places.hosts import HERE
from bootmatrix.places.remote import host as remote_host
from bootmatrix.program import leaving
from bootmatrix.quantities import how_many, human_time
from bootmatrix.running import baselines, reporting
from bootmatrix.running.steps import Steps
from bootmatrix.running.tasks import Tasks
from bootmatrix.runs import lease
from bootmatrix.runs.passes import Passes
from bootmatrix.runs.store import Store, new_id
from bootmatrix.schedule import times
from bootmatrix.schedule.board import Board
from bootmatrix.schedule.capacity import Capacity
from bootmatrix.schedule.crew import Crew
from bootmatrix.screen import Shape

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from bootmatrix.places.opening import Places
    from bootmatrix.planning.plan import Plan
    from bootmatrix.planning.step import BootStep
    from bootmatrix.runs.past import Past
    from bootmatrix.screen import Screen

FEW = 5  # soaks that begin anew and are named
INTERRUPTED = "the run was interrupted before this was tried"


@dataclass(frozen=True)
class Options:
    """How to run. `memory` in bytes; `request` is what `--resume` must know, `reports` each format's options, `history`
    a database's URL.
    """

    out: Path
    jobs: int
    memory: int
    reuse: bool = False
    request: Mapping[str, Any] = field(default_factory=dict)
    reports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    history: str = ""


@dataclass(frozen=True)
class Finished:
    """A run, its folder and the reports' files; `fatal` is why it could not come to its end."""

    run: Run
    folder: Path
    reports: tuple[Path, ...]
    fatal: Fatal | None = None


def run(plan: Plan, screen: Screen, options: Options, past: Past | None = None) -> Finished:
    """Build, boot and judge everything, or what `past` had left; what was told is on disk when this returns.

    Raises InfrastructureError where nothing can be begun.
    """
    _check(plan, screen)
    checkout = source.of(plan.root)
    with lease.Lease(past.run if past else new_id()) as ours, contextlib.ExitStack() as stack:
        store = Store(options.out, ours.run, len(plan.boots))
        stack.callback(store.close)
        begun, clock = past.started if past else results.now(), time.monotonic()
        _begin(plan, store, options, past, screen)
        passes = Passes(options.out, screen.note)
        stack.callback(lambda: None if store.frozen else passes.close())
        stop = threading.Event()
        stack.enter_context(leaving.on_signals(_asked(stop, screen)))
        places = stack.enter_context(opening.opened(ours.run, ours.boxes, stop, screen.note, plan.engine))
        described = _host(plan)
        steps = Steps(store, passes, places, screen, reuse=options.reuse)
        steps.anew = past is not None
        steps.booter.router.asked = str(options.request.get("box", ""))
        steps.booter.earlier = baselines.of(plan, checkout.branch, options.history, screen.note)
        fatal = _work(plan, steps, screen, options)
        steps.tell_unjudged()
        before = past.seconds if past else 0.0
        finished = Run(
            id=store.id,
            started=begun,
            seconds=round(before + time.monotonic() - clock, 3),
            version=__version__,
            command=shlex.join(["bootmatrix", *sys.argv[1:]]),
            host=described,
            results=store.results(),
            interrupted=stop.is_set() and not fatal,
            verdicts=dict(store.verdicts),
            axes=plan.axes,
            commit=checkout.commit,
            branch=checkout.branch,
            partial=any(options.request.get(key) for key in ("select", "shard", "failed_of")),
        )
        return _tell(plan, finished, steps, options, fatal)


def _check(plan: Plan, screen: Screen) -> None:
    """What can be known to be wrong before anything is begun; and what the user should know."""
    opening.check(plan.root, (*plan.images, *plan.remotes))
    cases.check(plan.protocols, plan.root)
    lease.sweep(screen.note)
    for entry in dict.fromkeys(step.quarantine for step in plan.boots if step.quarantine):
        if quarantine.is_over(entry, datetime.now(UTC).date()):
            screen.note(quarantine.told(entry))


def _begin(plan: Plan, store: Store, options: Options, past: Past | None, screen: Screen) -> None:
    """Tell the journal what is begun; of a run that is taken up again, find what it has told."""
    if past is None:
        details = {"version": __version__, "boots": len(plan.boots), "command": shlex.join(sys.argv)}
        store.event(
            "run started", **details, plan=plan.key, request=dict(options.request), reports=dict(options.reports)
        )
        return
    if past.request.get("plan") != plan.key:
        what = f"run {past.run} cannot be resumed: matrix.yaml, a source or an image has changed"
        raise UserError(
            Problem(what, remedy="`bootmatrix run --reuse` starts a new run and reuses what has not changed")
        )
    for index, step in enumerate(plan.boots):
        if step.id in past.told:
            told = past.told[step.id]
            store.found(index, told.verdict, told.at, told.length)
    store.event("run resumed", version=__version__, left=len(store.missing()))
    cut_short = [step for step in plan.boots if step.id in past.begun and step.soaked]
    for step in cut_short[:FEW]:
        screen.note(f"{step.id}: its soak of {human_time(step.soaked)} was not finished, and begins anew")
    if len(cut_short) > FEW:
        screen.note(f"{how_many(len(cut_short) - FEW, 'more soak')} that had not finished will begin anew")


def _work(plan: Plan, steps: Steps, screen: Screen, options: Options) -> Fatal | None:
    """Do what is left; tell what was not done, unless the disk takes no more."""
    store = steps.store
    hosts = {HERE.name: Capacity(options.jobs, options.memory, kvm=HERE.cores), **_capacities(plan, steps.places)}
    asked = {key: str(options.request.get(key, "")) for key in ("compare", "pair")}
    known = times.load(options.out, screen.note)
    tasks = Tasks(plan, steps, known, hosts, axis=asked["compare"], pair=asked["pair"])
    board = Board(tasks.of(store.missing()), hosts)
    crew = Crew(board, steps.stop)
    shape = _shape([plan.boots[index] for index in store.missing()])
    with screen.showing(shape, lambda: tasks.left(board)):
        if not crew.run():
            store.freeze()
    fatal = crew.fatal
    with contextlib.suppress(Fatal):
        for index in store.missing():
            step = plan.boots[index]
            kind, why = (Verdict.ERROR, str(fatal)) if fatal else (Verdict.SKIPPED, INTERRUPTED)
            left = results.untried(step, kind, why, infrastructure=bool(fatal))
            store.keep(index, left, "boot left")
    return fatal


def _capacities(plan: Plan, places: Places) -> dict[str, Capacity]:
    """Those of hosts over SSH. Of one that does not answer yet nothing is known: it does one thing at a time."""
    found = {remote.name: Capacity(1, sys.maxsize, kvm=1) for remote in plan.remotes}
    for place in places.reached(plan.remotes):
        slots = min(place.host.cores, remote_host.MOST_BOOTS)
        found[place.name] = Capacity(slots, place.host.memory or sys.maxsize, kvm=slots)
    return found


def _shape(boots: Sequence[BootStep]) -> Shape:
    """What is still to be run, for the screen."""
    cells = {step.cell.id: step.cell.values for step in boots}
    tests = dict.fromkeys(cells, 0)
    for step in boots:
        tests[step.cell.id] += 1
    axes: dict[str, list[str]] = {}
    for values in cells.values():
        for axis, text in values.items():
            axes.setdefault(axis, []).append(text)
    choices = {axis: tuple(dict.fromkeys(texts)) for axis, texts in axes.items()}
    return Shape(axes=choices, cells=cells, tests=tests, boots=len(boots))


def _tell(plan: Plan, finished: Run, steps: Steps, options: Options, fatal: Fatal | None) -> Finished:
    store = steps.store
    written: list[Path] = []
    try:
        history = options.history if steps.anew else NO_HISTORY  # `nightly` records it, if it is asked
        told = reporting.tell(finished, store.folder, plan.root, options.reports, history, steps.screen.note)
        try:
            written.extend(told)
        finally:
            store.point_at_it()
        if not options.request.get("shard"):
            times.save(options.out, steps.took)
        stopped = str(fatal) if fatal else "interrupted" if finished.interrupted else ""
        store.event("run finished", seconds=finished.seconds, verdicts=finished.counts(), stopped=stopped)
    except OSError as error:
        fatal = fatal or _unwritten(store.folder, error)
    except (Fatal, UserError) as error:  # the journal takes no more, or was damaged
        fatal = fatal or (error if isinstance(error, Fatal) else Fatal(*error.problems))
    return Finished(finished, store.folder, tuple(written), fatal)


def _unwritten(folder: Path, error: OSError) -> Fatal:
    what = f"the reports in {folder} cannot be written: {error.strerror}"
    return Fatal(Problem(what, remedy="free some space, then `bootmatrix run --resume` writes them"))


def _asked(stop: threading.Event, screen: Screen) -> Callable[[signal.Signals], None]:
    """What a signal does: no new boots, the running ones ended, the reports written."""

    def ask(number: signal.Signals) -> None:
        stop.set()
        screen.note(f"{number.name}: stopping and writing the reports; a second one stops at once")

    return ask


def _host(plan: Plan) -> dict[str, str]:
    found = {
        "name": platform.node(),
        "os": HERE.os_name,
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cores": str(HERE.cores),
        "kvm": HERE.trouble("kvm") or "/dev/kvm works (it can create a virtual machine)",
        "engine": str(plan.engine),
    }
    if plan.images:
        found["engine"] = engine.described()
    return found


def exit_code(finished: Finished, failing: Collection[Verdict] = ()) -> int:
    """0 all as expected, 1 some test was not, 3 nothing but the infrastructure failed, 130 interrupted.

    `failing`: good verdicts that are none in this run; an undecided pair counts as an undecided test.
    """
    if finished.fatal:
        return finished.fatal.exit_code
    if finished.run.interrupted:
        return 130
    if Verdict.UNDECIDED in failing and any(paired.undecided(result.pairs) for result in finished.run.results):
        return 1
    if finished.run.counts().keys() <= GOOD_VERDICTS - {*failing}:
        return 0
    wrong = (result for result in finished.run.results if not result.good or result.verdict in failing)
    return 3 if all(result.infrastructure for result in wrong) else 1
