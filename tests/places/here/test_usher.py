"""What a guest sends at once: a bridge drops it until the kernel has seen that somebody has attached to its tap."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

import pytest
from networked import attached, interface, program

from bootmatrix.networks import laying, messages
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.model import Interface
    from bootmatrix.places.namespace import Namespace, Shared
    from bootmatrix.places.place import Place, Process

KIND, NUMBER = 0x88B5, 20  # of its frames: for experiments, IEEE 802; where they have their number
ONE = (interface(),)
TWINS = (interface(device="tap101", guest="10.0.0.3/24", mac="02:00:00:00:00:03"), interface())
SECONDS = 20.0


@pytest.fixture(params=[pytest.param("container", marks=pytest.mark.docker), "local"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = LocalPlace() if request.param == "local" else request.getfixturevalue("container_place")
    program("first")
    if trouble := found.lacks(Job((), "test", interfaces=ONE)):
        pytest.skip(trouble)
    return found


def hasty(place: Place, interfaces: tuple[Interface, ...], shared: Shared, *words: str) -> Job:
    folder = place.folder()
    start = 'cp "$1/first" "$TMPDIR/first" && chmod +x "$TMPDIR/first" && shift && exec "$TMPDIR/first" "$@"'
    argv = ("sh", "-c", start, "sh", folder, interfaces[-1].device, *words)
    files = {"first": program("first")}
    return Job(argv, "test", interfaces=interfaces, folder=folder, files=files, shared=shared, port=0)


def unseen(namespace: Namespace | None) -> None:
    """Wait until the kernel has seen that nobody has attached to the taps yet: from then on a bridge drops frames."""
    assert namespace
    taps = [one[1] for one in laying.state(namespace) if one[0] == "link" and str(one[3]).startswith("tap")]
    assert taps
    for index in taps:
        assert isinstance(index, int)
        until = time.monotonic() + SECONDS
        while messages.passes(namespace.netlink(messages.link(index))):
            assert time.monotonic() < until
            time.sleep(0.01)


@contextlib.contextmanager
def begun(place: Place, interfaces: tuple[Interface, ...], shared: Shared, count: int) -> Iterator[Process]:
    with place.start(hasty(place, interfaces, shared, str(count)), unseen) as process:
        attached(process)
        yield process
        process.kill()


def listener(shared: Shared) -> socket.socket:
    """What comes to the host's end."""
    end = shared.ends["lan"].socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(KIND))
    end.bind(("eth0", KIND))
    return end


def heard(end: socket.socket, count: int) -> list[int]:
    """The numbers of the frames that come: so many, and whatever comes soon after the last."""
    found, until = list[int](), time.monotonic() + SECONDS
    while len(found) < count and (left := until - time.monotonic()) > 0:
        end.settimeout(left)
        with contextlib.suppress(TimeoutError):
            found.append(end.recv(200)[NUMBER])
    end.settimeout(0.1)
    with contextlib.suppress(TimeoutError):
        while True:
            found.append(end.recv(200)[NUMBER])
    return found


@pytest.mark.parametrize("interfaces", [pytest.param(ONE, id="one"), pytest.param(TWINS, id="two")])
def test_what_a_guest_sends_at_once_comes_through_once(place: Place, interfaces: tuple[Interface, ...]) -> None:
    for count in (1, 1, 1, 100):
        with (
            place.shared("the networks of test", interfaces) as shared,
            listener(shared) as end,
            begun(place, interfaces, shared, count),
        ):
            assert sorted(heard(end, count)) == list(range(count))


def test_a_guest_that_floods_at_once_harms_nobody(place: Place) -> None:
    """What comes then is as it may be, and what comes later passes."""
    with (
        place.shared("the networks of test", ONE) as shared,
        listener(shared) as end,
        begun(place, ONE, shared, 20_000),
    ):
        assert 255 in heard(end, 1000)
