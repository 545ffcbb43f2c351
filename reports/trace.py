"""A timeline of the run for Perfetto and Chrome: which worker made or booted what when, each boot broken down.

The format is Chrome's "Trace Event Format": times are in microseconds since the run began.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any, ClassVar

from bootmatrix import model, texts
from bootmatrix.model import PhaseName

from . import _texts, _timeline
from ._dumping import dumped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.model import Attempt, Phase, Result, Run

    from ._timeline import Timeline, Tried

    Event = dict[str, Any]

PROCESS = 1
LONGEST = 300  # characters of a name or a reason
DURING = {
    PhaseName.FIRMWARE: "firmware",
    PhaseName.ENTRY: "kernel",
    PhaseName.FIRST_BYTE: "printing",
    PhaseName.READY: "ready",
}


class Report(model.Report):
    filename: ClassVar[str] = "trace.json"

    def write(self, run: Run, folder: Path, target: Path) -> None:
        timeline = _timeline.read(folder.resolve(), run.started)
        with _texts.written(target) as file:
            about = {
                key: _line(text) for key, text in (("run", run.id), ("started", run.started), ("commit", run.commit))
            }
            file.write(dumped({"displayTimeUnit": "ms", "otherData": about}).removesuffix("}") + ', "traceEvents": [\n')
            _Tracks(file, timeline, run).put()
            file.write("\n]}\n")


@dataclass
class _Tracks:
    """Writes the events, each a line; a thread gets its track when it is first named."""

    file: IO[str]
    timeline: Timeline
    run: Run
    threads: dict[str, int] = field(default_factory=dict)
    pairs: int = 0  # of events that begin and end beside the tracks
    empty: bool = True

    def put(self) -> None:
        self._put({"ph": "M", "name": "process_name", "args": {"name": f"bootmatrix {_line(self.run.id)}"}})
        for span in self.timeline.made:
            self._slice(span.thread, f"{span.kind} {span.name}", span.kind, span.begin, span.end - span.begin)
        for moment in self.timeline.moments:
            self._put({"ph": "i", "s": "p", "name": _line(moment.name), "ts": moment.at, "tid": 0})
        for result in self.run.results:
            if not result.reused:
                told = [tried for each in result.attempts if (tried := self._attempt(result, each))]
                for tried in self.timeline.others(result.id, told):
                    about = {"verdict": _line(tried.verdict)}
                    self._slice(tried.thread, result.id, "boot", tried.end - tried.took, tried.took, about)

    def _attempt(self, result: Result, attempt: Attempt) -> Tried | None:
        """What the journal has of it."""
        about = {"verdict": attempt.verdict, "outcome": _line(str(attempt.outcome)), "attempt": attempt.number}
        if attempt.verdict != model.Verdict.PASSED:
            about["reason"] = _line(attempt.reason)
        name = result.id if attempt.number == 1 else f"{result.id} (attempt {attempt.number})"
        took = _timeline.micro(attempt.seconds)
        if tried := self.timeline.attempt(result.id, attempt.number):
            self._slice(tried.thread, name, "boot", tried.end - took, took, about)
            for phase, begin, end in _stretches(attempt.phases):
                self._slice(tried.thread, phase, "phase", tried.end - took + begin, end - begin)
        else:
            self._beside(name, attempt, about)
        for guest, each in attempt.guests.items():
            self._beside(f"{guest} of {name}", each, {"verdict": each.verdict, "outcome": _line(str(each.outcome))})
        return tried

    def _slice(self, thread: str, name: str, kind: str, at: int, took: int, about: Event | None = None) -> None:
        track = self._track(thread)
        self._put(
            {"ph": "X", "name": _line(name), "cat": kind, "ts": at, "dur": took, "tid": track, "args": about or {}}
        )

    def _beside(self, name: str, attempt: Attempt, about: Event) -> None:
        """What ran at the same time as others of its thread, or in a thread that is not known, as after a merge."""
        begin = self.timeline.at(attempt.started)
        if begin is None:
            return
        self.pairs += 1
        self._pair("b", name, begin, about)
        for phase, start, end in _stretches(attempt.phases):
            self._pair("b", phase, begin + start)
            self._pair("e", phase, begin + end)
        self._pair("e", name, begin + _timeline.micro(attempt.seconds))

    def _pair(self, kind: str, name: str, at: int, about: Event | None = None) -> None:
        more = {"args": about} if about else {}
        self._put({"ph": kind, "cat": "boot", "id": self.pairs, "name": _line(name), "ts": at, "tid": 0, **more})

    def _track(self, thread: str) -> int:
        if thread not in self.threads:
            self.threads[thread] = track = len(self.threads) + 1
            self._put({"ph": "M", "name": "thread_name", "tid": track, "args": {"name": _line(thread or "main")}})
        return self.threads[thread]

    def _put(self, event: Event) -> None:
        self.file.write(("" if self.empty else ",\n") + dumped({**event, "pid": PROCESS}))
        self.empty = False


def _stretches(phases: Sequence[Phase]) -> Iterator[tuple[str, int, int]]:
    """What went on between two phases, from when to when since the boot began, in microseconds."""
    if not phases:
        return
    begun = [("starting", 0), *((DURING.get(PhaseName(each.name), ""), _timeline.micro(each.at)) for each in phases)]
    for (name, begin), (_, end) in pairwise(begun):
        if name and end > begin:
            yield name, begin, end


def _line(text: str) -> str:
    return texts.line(text, LONGEST)
