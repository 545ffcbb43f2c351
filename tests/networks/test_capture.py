"""What is sent on a real link is captured: the first packets, the last ones, and a count of all."""

from __future__ import annotations

import os
import socket
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

import pytest
from checks.pinged import GUEST, Wire, framed, wire

from bootmatrix.model import Interface, Network
from bootmatrix.networks.capture import AT_ONCE, Capture
from bootmatrix.networks.packets import HEAD, TAIL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERFACE = Interface(
    "service", Network("lan", IPv4Interface("10.77.0.1/24")), "ours", IPv4Interface("10.77.0.2/24"), "02:00:00:00:00:02"
)
MARK = b"captured"
SOME = AT_ONCE + 24  # fewer than any kernel holds


@pytest.fixture(scope="module")
def link() -> Iterator[Wire]:
    with wire() as found:
        yield found


@pytest.fixture
def capture(link: Wire) -> Capture:
    tap = link.space.do(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
    return Capture([INTERFACE], [tap])


@pytest.fixture
def send(link: Wire) -> Iterator[Callable[[range], None]]:
    """Sends frames with these numbers by our end: a capture has them before that returns.

    On one processor: a thread that moves to another may overtake what it has sent on the first.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    end: socket.socket = link.space.do(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
    end.bind(("ours", 0))

    def frames(numbers: range) -> None:
        for number in numbers:
            end.send(framed(MARK + number.to_bytes(4), GUEST) + bytes(300))

    with end:
        yield frames
    os.sched_setaffinity(0, allowed)


def numbers(capture: Capture) -> list[int]:
    """Of the frames of ours that are kept."""
    found = [each.data.partition(MARK)[2] for each in capture.packets.kept]
    return [int.from_bytes(rest[:4]) for rest in found if rest]


def test_the_last_look_takes_all_that_came(capture: Capture, send: Callable[[range], None]) -> None:
    send(range(SOME))
    capture.close()
    assert numbers(capture) == [*range(SOME)]
    (flow,) = [each for each in capture.packets.flows.values() if MARK in each.first.data]
    assert (flow.packets, flow.first.length, len(flow.first.data)) == (SOME, 346, 256)
    assert capture.packets.missed == 0


def test_of_more_the_first_and_the_last_are_kept_and_times_are_the_kernels(
    capture: Capture, send: Callable[[range], None]
) -> None:
    count = HEAD + TAIL + 3 * AT_ONCE
    for begin in range(0, count, AT_ONCE // 2):
        send(range(begin, begin + AT_ONCE // 2))
        capture.look()
    capture.close()
    assert numbers(capture)[: HEAD // 2] == [*range(HEAD // 2)]
    assert numbers(capture)[-TAIL // 2 :] == [*range(count - TAIL // 2, count)]
    times = [each.time for each in capture.packets.head]
    assert times == sorted(times)
    assert times[-1] > times[0] > 1_600_000_000_000_000_000


def test_what_came_too_fast_is_counted(capture: Capture, send: Callable[[range], None]) -> None:
    send(range(8000))
    capture.close()
    assert capture.packets.missed > 0
    assert capture.packets.total + capture.packets.missed >= 8000
