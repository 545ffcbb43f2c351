from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from bootmatrix.boots import retry
from bootmatrix.matrix.keys.parts import Retry
from bootmatrix.model import Attempt, Outcome, Verdict

KINDS = {"failed": "exited", "timed out": "hung", "error": "broken", "contradicted": "exited", "passed": "exited"}


@dataclass
class Guest:
    """Ends as it is told, verdict after verdict."""

    verdicts: list[str]
    outcome: str = ""
    guest_numbers: list[int] = field(default_factory=list)

    def boot(self, number: int, guest_number: int) -> Attempt:
        self.guest_numbers.append(guest_number)
        kind = self.verdicts[number - 1]
        return Attempt(number, Verdict(kind), "", Outcome(self.outcome or KINDS[kind]), "", 0.0)


def tried(guest: Guest, **policy: object) -> tuple[list[str], list[float]]:
    slept: list[float] = []
    made = retry.attempts(Retry.model_validate(policy), guest.boot, slept.append, lambda: False)
    assert [attempt.number for attempt in made] == list(range(1, len(made) + 1))
    return [attempt.verdict for attempt in made], slept


@pytest.mark.parametrize(
    ("verdicts", "policy", "made"),
    [
        (["failed"], {}, 1),
        (["failed", "failed", "passed"], {"attempts": "3"}, 3),
        (["failed", "passed"], {"attempts": "3"}, 2),
        (["failed", "failed"], {"attempts": "2"}, 2),
        (["timed out", "passed"], {"attempts": "2", "on": "hung"}, 2),
        (["failed", "passed"], {"attempts": "2", "on": "hung"}, 1),
        (["contradicted", "passed"], {"attempts": "2", "on": "contradicted"}, 2),
        (["contradicted", "passed"], {"attempts": "2", "on": ["hung", "crashed"]}, 1),
    ],
)
def test_a_guest_is_tried_again_as_its_policy_says(verdicts: list[str], policy: dict[str, object], made: int) -> None:
    assert tried(Guest(verdicts), **policy)[0] == verdicts[:made]


def test_what_the_infrastructure_broke_does_not_use_up_the_policy() -> None:
    guest = Guest(["error", "error", "failed", "error", "passed"])
    assert tried(guest, attempts="2")[0] == ["error", "error", "failed", "error", "passed"]
    assert guest.guest_numbers == [1, 1, 1, 2, 2]


def test_the_infrastructure_is_tried_again_only_so_often() -> None:
    verdicts, slept = tried(Guest(["error"] * 9), attempts="5")
    assert verdicts == ["error"] * retry.INFRASTRUCTURE_TRIES
    assert len(slept) == retry.INFRASTRUCTURE_TRIES - 1
    assert all(retry.FIRST_WAIT <= pause <= retry.FIRST_WAIT + retry.LONGEST_WAIT for pause in slept)


def test_a_configuration_error_is_not_tried_again() -> None:
    assert tried(Guest(["error"] * 2, outcome="rejected"), attempts="5")[0] == ["error"]


def test_guests_wait_as_long_as_the_policy_says() -> None:
    assert tried(Guest(["failed"] * 3), attempts="3", wait="2 s")[1] == [2.0, 2.0]


def test_what_was_starved_is_not_tried_again_at_once_and_later_goes_on_where_it_was() -> None:
    kinds = {1: "exited", 2: "broken", 3: "broken", 4: "exited", 5: "exited"}
    seen: list[tuple[int, int]] = []

    def boot(number: int, guest_number: int) -> Attempt:
        seen.append((number, guest_number))
        verdict = Verdict.ERROR if kinds[number] == "broken" else Verdict.FAILED
        return Attempt(number, verdict, "", Outcome(kinds[number]), "", 0.0, starved=number == 3)

    def go_on(before: list[Attempt]) -> list[Attempt]:
        return retry.attempts(policy, boot, lambda _seconds: None, lambda: False, before)

    policy = Retry.model_validate({"attempts": "3"})
    first = go_on([])
    assert seen == [(1, 1), (2, 2), (3, 2)]
    made = go_on(first)
    assert seen[3:] == [(4, 2), (5, 3)]
    assert [attempt.number for attempt in made] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("verdicts", [["failed"] * 5, ["error"] * 5])
def test_an_interruption_ends_the_tries(verdicts: list[str]) -> None:
    stop = threading.Event()
    guest = Guest(verdicts)

    def boot(number: int, guest_number: int) -> Attempt:
        stop.set()
        return guest.boot(number, guest_number)

    policy = Retry.model_validate({"attempts": "5"})
    assert len(retry.attempts(policy, boot, lambda _seconds: None, stop.is_set)) == 1
