"""The witness of checks: a boot is watched while it is asked, and ended when all is said."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from checks.worlds import Guest, saying, world
from watching.fakes import FakeProcess

from bootmatrix.boots import starvation
from bootmatrix.checks.awaited import missing
from bootmatrix.checks.ready import Ready
from bootmatrix.checks.witness import FILE, Checks
from bootmatrix.errors import InfrastructureError
from bootmatrix.matrix.keys.checks import Check, Ready as Wanted
from bootmatrix.model import CheckStatus, Measure
from bootmatrix.places.place import CHUNK, CONSOLE, END, Exit
from bootmatrix.places.strain import Strain
from bootmatrix.texts import Record
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.watch import Watched, watch
from bootmatrix.watching.witness import Moment

if TYPE_CHECKING:
    from bootmatrix.checks.check import World
    from bootmatrix.watching.witness import Witness

LONG = Limits(60, 1 << 20)


class Living(FakeProcess):
    """Runs until it is ended, by us or by itself."""

    def __init__(self) -> None:
        super().__init__(ends=False)
        self.begun = time.monotonic()
        self.more = threading.Condition()

    def say(self, data: bytes) -> None:
        self._add((CONSOLE, data))

    def exit(self) -> None:
        self._add((END, b""))

    def last_word(self, line: bytes) -> int:
        """Ends when it reads a line."""
        self.exit()
        return len(line)

    def _add(self, item: tuple[str, bytes]) -> None:
        with self.more:
            self.chunks.append(item)
            self.more.notify()

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        with self.more:
            self.more.wait_for(lambda: self.chunks, seconds)
            return self.chunks.popleft() if self.chunks else None


def witness(*checks: dict[str, Any], where: World | None = None, **options: Any) -> Checks:
    made = [Check.model_validate(each) for each in checks]
    return Checks(made, lambda _process: where or world(), **options)


def watched(process: Living, checks: Checks, limits: Limits = LONG, stop: threading.Event | None = None) -> Watched:
    return watch(process, limits, stop or threading.Event(), also=[checks])


def test_a_boot_ends_when_its_checks_are_done() -> None:
    with Guest(saying(b"")) as guest:
        process = Living()
        seen = watched(process, witness({"tcp": guest.port, "name": "web", "metrics": {"connect": r"connect=(\S+)"}}))
    assert (seen.is_for(StopKind.CHECKED), seen.stopped, seen.late) == (True, "all checks are done", False)
    assert seen.stop
    assert seen.stop.is_checked
    assert process.killed.is_set()
    assert seen.seconds < 5
    (check,) = seen.findings.checks
    assert (check.name, check.status, check.message) == ("web", CheckStatus.PASSED, "")
    assert check.report.startswith("connect=0.0")
    (measure,) = seen.findings.metrics
    assert measure == Measure("connect", float(check.report.split()[0].removeprefix("connect=")))
    assert seen.findings.files[FILE].decode().startswith("== web: passed in ")
    assert seen.findings.complaints == ()


def test_a_check_that_needs_more_than_its_own_time_says_so() -> None:
    slow = {"command": ["sleep", "0.3"], "within": "100 ms"}
    seen = watched(Living(), witness(slow, {"command": "true"}, stretch=100.0))
    assert [each.status for each in seen.findings.checks] == [CheckStatus.PASSED] * 2
    (said,) = seen.findings.overtime
    assert said.startswith("the check 'command sleep' passed after 0.")
    assert said.endswith(" only, and has 0.10 s")


def test_what_is_done_with_an_answer_that_came_in_time_is_no_overtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check's own time is over then: the guest had no more of it."""

    def slowly(wanted: Any, text: str) -> Any:
        time.sleep(0.3)
        return missing(wanted, text)

    monkeypatch.setattr("bootmatrix.checks.command.missing", slowly)
    seen = watched(Living(), witness({"command": {"run": ["echo", "hello"], "output": "hello"}, "within": "250 ms"}))
    (check,) = seen.findings.checks
    assert (check.status, check.seconds > 0.25, seen.findings.overtime) == (CheckStatus.PASSED, True, ())


