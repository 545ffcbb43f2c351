"""To what the interfaces of a guest are attached where it boots: taps, or sockets where there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.places.devices import TUN

if TYPE_CHECKING:
    from bootmatrix.model import Interface
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep


def interfaces(step: BootStep, place: Place) -> tuple[Interface, ...]:
    """Those of a test's guest, as this place can attach them."""
    if step.interfaces and step.runner.takes_sockets and place.host.lacks(TUN):
        return tuple(replace(each, by_socket=True) for each in step.interfaces)
    return step.interfaces
