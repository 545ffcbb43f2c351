"""Tests of several guests, each a process of this host: who waits for whom, who is ended, and what becomes of it."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support import come_to, late, script, scripted, write_matrix

from bootmatrix import results
from bootmatrix.boots import boot, judgement, together
from bootmatrix.errors import UserError
from bootmatrix.matrix import load
from bootmatrix.model import Attempt, Outcome, Verdict
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.planning import plan
from bootmatrix.runs.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result
    from bootmatrix.planning.step import BootStep

HOST = {"backend": ["command"]}
SERVER = script("echo ready; exec sleep 1000", ready="ready")
LONG = "10 min"  # no guest is ended by it


def step_of(folder: Path, guests: dict[str, Any], **fields: Any) -> BootStep:
    matrix = scripted(HOST, t={"timeout": LONG, "guests": guests, **fields})
    (step,) = plan.make(load.load(write_matrix(folder, matrix)), (), "host").boots
    return step


def booted(folder: Path, guests: dict[str, Any], **fields: Any) -> Result:
    """Also as it is read back from the run."""
    step = step_of(folder, guests, **fields)
    with contextlib.closing(Store(folder / "out", "run", 1)) as store:
        found = come_to(boot.Booter(store), step, LocalPlace())
    assert results.decode(results.encode(found)) == found
    return found


def told(found: Result) -> dict[str, tuple[str, str]]:
    return {name: (each.verdict, each.reason) for name, each in found.attempts[-1].guests.items()}


def test_a_server_is_stopped_when_its_client_has_ended(tmp_path: Path) -> None:
    client = script("test -e up && echo SUCCESS", after="server")
    server = script(f"touch {tmp_path}/up; echo ready; exec sleep 1000", ready="ready")
    client["runner"]["command"][2] = f"test -e {tmp_path}/up && echo SUCCESS"
    found = booted(tmp_path, {"client": client, "server": server})
    assert (found.verdict, found.reason) == ("passed", "client: exited(0); server: stopped")
    (attempt,) = found.attempts
    assert attempt.guests["server"].ready > 0
    assert attempt.seconds >= attempt.guests["client"].seconds
    folder = tmp_path / "out" / "run"
    assert (folder / attempt.guests["client"].console).read_text() == "SUCCESS\n"
    assert attempt.guests["server"].console.endswith("/t/1.server.console.log")


def test_guests_start_together(tmp_path: Path) -> None:
    """Each waits for the other's word."""
    text = "touch {0}/{1}; until test -e {0}/{2}; do sleep 0.01; done"
    guests = {a: script(text.format(tmp_path, a, b)) for a, b in (("x", "y"), ("y", "x"))}
    assert booted(tmp_path, guests).verdict == "passed"


@pytest.mark.parametrize(
    ("ending", "verdict", "reason"),
    [
        ("exit 3", "failed", "client: exited(3) instead of exited(0)"),
        ("kill -SEGV $$", "failed", "client: crashed(SIGSEGV) instead of exited(0)"),
        ("exit 77", "skipped", "client: the guest skipped itself: "),
        ("sleep 1000", "timed out", "client: no console output for "),
    ],
)
def test_when_one_fails_the_others_are_ended_at_once(ending: str, verdict: str, reason: str, tmp_path: Path) -> None:
    client = script(ending, after="server", idle_timeout="3 s", exit_codes={"77": "skipped"})
    found = booted(tmp_path, {"server": SERVER, "client": client})
    assert found.verdict == verdict
    assert found.reason.startswith(reason)
    assert told(found)["server"] == ("skipped", "it was ended: the guest 'client' failed")


def test_who_waits_for_a_guest_that_fails_is_not_started(tmp_path: Path) -> None:
    guests = {
        "first": script("exit 4", ready="never"),
        "second": {**SERVER, "after": "first"},
        "third": script(f"touch {tmp_path}/ran", after=["second"]),
    }
    found = booted(tmp_path, guests)
    assert not (tmp_path / "ran").exists()
    assert found.verdict == "failed"
    assert found.reason.startswith("first: exited(4) instead of stopped; it never became ready")
    assert told(found)["third"] == ("skipped", "it was not started: the guest 'first' failed")


def attempt(kind: str = "exited", verdict: str = "passed", detail: str = "0", evidence: str = "") -> Attempt:
    return Attempt(1, Verdict(verdict), f"it {verdict}", Outcome(kind, detail, evidence), "", 1.0)


FAILED, BROKEN = attempt(verdict="failed", detail="3"), attempt("broken", "error", "lost")
CONTRADICTED, LATE = attempt(verdict="contradicted"), attempt("hung", "timed out", "late")
SKIPPED, ENDED = attempt("skipped", "skipped"), attempt("stopped", "skipped", "", judgement.ABANDONED)
CUT = attempt("hung", "skipped", judgement.INTERRUPTED)


