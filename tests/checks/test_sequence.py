"""The checks of a boot: their order, what is made at once, and what becomes of those after a failure."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from checks.worlds import Guest, saying, world

from bootmatrix.checks import telling
from bootmatrix.checks.sequence import Checking
from bootmatrix.matrix.keys.checks import Check
from bootmatrix.model import CheckStatus

if TYPE_CHECKING:
    from bootmatrix.checks.check import World

PASSED, FAILED, NOT_RUN = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_RUN


def checking(*checks: dict[str, Any], where: World | None = None) -> Checking:
    return Checking([Check.model_validate(each) for each in checks], where or world())


def made(*checks: dict[str, Any], where: World | None = None) -> Checking:
    """All of them, to their end."""
    found = checking(*checks, where=where)
    found.begin()
    assert found.done.wait(60)
    found.end(10)
    return found


def shell(text: str, **keys: Any) -> dict[str, Any]:
    return {"command": ["sh", "-c", text], "name": text, **keys}


def test_checks_are_made_in_their_order(tmp_path: object) -> None:
    file = f"{tmp_path}/log"
    found = made(*(shell(f"echo {each} >> {file}") for each in "abc"), shell(f"cat {file}"))
    assert [each.status for each in found.made] == [PASSED] * 4
    assert found.made[-1].report.text == "a\nb\nc\n"


def test_none_is_made_after_one_that_failed() -> None:
    found = made(shell("true"), shell("false"), shell("true"))
    results = list(telling.results(found.made, "the guest ended"))
    assert [each.status for each in results] == [PASSED, FAILED, NOT_RUN]
    assert [each.message for each in results[1:]] == [
        "sh ended with status 1 instead of 0; its output ends with nothing",
        "an earlier check failed",
    ]
    assert list(telling.complaints(found.made)) == [
        "the check 'false' failed: sh ended with status 1 instead of 0; its output ends with nothing"
    ]


def test_those_of_parallel_are_made_at_once_and_all_of_them() -> None:
    """The first waits for the last, which could not be if they were made in turn."""
    first_came, last_came = threading.Event(), threading.Event()

    def write(line: bytes) -> int:
        mine, other = (first_came, last_came) if line == b"first\n" else (last_came, first_came)
        mine.set()
        assert other.wait(30)
        return len(line)

    sides = [{"console": {"send": "first"}}, shell("false"), {"console": {"send": "last"}}]
    found = made({"parallel": sides}, shell("true"), where=world(write=write))
    assert [each.status for each in found.made] == [PASSED, FAILED, PASSED, None]


def test_an_end_ends_all_that_is_under_way_and_what_waits_is_never_made() -> None:
    under_way = threading.Barrier(3)

    def serve(guest: Guest, _sock: object) -> None:
        under_way.wait(30)
        guest.closing.wait(30)

    with Guest(serve) as guest:
        slow = {"tcp": {"port": guest.port, "send": "x", "expect": "y"}, "within": "1 h"}
        found = checking({"parallel": [slow, slow]}, shell("true"))
        found.begin()
        under_way.wait(30)
        began = time.monotonic()
        found.end(10)
        assert time.monotonic() - began < 9
    assert found.done.is_set()
    why = "the guest ended"
    assert [each.status for each in telling.results(found.made, why)] == [FAILED, FAILED, NOT_RUN]
    name = f"tcp {guest.port}"
    expected = f"the guest ended before the checks '{name}', '{name} (2)', 'true' were done"
    assert list(telling.undone(found.made, why)) == [expected]


def test_a_check_that_cannot_be_ended_is_left() -> None:
    let_go, asked = threading.Event(), threading.Event()

    def write(line: bytes) -> int:
        asked.set()
        let_go.wait(60)
        return len(line)

    found = checking({"console": {"send": "x"}}, where=world(write=write))
    found.begin()
    assert asked.wait(30)
    found.end(0.05)
    assert not found.done.is_set()
    let_go.set()
    assert found.done.wait(30)


@pytest.mark.parametrize("keys", [{"tcp": "1", "to": "nowhere"}, {"tcp": "1", "from": "nowhere"}])
def test_an_error_that_is_no_fault_of_the_guest_ends_all_and_is_kept(keys: dict[str, Any]) -> None:
    found = made(keys, shell("true"))
    assert "nowhere" in str(found.trouble)
    assert [each.status for each in found.made] == [None, None]


def test_beginning_twice_is_beginning_once() -> None:
    with Guest(saying(b"y")) as guest:
        found = checking({"tcp": {"port": guest.port, "send": "x", "expect": "y"}})
        for _ in range(3):
            found.begin()
        assert found.done.wait(30)
        found.end(10)
        assert guest.accepted == 1


def test_a_log_has_every_report_and_is_bounded() -> None:
    found = made(shell("echo out; echo more"), shell("echo oops; exit 3"), shell("true"))
    text = telling.log(found.made).decode()
    assert text.startswith("== echo out; echo more: passed in ")
    assert "\nout\nmore\nstatus=0 seconds=" in text
    assert "\n\n== echo oops; exit 3: failed in " in text
    assert "\nsh ended with status 3 instead of 0; its output ends with 'oops'\noops\nstatus=3 " in text
    assert text.rstrip().endswith("== true: not run in 0.00 s")
    long = made(*[shell("head -c 100000 /dev/zero | tr '\\0' 'x'", within="1 min")] * 6)
    assert telling.LARGEST < len(telling.log(long.made)) + 70_000 < telling.LARGEST + 71_000


def rounds(*checks: dict[str, Any], most: int) -> Checking:
    """As long as they have not begun so many rounds."""
    begun = iter(range(1, most))
    found = Checking([Check.model_validate(each) for each in checks], world(), again=lambda: bool(next(begun, 0)))
    found.begin()
    assert found.done.wait(60)
    found.end(10)
    return found


def test_checks_go_round_as_long_as_they_shall(tmp_path: object) -> None:
    log = f"{tmp_path}/log"
    found = rounds(shell(f"echo a >> {log}", name="a"), shell(f"echo b >> {log}; cat {log}", name="b"), most=3)
    assert [each.rounds for each in found.made] == [3, 3]
    assert found.made[1].report.text == "a\nb\n" * 3
    assert all(each.report.endswith("rounds=3") for each in telling.results(found.made, ""))


def test_a_round_in_which_one_fails_is_the_last(tmp_path: object) -> None:
    count = f"echo x >> {tmp_path}/log; test $(wc -l < {tmp_path}/log) -lt 3"
    found = rounds(shell(count, name="count"), shell("true"), most=100)
    assert [each.rounds for each in found.made] == [2, 2]
    assert found.made[0].status == FAILED
    assert found.made[0].message.endswith("(after it had passed 2 times)")
