"""The steps of a run, in order: plan -> images <- builds <- boots -> events -> results -> reports."""

from __future__ import annotations

import contextlib
import platform
import shlex
import signal
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bootmatrix import __version__, boot, build, graph, host, imagebuild, plugins, retry
from bootmatrix.errors import BootmatrixError, InfrastructureError
from bootmatrix.model import Attempt, Result, Run
from bootmatrix.places import engine
from bootmatrix.places.container import ContainerPlace
from bootmatrix.places.local import LocalPlace
from bootmatrix.store import Store
from bootmatrix.toolchain import Image

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.build import BuildStep
    from bootmatrix.places.place import Place
    from bootmatrix.plan import BootStep, Plan
    from bootmatrix.screen import Screen


@dataclass(frozen=True)
class Finished:
    """A run, its folder and the reports' files."""

    run: Run
    folder: Path
    reports: tuple[Path, ...]


def run(plan: Plan, out: Path, screen: Screen, workers: int, options: dict[str, Any]) -> Finished:
    """Build, boot and judge everything; the results are on disk when this returns, interrupted or not."""
    if plan.images:
        engine.client()  # no engine: say so before anything is written
    store = Store(out)
    booter = boot.Booter(store)
    runner = _Runner(plan, store, booter, screen)
    started, clock = boot.now(), time.monotonic()
    store.event("run started", version=__version__, boots=len(plan.boots), command=shlex.join(sys.argv))
    with _interruptible(booter.stop, screen), screen.showing(plan):
        graph.run(runner.tasks(), workers, booter.stop)
    finished = Run(
        id=store.id,
        started=started,
        seconds=round(time.monotonic() - clock, 3),
        version=__version__,
        command=shlex.join(["bootmatrix", *sys.argv[1:]]),
        host=_host(plan),
        results=tuple(runner.results[step.id] for step in plan.boots),
        interrupted=booter.stop.is_set(),
    )
    return _tell(finished, store, plan.root, options)


def _tell(finished: Run, store: Store, root: Path, options: dict[str, Any]) -> Finished:
    store.finish(finished)
    written = []
    for name in plugins.names("reports", root):
        report = plugins.load("reports", name, root).Report(**options.get(name, {}))
        target = store.folder / report.filename
        report.write(finished, store.folder, target)
        written.append(target)
    store.event("run finished", seconds=finished.seconds, verdicts=finished.counts(), interrupted=finished.interrupted)
    store.close()
    return Finished(finished, store.folder, tuple(written))


def place_of(image: Image | None, run_id: str = "") -> Place:
    return ContainerPlace(image.tag, run_id) if image else LocalPlace()