@pytest.mark.parametrize(
    ("made", "decides"),
    [
        ({"a": attempt(), "b": FAILED}, "b"),
        ({"a": FAILED, "b": CONTRADICTED}, "b"),
        ({"a": LATE, "b": FAILED}, "b"),
        ({"a": CONTRADICTED, "b": BROKEN}, "b"),
        ({"a": attempt(), "b": SKIPPED}, "b"),
        ({"a": ENDED, "b": SKIPPED, "c": attempt()}, "b"),
        ({"a": ENDED, "b": FAILED}, "b"),
        ({"a": BROKEN, "b": CUT}, "b"),
        ({"a": FAILED, "b": FAILED}, "a"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_worst_guest_decides(made: dict[str, Attempt], decides: str, *, backwards: bool) -> None:
    if backwards:
        made = dict(reversed(made.items()))
    found = together.joined(made, decides, "", 2.0)
    assert (found.verdict, found.outcome) == (made[decides].verdict, made[decides].outcome)
    assert found.reason.startswith(f"{decides}: ")


def test_the_first_to_fail_is_named_beside_the_worst() -> None:
    found = together.joined({"a": FAILED, "b": CONTRADICTED}, "a", "", 2.0)
    assert found.reason == "b: it contradicted; the first to fail was a: it failed"


def test_a_server_that_ends_is_told_whatever_its_client_says(tmp_path: Path) -> None:
    guests = {
        "server": script("echo ready; sleep 0.1; exit 0", ready="ready"),
        "client": script("exec sleep 1000", after="server"),
    }
    found = booted(tmp_path, guests)
    assert (found.verdict, found.reason) == ("failed", "server: exited(0) instead of stopped")
    assert told(found)["client"] == ("skipped", "it was ended: the guest 'server' failed")


@pytest.mark.parametrize("limit", ["timeout", "idle_timeout"])
def test_who_only_waits_for_others_is_not_late(limit: str, tmp_path: Path) -> None:
    """Nor is it told in the place of one that is: the time of both is over at the same moment."""
    hangs = script("exec sleep 1000", ready="never")
    found = booted(
        tmp_path,
        {"server": SERVER, "hangs": hangs, "router": script("exec sleep 1000", expect={"outcome": "stopped"})},
        **{limit: "2 s"},
    )
    said = {"timeout": "no end", "idle_timeout": "no console output"}[limit]
    assert (found.verdict, late(found.reason).split(";")[0]) == ("timed out", f"hangs: {said} in time")
    ended = ("skipped", "it was ended: the guest 'hangs' failed")
    assert (told(found)["server"], told(found)["router"]) == (ended, ended)


def test_each_guest_has_its_own_time_after_those_that_it_waits_for(tmp_path: Path) -> None:
    """Of three that take most of it the first is there for the last, though its time is long over."""
    slow = "sleep 1.5; echo ready; exec sleep 1000"
    chain = {"a": script(slow, ready="ready"), "b": script(slow, ready="ready", after="a")}
    last = script("sleep 1.5; echo SUCCESS", after="b")
    assert booted(tmp_path, {**chain, "c": last}, timeout="4 s").verdict == "passed"


def test_a_bystander_is_there_until_all_others_are_done(tmp_path: Path) -> None:
    """What neither is ready nor has checks, but is expected to be stopped, ends nothing by itself."""
    guests = {
        "router": script("exec sleep 1000", expect={"outcome": "stopped"}),
        "client": script("sleep 0.2; echo SUCCESS"),
    }
    found = booted(tmp_path, guests)
    assert (found.verdict, found.reason) == ("passed", "router: stopped; client: exited(0)")
    assert found.attempts[0].guests["router"].seconds >= 0.2


def test_all_guests_are_tried_again(tmp_path: Path) -> None:
    text = f"echo ran; test -e {tmp_path}/again || {{ touch {tmp_path}/again; exit 1; }}"
    guests = {"server": SERVER, "client": script(text, after="server")}
    found = booted(tmp_path, guests, retry={"attempts": 3})
    assert found.verdict == "flaky"
    assert [attempt.verdict for attempt in found.attempts] == ["failed", "passed"]
    assert found.attempts[1].guests["client"].console.endswith("/2.client.console.log")
    assert found.attempts[1].guests["server"].ready > 0


def test_what_is_measured_and_told_has_its_guests_name(tmp_path: Path) -> None:
    tap = "echo 1..1; echo ok 1 - adds; echo heap=42"
    guests = {"a": script(tap, cases="tap", metrics={"heap": {"regex": r"heap=(\d+)"}}), "b": script("echo 1")}
    found = booted(tmp_path, guests)
    assert [case.name for case in found.attempts[0].cases] == ["a: adds"]
    names = {measure.name for measure in found.measures}
    assert {"boot_time", "a.boot_time", "a.heap", "b.boot_time"} <= names


def test_an_interrupted_test_comes_to_nothing(tmp_path: Path) -> None:
    stop = threading.Event()
    guests = {"server": SERVER, "client": script("exec sleep 1000", after="server")}
    step = step_of(tmp_path, guests)
    with contextlib.closing(Store(tmp_path / "out", "run", 1)) as store:
        booter = boot.Booter(store, stop)
        booter.on_chunk = lambda _id, chunk: stop.set() if b"ready" in chunk else None
        assert booter.run(step, step.fields, LocalPlace()) is None


def test_a_guest_that_cannot_boot_here_is_named(tmp_path: Path) -> None:
    guests = {"server": SERVER, "client": {"runner": {"command": ["no-such-tender-anywhere"]}}}
    found = booted(tmp_path, guests)
    assert found.verdict == "skipped"
    assert found.reason.startswith("the guest 'client': ")
    assert "no-such-tender-anywhere" in found.reason


@pytest.mark.parametrize(
    ("guests", "words"),
    [
        ({"a": {"after": "b", "ready": "x"}, "b": {"after": "a", "ready": "x"}}, "wait for one another: "),
        ({"a": {"after": "b"}, "b": {}}, "nothing tells 'a' that 'b' is ready"),
        ({"a": {"expect": {"outcome": "stopped"}}}, "nothing ever ends this test"),
    ],
)
def test_what_would_wait_for_ever_is_told_before(guests: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        step_of(tmp_path, {name: {**script("true"), **keys} for name, keys in guests.items()})
