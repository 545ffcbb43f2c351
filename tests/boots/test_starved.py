"""Boots of real processes whose strain is given: what was starved is put off, and its second word is weighed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from support import script, scripted, write_matrix

from bootmatrix import results, screen, texts
from bootmatrix.boots import boot, judgement
from bootmatrix.matrix import load
from bootmatrix.model import Verdict
from bootmatrix.places import strain
from bootmatrix.places.here import place as local
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.strain import Strain
from bootmatrix.planning import plan
from bootmatrix.running import run
from bootmatrix.runs import journal, past
from bootmatrix.runs.store import Store
from bootmatrix.watching.stop import Stop, StopKind
from bootmatrix.watching.watch import Watched
from bootmatrix.watching.witness import Findings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.model import Attempt, Result
    from bootmatrix.planning.step import BootStep

HOST = {"backend": ["command"]}
TIMEOUT = 0.2
ASKED = 0.15  # seconds of processor time: less than a boot takes, so that nothing but that is allowed
HANGS = script("sleep 1000", timeout="200 ms")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))


ALWAYS_READY = 100.0  # seconds that a job has waited for a processor: all the time, and more
NOTHING, SOME = Strain(0.0, ALWAYS_READY), Strain(0.1, ALWAYS_READY)


def shares(monkeypatch: pytest.MonkeyPatch, *of_each: float | Strain) -> None:
    """What each boot had, in their order, by the kernel's account: so much, or its share of what it asked for."""
    left = iter(of_each)

    def given(root: int, *, without_root: bool = False) -> Strain:
        assert root
        assert not without_root
        share = next(left)
        return share if isinstance(share, Strain) else Strain(share * ASKED, (1 - share) * ASKED)

    monkeypatch.setattr(strain, "of", given)


def step_of(folder: Path, fields: dict[str, Any]) -> BootStep:
    return plan.make(load.load(write_matrix(folder, scripted(HOST, t=fields))), (), "host").boots[0]


@contextlib.contextmanager
def booter(folder: Path) -> Iterator[boot.Booter]:
    store = Store(folder / "out", "run", 1)
    with contextlib.closing(store):
        yield boot.Booter(store)


def booted(folder: Path, fields: dict[str, Any] = HANGS) -> tuple[boot.Postponed | None, Result]:
    """What was put off, if it was, and the result."""
    step, place = step_of(folder, fields), LocalPlace()
    with booter(folder) as ours:
        first = ours.run(step, step.fields, place)
        if not isinstance(first, boot.Postponed):
            assert first
            return None, first
        second = ours.run(step, step.fields, place, first)
    assert second
    assert not isinstance(second, boot.Postponed)
    return first, second


