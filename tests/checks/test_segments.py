"""TCP with guests that speak it as none should: what comes of a connection that is reset, full, or never stands."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from checks.pinged import GUEST, Wire, wire
from checks.segments import ACK, FIN, RST, SYN, Segment, answering
from checks.worlds import made

from bootmatrix.checks import trying
from bootmatrix.checks.check import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.checks.check import World


@pytest.fixture(scope="module")
def theirs() -> Iterator[Wire]:
    with wire() as found:
        yield found


def told(where: World, **keys: Any) -> str:
    """Why a check of the guest fails; nothing if it passes."""
    try:
        trying.passed(made(**{"retry": "false", "within": "2 s", **keys}), "lan", GUEST, where, time.monotonic)
    except Failed as error:
        return str(error)
    return ""


def reset_at_once(came: Segment) -> list[bytes]:
    return [came.answered(SYN | ACK), came.answered(RST | ACK, ahead=1)] if came.flags & SYN else []


def reset_then(came: Segment) -> list[bytes]:
    return [came.answered(SYN | ACK)] if came.flags & SYN else [came.answered(RST | ACK, ahead=1)]


RESET = f"{GUEST}:80: the connection was reset"


@pytest.mark.parametrize("answer", [reset_at_once, reset_then], ids=["at once", "then"])
@pytest.mark.parametrize(
    ("check", "what"),
    [
        ({"tcp": "80"}, ""),
        ({"tcp": {"port": "80", "send": "x", "expect": "hello"}}, RESET),
        ({"tcp": {"port": "80", "close": "true"}}, RESET),
        ({"http": {"port": "80"}}, RESET),
    ],
    ids=["accepts", "sends", "closes", "http"],
)
def test_who_accepts_and_resets_has_accepted_and_no_more(
    answer: Callable[[Segment], list[bytes]], check: dict[str, Any], what: str, theirs: Wire
) -> None:
    """However soon the reset comes: it is a matter of microseconds whether the kernel tells it before or after that the
    connection stands.
    """
    with answering(theirs, answer) as where:
        assert {told(where, **check) for _ in range(20)} == {what}


def full(came: Segment) -> list[bytes]:
    if came.flags & SYN:
        return [came.answered(SYN | ACK, window=0)]
    return [came.answered(ACK, ahead=1, window=0)]


def test_a_guest_that_never_has_room_costs_no_more_than_the_time(theirs: Wire) -> None:
    with answering(theirs, full) as where:
        assert told(where, tcp="80") == ""
        what = told(where, tcp={"port": "80", "send": "x" * (16 << 20)}, within="500 ms")
        assert what.startswith(f"{GUEST}:80 did not take all that was sent in time")
        what = told(where, http={"port": "80"}, within="500 ms")
        assert what.startswith(f"http://{GUEST}/ did not send whole headers in time; nothing came")


def test_one_that_closes_at_once_has_closed(theirs: Wire) -> None:
    def closing(came: Segment) -> list[bytes]:
        return [came.answered(SYN | ACK), came.answered(FIN | ACK, ahead=1)] if came.flags & SYN else []

    with answering(theirs, closing) as where:
        assert told(where, tcp={"port": "80", "close": "true"}) == ""
        assert " closed the connection without having sent 'hello'; nothing came" in told(
            where, tcp={"port": "80", "send": "x", "expect": "hello"}
        )
