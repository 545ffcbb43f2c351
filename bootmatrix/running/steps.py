"""The three things that a run does: images <- builds <- boots, each told to the journal before and after."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bootmatrix import disk
from bootmatrix.boots import boot, results
from bootmatrix.boots.boot import Postponed
from bootmatrix.boots.results import Results
from bootmatrix.errors import InfrastructureError
from bootmatrix.model import Verdict
from bootmatrix.quantities import how_many, human_size
from bootmatrix.running.boxes import Boxes
from bootmatrix.running.makers import Makers
from bootmatrix.running.telling import ToRun
from bootmatrix.runs.passes import Keys
from bootmatrix.schedule.task import Later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.errors import BootmatrixError
    from bootmatrix.matrix.keys.pair import Pair
    from bootmatrix.model import Attempt, Result
    from bootmatrix.places.opening import Places
    from bootmatrix.planning.step import BootStep
    from bootmatrix.runs.passes import Passes
    from bootmatrix.runs.store import Store
    from bootmatrix.screen import Screen


PASSES = {Verdict.PASSED, Verdict.FLAKY}
MORE = "details are in the run's logs/, and at the test"


class Steps:
    """Does them, and tells it; each boot comes to one result.

    `took` has the seconds of each, as `Times` has them; `anew`: not all results were reused from earlier runs.
    """

    def __init__(self, store: Store, passes: Passes, places: Places, screen: Screen, *, reuse: bool) -> None:
        self.store, self.passes, self.places, self.screen, self.reuse = store, passes, places, screen, reuse
        self.stop = places.stop
        self.took: dict[str, float] = {}
        self.makers = Makers(places, ToRun(store, screen, self.took))
        self.anew = False
        self.results = Results()
        self.booter = boot.Booter(
            store,
            self.stop,
            note=screen.note,
            on_begin=self._begun,
            on_attempt=self._attempted,
            results=self.results,
            place_of=places.of,
        )
        self.booter.router.boxed = Boxes(places, self.makers).of
        if screen.wants_consoles:
            self.booter.on_chunk = screen.console
        self._unjudged: list[Result] = []  # that passed, but with limits that could not be judged
        self._blamed: dict[str, str] = {}  # the first test that each failed image or build kept from booting
        self._keys = Keys()

    def boot(self, index: int, step: BootStep, before: Postponed | None = None) -> Later | None:
        """Boot the plan's test number `index`, or tell why not; what is left of it if it was starved."""
        if not step.runs:
            kind = Verdict.SKIPPED if step.skip else Verdict.ERROR
            self._tried(index, step, kind, step.skip or step.error)
            return None
        fields, place = step.fields, self.places.of(step.site)
        key = self._keys.of(step, fields, place)
        if self.reuse and not before and (again := self._again(key, step)):
            self._told(index, step, self.results.again(step, again))
            return None
        with self.screen.working(f"boot {step.id}"):
            found = self.booter.run(step, fields, place, before, key)
        if isinstance(found, Postponed):
            return self._postponed(index, step, found)
        if found:  # what was cut short is told with all that was not tried, and run when the run is resumed
            self._told(index, step, found)
        return None

    def in_turn(self, group: Sequence[tuple[int, BootStep]], pair: Pair) -> None:
        """Boot tests that differ in the pair's axis alone, the one that others are held against first among them: all
        of them come to their results at once, or none.
        """
        from bootmatrix.boots import pairing  # noqa: PLC0415  # only where there are pairs

        steps = [step for _, step in group]
        seed = f"{self.store.id} {steps[0].id}"
        self.store.event("pair started", boots=[step.id for step in steps], axis=pair.axis, seed=seed)
        partners = [
            pairing.Partner(step, step.fields, self.places.of(step.site), step.values[pair.axis]) for step in steps
        ]
        with self.screen.working(f"boot {steps[0].id} in turn with {len(steps) - 1} more") as say:
            found = pairing.Pairing(self.booter, pair, partners, seed, say).run()
        for (index, step), result in zip(group, found or (), strict=False):
            self._told(index, step, result)

    def _postponed(self, index: int, step: BootStep, found: Postponed) -> Later:
        self.store.event("boot postponed", boot=step.id, reason=found.why, timeout=round(found.seconds, 3))
        self.screen.postponed(step.id, found.why)
        return Later(partial(self.boot, index, step, found), found.seconds)

    def _again(self, key: str, step: BootStep) -> Result | None:
        """The pass of an earlier run, brought here."""
        try:
            return self.passes.take(key, step, self.store.folder)
        except OSError as error:
            raise disk.full(self.store.folder / "consoles", error) from None

    def too_large(self, index: int, step: BootStep, needed: int, memory: int) -> None:
        """Tell that the test cannot run here, where its guest would need more bytes than guests may have."""
        need, have = human_size(needed), human_size(memory)
        there = f"{step.remote.name} has {have} left" if step.remote else f"guests may use {have} here"
        reason = f"it needs {need} with its tender, but {there}{'' if step.remote else '; raise it with `--mem`'}"
        kind = Verdict.ERROR if step.template.unavailable == "error" else Verdict.SKIPPED
        self._tried(index, step, kind, reason)

    def _begun(self, step: BootStep) -> None:
        """Its place is ready; told before it runs."""
        self.store.event("boot started", boot=step.id)

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
        if attempt.verdict != Verdict.PASSED and not attempt.starved:  # which is told with what comes of it
            self.screen.attempt(step.id, attempt.number, attempt.reason)

    def _tried(self, index: int, step: BootStep, verdict: Verdict, why: str, *, infrastructure: bool = False) -> None:
        """Tell why it was not even prepared."""
        found = self.results.tried(step, step.template, verdict, why, infrastructure=infrastructure)
        self._told(index, step, found)

    def _told(self, index: int, step: BootStep, result: Result) -> None:
        try:
            at, length = self.store.keep(index, result)
        except ValueError as error:
            what = f"the runner returned an invalid value: {error}"
            result = results.untried(step, Verdict.ERROR, what)
            at, length = self.store.keep(index, result)
        self.passes.note(result, self.store.id, at, length)
        self.anew = self.anew or not result.reused
        if result.attempts and not result.reused:
            self.took[result.id] = result.seconds
        if result.verdict in PASSES and result.attempts[-1].unjudged:
            self._unjudged.append(result)
        self.screen.result(result)

    def tell_unjudged(self) -> None:
        """What passed in this run though not all was held against it: nobody reads the details of a pass."""
        if self._unjudged:
            first, more = min(self._unjudged, key=lambda each: each.id), len(self._unjudged) - 1
            others = f"; so it is with {how_many(more, 'other test')}" if more else ""
            self.screen.note(f"{first.id} has passed, but {first.attempts[-1].unjudged[0]}{others}")

    def lost(self, kind: str, name: str, error: BootmatrixError) -> None:
        self.store.event(f"{kind} failed", **{kind: name}, reason=str(error))
        self.screen.failed(kind, name, str(error))

    def unbooted(self, index: int, step: BootStep, error: BootmatrixError) -> None:
        ours = isinstance(error, InfrastructureError)
        if self.stop.is_set() and ours:
            return  # it was not tried: told with all the others that were not
        why = self._why(str(error), step.id)
        self._tried(index, step, Verdict.ERROR, why, infrastructure=ours)

    def _why(self, reason: str, test: str) -> str:
        """A reason in full for the first test that has it: there may be thousands, and each is told in every report."""
        first, line_end, _ = reason.partition("\n")
        blamed = self._blamed.setdefault(reason, test)
        return reason if blamed == test or not line_end else f"{first}\n    {MORE} {blamed}"
