"""Limits in whole runs: what is put off, what fails, what is told as not judged, and what earlier runs say."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from support import script, scripted, write_matrix

from bootmatrix import screen
from bootmatrix.boots.counting import Counting
from bootmatrix.matrix import load
from bootmatrix.model import Verdict
from bootmatrix.places import pressure
from bootmatrix.planning import plan
from bootmatrix.running import run
from bootmatrix.runs import journal
from bootmatrix.watching.witness import Findings

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result

HOST = {"backend": ["command"]}
LIMIT = {"boot_time": "1 s"}
SLOW = "sleep 1.2"


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BOOTMATRIX_HISTORY", raising=False)


def ran(folder: Path, history: str = "none", **tests: dict[str, Any]) -> tuple[run.Finished, str]:
    said = io.StringIO()
    shown = screen.make(live=False, console=Console(file=said, width=1000))
    found = plan.make(load.load(write_matrix(folder, scripted(HOST, **tests))), (), "host")
    return run.run(found, shown, run.Options(folder / "out", 2, 1 << 32, history=history)), said.getvalue()


def only(finished: run.Finished) -> Result:
    (result,) = finished.run.results
    return result


def test_what_is_too_large_fails_at_once(tmp_path: Path) -> None:
    finished, said = ran(tmp_path, t=script("exit 0", limits={"unikernel_size": "1 B", "boot_time": "1 h"}))
    result = only(finished)
    assert (result.verdict, len(result.attempts)) == ("failed", 1)
    assert result.reason.startswith("unikernel_size is ")
    assert ", at most 1 B (" in result.reason
    assert result.reason in said
    assert run.exit_code(finished) == 1


def test_what_was_slow_once_is_no_failure(tmp_path: Path) -> None:
    """By this host's own account of how busy it is: a second boot that is slow since it is has passed, too."""
    once = f"mkdir {tmp_path}/there 2>/dev/null && {SLOW}; exit 0"
    finished, said = ran(tmp_path, t=script(once, limits=LIMIT))
    result = only(finished)
    assert (result.verdict, [attempt.starved for attempt in result.attempts]) == ("passed", [True, False])
    (put_off,) = (each.event for each in journal.read(finished.folder) if each.event["event"] == "boot postponed")
    assert put_off["reason"].startswith("too slow, or this host too busy: boot_time is ")
    assert put_off["reason"] in said
    assert run.exit_code(finished, {Verdict.FLAKY}) == 0


def test_what_is_slow_twice_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "waited", lambda: 0.0)
    result = only(ran(tmp_path, t=script(SLOW, limits=LIMIT))[0])
    assert (result.verdict, [attempt.verdict for attempt in result.attempts]) == ("failed", ["error", "failed"])
    assert result.reason.startswith("boot_time is ")
    assert result.reason.endswith(" above), at the better of 2 boots")
    assert {each.name for each in result.measures} >= {"boot_time"}


def test_on_a_host_that_stays_busy_that_is_told_and_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = itertools.count(0.0, 5.0)
    monkeypatch.setattr(pressure, "waited", lambda: next(busy))
    finished, said = ran(tmp_path, t=script(SLOW, limits=LIMIT))
    result = only(finished)
    assert result.verdict == "passed"
    (why,) = result.attempts[-1].unjudged
    assert why.startswith("the limit of boot_time is not judged, for this host was too busy, with ")
    assert f"command/t has passed, but {why}\n" in said


def test_what_a_boot_that_counts_waited_is_no_excuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    so_far = 0.0

    def counted(*_args: object) -> Findings:
        nonlocal so_far
        so_far += 5.0
        return Findings()

    monkeypatch.setattr(pressure, "waited", lambda: so_far)
    monkeypatch.setattr(Counting, "counted", counted)
    result = only(ran(tmp_path, t=script(SLOW, limits=LIMIT))[0])
    assert (result.verdict, result.attempts[-1].unjudged) == ("failed", ())


def test_packets_and_all_else_are_kept_of_what_a_limit_fails(tmp_path: Path) -> None:
    result = only(ran(tmp_path, t=script("echo seen", limits={"unikernel_size": "1 B"}))[0])
    assert (tmp_path / "out" / "latest" / result.attempts[0].console).read_bytes() == b"seen\n"


def test_a_share_is_not_judged_until_enough_runs_have_passed_and_then_it_is(tmp_path: Path) -> None:
    history = f"sqlite:///{tmp_path}/history.db"
    guest = script("exit 0", limits={"unikernel_size": "+1%"}, unikernel="guest")
    for number in range(5):
        (tmp_path / "guest").write_bytes(b"x" * 1000)
        finished, said = ran(tmp_path, history, t=guest, u=guest)
        assert finished.run.counts() == {"passed": 2}
        why = f"the limit of unikernel_size, +1%, is not judged: {number} of 5 earlier runs have it"
        assert f"command/t has passed, but {why}; so it is with 1 other test\n" in said
    for size, verdict in ((1010, "passed"), (1020, "failed"), (1020, "failed")):
        (tmp_path / "guest").write_bytes(b"x" * size)
        finished, said = ran(tmp_path, history, t=guest)
        assert only(finished).verdict == verdict
        assert "is not judged" not in said
    assert only(finished).reason == (
        "unikernel_size is 1020 B, 2.0% above the median 1000 B of 6 runs (1000 B to 1010 B); at most +1%"
    )


def test_a_history_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"no database" * 100)
    guest = script("exit 0", limits={"unikernel_size": "+1%"})
    finished, said = ran(tmp_path, f"sqlite:///{tmp_path}/history.db", t=guest)
    assert only(finished).attempts[-1].unjudged == (
        "the limit of unikernel_size, +1%, is not judged: the history cannot be read",
    )
    assert "limits against earlier runs are not judged, since the history cannot be read: " in said


def test_without_a_history_that_is_told(tmp_path: Path) -> None:
    finished, _ = ran(tmp_path, t=script("exit 0", limits={"unikernel_size": "+1%"}))
    assert only(finished).attempts[-1].unjudged[0].endswith(" is not judged: there is no history")