def test_of_checks_at_once_a_wrong_answer_counts_before_one_that_is_late() -> None:
    """A boot that was starved of processor time has failed all the same."""
    late = {"command": ["sleep", "60"], "within": "50 ms"}
    seen = watched(Living(), witness({"parallel": [late, {"command": "false"}]}))
    assert (seen.is_for(StopKind.CHECKED), seen.stopped) == (True, "the check 'command false' failed")


def test_a_boot_ends_when_a_check_has_failed() -> None:
    seen = watched(Living(), witness({"command": "false"}, {"command": "true"}))
    assert (seen.is_for(StopKind.CHECKED), seen.stopped) == (True, "the check 'command false' failed")
    assert [each.status for each in seen.findings.checks] == [CheckStatus.FAILED, CheckStatus.NOT_RUN]
    assert seen.findings.complaints[0].startswith("the check 'command false' failed: false ended with status 1")


def test_a_check_whose_time_is_over_is_late_as_a_time_out_is() -> None:
    """So that a boot that was starved of processor time is tried again."""
    with Guest(Guest.hold) as guest:
        slow = {"tcp": {"port": guest.port, "expect": "x"}, "within": "50 ms"}
        seen = watched(Living(), witness(slow))
        assert (seen.is_for(StopKind.CHECK_LATE), seen.late, seen.stop and seen.stop.is_checked) == (True, True, True)
        assert "within 0.10 s" in watched(Living(), witness(slow, stretch=2.0)).findings.complaints[0]


@pytest.mark.parametrize("busy", [True, False])
def test_what_the_guest_had_is_asked_while_a_late_check_is_under_way(busy: bool) -> None:
    """It had run for long before others had its processor."""

    class Lived(Living):
        def strain(self) -> Strain:
            return Strain(1000.0, time.monotonic() if busy else 0.0, 2)

    with Guest(Guest.hold) as guest:
        found = watched(Lived(), witness({"tcp": {"port": guest.port, "expect": "x"}, "within": "400 ms"}))
    assert found.is_for(StopKind.CHECK_LATE)
    assert bool(starvation.of(found, 1)) is busy


def test_a_boot_may_run_on_to_its_own_end() -> None:
    process = Living()
    seen = watched(
        process, witness({"console": {"send": "bye"}}, where=world(write=process.last_word), then=lambda: None)
    )
    assert (seen.stop, seen.findings.complaints) == (None, ())
    assert [each.status for each in seen.findings.checks] == [CheckStatus.PASSED]


def test_checks_wait_until_they_are_begun() -> None:
    checks = witness({"command": "true"}, at_once=False)
    seen = watched(Living(), checks, Limits(0.05, 1 << 20))
    assert seen.is_for(StopKind.TIMEOUT)
    why = "the boot was ended (no end within 50 ms) before the check 'command true' was done"
    assert seen.findings.undone == (why,)
    assert [each.status for each in seen.findings.checks] == [CheckStatus.NOT_RUN]


def test_checks_hear_the_console() -> None:
    process = Living()
    process.say(b"listen")
    process.say(b"ing\n")
    assert watched(process, witness({"console": "listening"})).is_for(StopKind.CHECKED)


def dying(process: Living, guest: Guest) -> None:
    """A guest that accepts, and is gone."""
    process.exit()
    guest.closing.wait(30)


def test_a_guest_that_ends_in_the_middle_ends_its_checks_at_once() -> None:
    process = Living()
    with Guest(lambda guest, _sock: dying(process, guest)) as guest:
        slow = {"tcp": {"port": guest.port, "expect": "x"}, "within": "1 h", "name": "web"}
        seen = watched(process, witness(slow, {"command": "true", "name": "after"}))
    assert seen.exit
    assert seen.seconds < 5
    assert seen.findings.undone == ("the guest ended before the checks 'web', 'after' were done",)
    assert [(each.status, each.message) for each in seen.findings.checks] == [
        (CheckStatus.FAILED, "the guest ended before it was done"),
        (CheckStatus.NOT_RUN, "the guest ended before it was done"),
    ]


def test_an_answer_that_came_before_the_guest_ended_counts() -> None:
    process = Living()

    def serve(_guest: Guest, sock: Any) -> None:
        sock.recv(10)
        sock.sendall(b"bye")
        process.exit()

    with Guest(serve) as guest:
        seen = watched(process, witness({"tcp": {"port": guest.port, "send": "x", "expect": "bye"}}))
    assert seen.findings.complaints == ()
    assert [each.status for each in seen.findings.checks] == [CheckStatus.PASSED]