class _Runner:
    """The plan's steps as tasks; collects one result for each boot, whatever happens."""

    def __init__(self, plan: Plan, store: Store, booter: boot.Booter, screen: Screen) -> None:
        self.plan, self.store, self.booter, self.screen = plan, store, booter, screen
        self.results: dict[str, Result] = {}
        booter.on_attempt = self._attempted

    def tasks(self) -> Iterator[graph.Task]:
        for image in self.plan.images:
            lane = f"images of {image.folder}"  # they share layers: the second finds those of the first
            act, lost = partial(self._image, image), partial(self._lost, "image", image.name)
            yield graph.Task(_key(image), (), act, lost, lane)
        for step in self.plan.builds:
            needs = (_key(step.image),) if step.image else ()
            yield graph.Task(_key(step), needs, partial(self._build, step), partial(self._lost, "build", step.id))
        for boot_step in self.plan.boots:
            yield self._boot_task(boot_step)

    def _boot_task(self, step: BootStep) -> graph.Task:
        runs = not (step.skip or step.error)
        needs = [_key(part) for part in (step.image, step.build) if part] if runs else []
        return graph.Task(step.id, tuple(needs), partial(self._boot, step), partial(self._unbooted, step))

    def _image(self, image: Image) -> None:
        if imagebuild.exists(image):
            self.store.event("image found", image=image.name, tag=image.tag)
            return
        log = self.store.log("image", image.name)
        with self._timed("image", image.name, tag=image.tag, log=str(log)) as say:
            make = partial(imagebuild.make, image, log, self.booter.stop, say)
            retry.infrastructure(make, self.booter.stop.wait, self.booter.stop.is_set)

    def _build(self, step: BuildStep) -> None:
        if step.output.is_dir():
            self.store.event("build found", build=step.id, key=step.key)
            return
        log = self.store.log("build", step.id)
        with self._timed("build", step.id, key=step.key, log=str(log)) as say:
            build.make(step, place_of(step.image, self.store.id), log, self.booter.stop, say)

    @contextlib.contextmanager
    def _timed(self, kind: str, name: str, **details: str) -> Iterator[Any]:
        clock = time.monotonic()
        self.store.event(f"{kind} started", **{kind: name}, **details)
        with self.screen.working(f"{kind} {name}") as say:
            yield say
        seconds = round(time.monotonic() - clock, 3)
        self.store.event(f"{kind} finished", **{kind: name}, seconds=seconds)
        self.screen.made(kind, name, seconds)

    def _boot(self, step: BootStep) -> None:
        if step.skip or step.error:
            self._told(boot.result(step, "skipped" if step.skip else "error", step.skip or step.error))
            return
        self.store.event("boot started", boot=step.id)
        with self.screen.working(f"boot {step.id}"):
            result = self.booter.run(step, place_of(step.image, self.store.id))
        self._told(result)

    def _attempted(self, step: BootStep, attempt: Attempt) -> None:
        self.store.event(
            "attempt finished",
            boot=step.id,
            number=attempt.number,
            verdict=attempt.verdict,
            outcome=str(attempt.outcome),
            seconds=attempt.seconds,
            reason=attempt.reason,
        )

    def _told(self, result: Result) -> None:
        self.results[result.id] = result
        self.store.event(
            "boot finished",
            boot=result.id,
            verdict=result.verdict,
            reason=result.reason,
            seconds=result.seconds,
        )
        self.screen.result(result)

    def _lost(self, kind: str, name: str, error: BootmatrixError) -> None:
        self.store.event(f"{kind} failed", **{kind: name}, reason=str(error))
        self.screen.failed(kind, name, str(error))

    def _unbooted(self, step: BootStep, error: BootmatrixError) -> None:
        interrupted = self.booter.stop.is_set()
        kind = "skipped" if interrupted else "error"
        self._told(
            boot.result(
                step,
                kind,
                str(error),
                infrastructure=isinstance(error, InfrastructureError) and not interrupted,
            )
        )


def _key(part: Image | BuildStep) -> str:
    return f"image {part.tag}" if isinstance(part, Image) else f"build {part.key}"


@contextlib.contextmanager
def _interruptible(stop: threading.Event, screen: Screen) -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP: no new boots, the running ones ended, the reports written."""

    def ask(number: int, _frame: object) -> None:
        if not stop.is_set():
            stop.set()
            screen.note(f"{signal.Signals(number).name}: stopping; the reports will be written")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _host(plan: Plan) -> dict[str, str]:
    found = {
        "name": platform.node(),
        "os": host.os_name(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cores": str(host.cores()),
        "kvm": host.kvm_trouble() or "/dev/kvm makes machines",
        "engine": plan.engine,
    }
    if plan.images:
        found["engine"] = (
            f"{'podman' if engine.is_podman() else 'docker'} {engine.client().version().get('Version', '')}"
        )
    return found


def exit_code(run: Run, *, fail_on_flaky: bool) -> int:
    """0 all as expected, 1 some test was not, 3 nothing but the infrastructure failed, 130 interrupted."""
    if run.interrupted:
        return 130
    bad = [r for r in run.results if not r.good or (fail_on_flaky and r.verdict == "flaky")]
    if not bad:
        return 0
    return 3 if all(r.infrastructure for r in bad) else 1