@pytest.mark.parametrize("share", [1.0, 0.9, 0.5])
def test_a_guest_that_had_half_of_what_it_could_have_had_hung(
    share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares(monkeypatch, share)
    put_off, result = booted(tmp_path)
    assert (put_off, result.verdict, result.reason) == (None, "timed out", "no end within 0.20 s")


@pytest.mark.parametrize(
    ("first", "stretch", "second", "verdict", "words"),
    [
        (0.4, 1.6, 0.9, "timed out", "no end within 0.32 s"),
        (0.25, 1.75, SOME, "timed out", "no end within 0.35 s, in which it had "),
        (0.0, 2.0, SOME, "timed out", "no end within 0.40 s, in which it had "),
        (0.0, 2.0, 0.0, "timed out", "no end within 0.40 s, in which it had 0% of a processor"),  # most of it asleep
        (0.0, 2.0, NOTHING, "error", "starved of processor time: no end within 0.40 s"),
    ],
)
def test_its_second_word_counts_if_it_had_a_quarter_of_what_its_own_time_out_allows(
    first: float,
    stretch: float,
    second: float | Strain,
    verdict: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares(monkeypatch, first, second)
    put_off, result = booted(tmp_path)
    assert put_off
    assert put_off.stretch == pytest.approx(stretch)
    assert put_off.why.startswith("starved of processor time: no end within 0.20 s")
    assert put_off.why.endswith(f"; tried again at the end of the run, with {TIMEOUT * stretch:.2f} s")
    assert [attempt.starved for attempt in result.attempts] == [True, verdict == "error"]
    assert (result.verdict, result.infrastructure) == (verdict, verdict == "error")
    assert result.reason.startswith(words)
    assert result.attempts[1].seconds < 2 * TIMEOUT + 5  # and no third


def test_the_idle_time_out_grows_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had is asked in its silence, and at its end."""
    shares(monkeypatch, Strain(0, 0), NOTHING, NOTHING, Strain(0, 0), Strain(0, 0), Strain(0, 0))
    put_off, result = booted(tmp_path, script("sleep 1000", timeout="60 s", idle_timeout="200 ms"))
    assert put_off
    assert put_off.why.endswith("with 2 min 0 s (0.40 s without console output)")
    assert result.reason == "no console output for 0.40 s"


def test_a_pass_after_it_is_no_flaky_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares(monkeypatch, 0.0)
    once = f"mkdir {tmp_path}/there 2>/dev/null || exit 0; sleep 1000"
    put_off, result = booted(tmp_path, script(once, timeout="500 ms"))
    assert put_off
    assert (result.verdict, len(result.attempts), result.started) == ("passed", 2, put_off.started)
    assert result.reason.startswith(
        "exited(0); attempt 1 failed because of the infrastructure: starved of processor time: "
    )


def test_the_policy_goes_on_where_it_was_and_nothing_is_put_off_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares(monkeypatch, 1.0, NOTHING, 1.0, NOTHING)
    put_off, result = booted(tmp_path, {**HANGS, "args": ["{attempt}"], "retry": {"attempts": 3, "on": "hung"}})
    assert put_off
    assert [attempt.number for attempt in put_off.attempts] == [1, 2]
    assert [attempt.number for attempt in result.attempts] == [1, 2, 3, 4]
    assert [attempt.starved for attempt in result.attempts] == [False, True, False, True]
    assert [attempt.command[-1] for attempt in result.attempts] == ["1", "2", "2", "3"]
    assert result.verdict == "timed out"


def test_what_was_interrupted_is_not_put_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares(monkeypatch, 0.0)
    step = step_of(tmp_path, HANGS)
    with booter(tmp_path) as ours:

        def stop(_step: BootStep, _attempt: Attempt) -> None:
            ours.stop.set()

        ours.on_attempt = stop
        assert ours.run(step, step.fields, LocalPlace()) is None


@pytest.mark.parametrize(("stood", "starved"), [(0.0, True), (6.0, False)])
def test_only_time_that_counts_is_held_against_the_neighbours(stood: float, starved: bool, tmp_path: Path) -> None:
    """Two threads for a test of one processor: what they could have had depends on how long that was."""
    step = step_of(tmp_path, HANGS)
    stop, findings = Stop(StopKind.TIMEOUT, "no end within 4.00 s"), Findings(strain=Strain(4, 16, 2))
    seen = Watched(texts.Record(1), texts.Record(1), 10.0, None, stop, stood, findings)
    assert judgement.judge(step, step.fields, seen).starved is starved


def test_a_check_that_passed_only_in_the_time_of_a_starved_boot_makes_no_pass(tmp_path: Path) -> None:
    step = step_of(tmp_path, script("sleep 1000", ready="up"))
    stop, late = (
        Stop(StopKind.CHECKED, "all checks are done"),
        ("the check 'web' passed after 1.50 s only, and has 1.00 s",),
    )
    for overtime, verdict in (((), "passed"), (late, "error")):
        seen = Watched(texts.Record(1), texts.Record(1), 2.0, None, stop, 0.0, Findings(ready=0.1, overtime=overtime))
        found = judgement.judge(step, step.fields, seen, 2.0)
        assert (found.judgement.verdict, found.starved) == (verdict, bool(overtime))
        assert all(each in found.judgement.reason for each in overtime)


def events(folder: Path) -> list[dict[str, Any]]:
    return [entry.event for entry in journal.read(folder)]


def ran(folder: Path, tests: dict[str, Any], jobs: int = 2) -> tuple[run.Finished, str]:
    said = io.StringIO()
    shown = screen.make(live=False, console=Console(file=said, width=400))
    found = plan.make(load.load(write_matrix(folder, scripted(HOST, **tests))), (), "host")
    return run.run(found, shown, run.Options(folder / "out", jobs, 1 << 32, history="none")), said.getvalue()


def starve_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The first boot of a script that ends in that word is starved."""
    lock, seen = threading.Lock(), Counter[str]()
    before = local.LocalProcess.__init__

    def begin(self: local.LocalProcess, job: Any, scratch: str) -> None:
        before(self, job, scratch)
        with lock:
            seen[job.argv[2]] += 1
            first = seen[job.argv[2]] == 1 and job.argv[2].endswith(name)
        share = 0.1 if first else 1.0
        monkeypatch.setattr(self, "strain", lambda: Strain(share * 0.2, (1 - share) * 0.2), raising=False)

    monkeypatch.setattr(local.LocalProcess, "__init__", begin)


def test_a_run_puts_a_starved_boot_behind_all_others_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starve_once(monkeypatch, "# late")
    once = script(f"mkdir {tmp_path}/there 2>/dev/null || exit 0; sleep 1000 # late", timeout="300 ms")
    others = {f"t{number}": script("exit 0") for number in range(6)}
    finished, said = ran(tmp_path, {"late": once, "hung": script("sleep 1000", timeout="200 ms"), **others})
    told = events(finished.folder)
    (put_off,) = (event for event in told if event["event"] == "boot postponed")
    assert put_off["boot"] == "command/late"
    assert put_off["reason"].endswith("tried again at the end of the run, with 0.57 s")
    assert f"command/late: {put_off['reason']}\n" in said
    assert "[8/8]" in said
    begun = max(at for at, event in enumerate(told) if event["event"] == "boot started")
    again = [at for at, event in enumerate(told) if event.get("number") == 2]
    assert [told[at]["boot"] for at in again] == ["command/late"]
    assert again[0] > begun
    assert finished.run.counts() == {"passed": 7, "timed out": 1}
    assert run.exit_code(finished, {Verdict.FLAKY}) == 1  # for the test that hung
    assert "flakyFailure" not in (finished.folder / "junit.xml").read_text()


def test_a_starved_boot_fails_no_run_that_fails_on_flaky_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starve_once(monkeypatch, "# late")
    once = script(f"mkdir {tmp_path}/there 2>/dev/null || exit 0; sleep 1000 # late", timeout="300 ms")
    finished, _ = ran(tmp_path, {"late": once})
    assert run.exit_code(finished, {Verdict.FLAKY}) == 0
    (result,) = results.load(finished.folder / "results.json").results
    assert (result.verdict, len(result.attempts)) == ("passed", 2)
    (reported,) = json.loads((finished.folder / "report.json").read_text())["results"]
    assert "attempt 1 failed because of the infrastructure" in reported["reason"]
    assert (tmp_path / "out" / "passes.txt").read_text().count(finished.run.id) == 1


def test_a_run_that_is_interrupted_before_the_retry_tells_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starve_once(monkeypatch, "# late")
    late = script(f"mkdir {tmp_path}/there 2>/dev/null || exit 0; sleep 1000 # late", timeout="300 ms")
    tests = {"late": late, "stops": script(f"kill -INT {os.getpid()}; sleep 1000")}
    finished, _ = ran(tmp_path, tests, jobs=1)
    assert finished.run.interrupted
    left = past.unfinished(tmp_path / "out", print)
    assert left.told == {}
    assert [event["boot"] for event in events(finished.folder) if event["event"] == "boot left"] == [
        "command/late",
        "command/stops",
    ]
