"""The terminal: progress and colour where there is one, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from bootmatrix.model import GOOD_VERDICTS
from bootmatrix.quantities import human_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console

    from bootmatrix.model import Result, Run
    from bootmatrix.plan import Plan

STYLES = {
    "passed": "green",
    "flaky": "yellow",
    "skipped": "cyan",
    "expected failure": "cyan",
    "failed": "bold red",
    "contradicted": "bold red",
    "timed out": "bold red",
    "unexpected pass": "bold red",
    "error": "bold magenta",
}
SHOWN = 5  # ids that a summary names of those that share a reason
WIDTH = max(map(len, STYLES))


class Screen:
    """Plain lines, one for each thing that happened: what a CI log wants."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.total = self.done = self.bad = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def showing(self, plan: Plan) -> Iterator[None]:
        self.total = len(plan.boots)
        yield

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        if not what.startswith("boot "):
            self._line(f"{what} …", "dim")
        yield lambda _line: None

    def made(self, kind: str, name: str, seconds: float) -> None:
        self._line(f"{kind} {name} made in {human_time(seconds)}", "dim")

    def failed(self, kind: str, name: str, reason: str) -> None:
        self._line(f"{kind} {name} failed: {reason.splitlines()[0]}", STYLES["error"])

    def note(self, text: str) -> None:
        self._line(text, "yellow")

    def result(self, result: Result) -> None:
        with self._lock:
            self.done += 1
            count = f"[{self.done:>{len(str(self.total))}}/{self.total}]"
        self._line(f"{count} {result.verdict:<{WIDTH}} {result.id}{_details(result)}", STYLES[result.verdict])

    def _line(self, text: str, style: str) -> None:
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def summary(self, run: Run, folder: Path, reports: tuple[Path, ...]) -> None:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in run.counts().items())
        good = all(result.good for result in run.results) and not run.interrupted
        self._line("", "")
        for (verdict, reason), results in _grouped(run).items():
            ids = ", ".join(result.id for result in results[:SHOWN]) + (" …" if len(results) > SHOWN else "")
            count = f" ({len(results)} tests)" if len(results) > 1 else ""
            self._line(f"{ids}{count}: {verdict}: {reason}", STYLES[verdict])
            if any(result.attempts for result in results):
                self._line(f"    repeat it: {results[0].repro}", "dim")
        ended = "interrupted; " if run.interrupted else ""
        self._line(f"{ended}{counts} in {human_time(run.seconds)}", "bold green" if good else "bold red")
        for path in (*reports, folder / "results.json"):
            self._line(f"  {path}", "dim")


class LiveScreen(Screen):
    """What is in flight and how far the run is, below the lines that matter; those are cut at the screen's width."""

    @contextlib.contextmanager
    def showing(self, plan: Plan) -> Iterator[None]:
        from rich.console import Group  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        self.total = len(plan.boots)
        text = TextColumn("{task.description}", markup=False)
        self._flight = Progress(SpinnerColumn(), text, TimeElapsedColumn(), console=self.console)
        self._overall = Progress(BarColumn(), MofNCompleteColumn(), text, TimeElapsedColumn(), console=self.console)
        self._boots = self._overall.add_task("", total=self.total)
        with Live(Group(self._flight, self._overall), console=self.console, transient=True, refresh_per_second=8):
            yield

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        room = self.console.width - 14  # the spinner and the time
        task = self._flight.add_task(_fit(what, room), total=None)
        try:
            yield lambda line: self._flight.update(task, description=_fit(f"{what}: {line}", room))
        finally:
            self._flight.remove_task(task)

    def result(self, result: Result) -> None:
        with self._lock:
            self.done += 1
            self.bad += not result.good
        self._overall.update(self._boots, advance=1, description=f"{self.bad} not as expected" if self.bad else "")
        if result.verdict not in {"passed", "skipped", "expected failure"}:
            line = f"{result.verdict:<{WIDTH}} {result.id}{_details(result)}"
            self._line(_fit(line, self.console.width), STYLES[result.verdict])


def _grouped(run: Run) -> dict[tuple[str, str], list[Result]]:
    """The results that are not good, those with one reason together: a build that failed is told once."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in run.results:
        if result.verdict not in GOOD_VERDICTS:
            groups.setdefault((result.verdict, result.reason), []).append(result)
    return groups


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _details(result: Result) -> str:
    if result.verdict == "passed":
        accelerator = result.attempts[-1].accelerator if result.attempts else ""
        return f"  {human_time(result.seconds)}{f' ({accelerator})' if accelerator else ''}"
    return f"  {result.reason.splitlines()[0] if result.reason else ''}"


def make(*, live: bool = True) -> Screen:
    """A live screen on a terminal, plain lines elsewhere; rich honours NO_COLOR."""
    console = standard(stderr=False)
    return LiveScreen(console) if live and console.is_terminal and not console.is_dumb_terminal else Screen(console)


def standard(*, stderr: bool) -> Console:
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=stderr)
