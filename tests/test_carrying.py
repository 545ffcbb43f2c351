"""The ends of the benchmark of relays: what they send is counted, and what is lost is told."""

from __future__ import annotations

import contextlib
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the wheel has no benchmarks

from benchmarks import carrying
from benchmarks.carrying import BURST, FRAME, HEAD, BySocket
from benchmarks.contract import Failed, Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.carrying import End


@contextlib.contextmanager
def joined() -> Iterator[tuple[End, End]]:
    one, other = socket.socketpair()
    with one, other:
        yield BySocket(one), BySocket(other)


@contextlib.contextmanager
def bridged() -> Iterator[tuple[End, End]]:
    try:
        with carrying.bare() as ends:
            yield ends
    except Missing as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("way", [joined, bridged])
def test_every_frame_is_carried(way: object) -> None:
    with way() as (source, target):  # type: ignore[operator]
        assert carrying.rate(source, target, 10 * BURST) > 0


def test_other_frames_do_not_count() -> None:
    with joined() as (source, target):
        source.sock.sendall(HEAD.pack(7) + b"another" + HEAD.pack(len(FRAME)) + FRAME + HEAD.pack(3) + b"x")
        assert target.take() == 1
        source.sock.sendall(b"yz" + HEAD.pack(len(FRAME)) + FRAME)
        assert target.take() == 1


def test_lost_frames_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "SECONDS", 0.2)
    sent: list[int] = []

    def once(end: BySocket) -> None:
        if not sent:
            end.sock.sendall((HEAD.pack(len(FRAME)) + FRAME) * BURST)
        sent.append(1)

    monkeypatch.setattr(BySocket, "send", once)
    with joined() as (source, target), pytest.raises(Failed, match=r"^128 of 192 frames were lost$"):
        carrying.rate(source, target, 3 * BURST)