class Crashing(Living):
    """Ends by itself right after its last answer, as it is waited for, if it is."""

    def __init__(self, checks: Checks) -> None:
        super().__init__()
        self.checks = checks

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        if seconds and self.checks.tick(Moment(0, 0, Record(0))):
            self.exit()
        return super().read(seconds)


def test_an_end_that_follows_upon_the_last_answer_is_the_guests_own() -> None:
    checks = witness({"console": "up"})
    process = Crashing(checks)
    process.say(b"up")
    seen = watched(process, checks)
    assert (seen.exit, seen.stop) == (Exit(0), None)
    assert [each.status for each in seen.findings.checks] == [CheckStatus.PASSED]


def test_a_guest_that_stays_after_its_last_answer_is_not_waited_for_long() -> None:
    process = Living()
    process.say(b"up")
    before = time.monotonic()
    assert watched(process, witness({"console": "up"})).is_for(StopKind.CHECKED)
    assert time.monotonic() - before < 30


@pytest.mark.parametrize("asked", ["once it was ready", "after an answer"])
def test_a_guest_cannot_skip_itself_any_more(asked: str) -> None:
    process = Living()
    dies = {"console": {"send": "bye", "expect": "never"}, "name": "b"}
    before = [{"console": "up", "name": "a"}] if asked == "after an answer" else []
    checks = witness(*before, dies, where=world(write=process.last_word), at_once=bool(before))
    process.say(b"up")
    also: list[Witness] = [checks] if before else [Ready(Wanted(text="up"), lambda _: world(), checks.begin), checks]
    seen = watch(process, LONG, threading.Event(), also=also)
    assert seen.findings.complaints == ("the guest ended before the check 'b' was done",)
    assert seen.findings.undone == ()


@pytest.mark.parametrize("more", [0, CHUNK - 4, 4 * CHUNK])
def test_a_guest_is_ready_however_much_it_prints_after_that(more: int) -> None:
    """Its word may come in two pieces, and the second with as much as a pipe holds, or a box sends at once."""
    process = Living()
    process.say(b"it is rea")
    process.say(b"dy!\n" + b"x" * more)
    seen = watch(process, LONG, threading.Event(), also=[Ready(Wanted(text="ready!"), lambda _: world(), None)])
    assert (seen.is_for(StopKind.CHECKED), seen.findings.undone) == (True, ())


def test_the_user_ends_checks_at_once() -> None:
    stop = threading.Event()

    def serve(guest: Guest, _sock: object) -> None:
        stop.set()
        guest.closing.wait(30)

    with Guest(serve) as guest:
        seen = watched(Living(), witness({"tcp": {"port": guest.port, "expect": "x"}, "within": "1 h"}), stop=stop)
    assert (seen.is_for(StopKind.INTERRUPTED), seen.seconds < 5) == (True, True)


def test_what_is_no_fault_of_the_guest_is_raised_and_nothing_is_left_under_way() -> None:
    asked = world()

    def lost(*_: object) -> Any:
        raise InfrastructureError("the engine went away")

    where = world(socket=lost, ends=asked.ends)
    with pytest.raises(InfrastructureError, match="engine went away"):
        watched(Living(), witness({"tcp": "1"}, where=where))
    assert asked.ends.stop.is_set()


def test_a_socket_that_cannot_be_made_is_the_infrastructures_failure() -> None:
    def refused(*_: object) -> Any:
        raise PermissionError(1, "Operation not permitted")

    what = "no socket can be made in the network 'lan' of the boot: Operation not permitted"
    with pytest.raises(InfrastructureError, match=what):
        watched(Living(), witness({"ping": None}, where=world(socket=refused)))


def test_a_place_that_loses_the_boot_ends_its_checks() -> None:
    class Lost(Living):
        def read(self, seconds: float) -> tuple[str, bytes] | None:
            del seconds
            raise InfrastructureError("the engine went away")

    where = world()
    with Guest(Guest.hold) as guest, pytest.raises(InfrastructureError):
        watched(Lost(), witness({"tcp": {"port": guest.port, "expect": "x"}, "within": "1 h"}, where=where))
    assert where.ends.stop.is_set()
