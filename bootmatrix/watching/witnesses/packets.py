"""What is sent on a boot's networks, kept for a boot that does not pass, or for each."""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix.networks import capture, conversation, pcapng
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.model import Interface
    from bootmatrix.networks.capture import Capture
    from bootmatrix.places.namespace import Namespace

PACKETS, SUMMARY = "packets.pcapng", "packets.txt"


class Packets(Witness):
    """Ends nothing. `interfaces` are those of the guest; `always`: the packets of a boot that passes are kept, too."""

    def __init__(self, interfaces: Sequence[Interface], *, always: bool) -> None:
        self.interfaces, self.always = interfaces, always
        self._capture: Capture | None = None

    def laid(self, namespace: Namespace) -> None:
        """What a guest sends first is seen, too."""
        taps = [namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) for _ in self.interfaces]
        self._capture = capture.Capture(self.interfaces, taps)

    def tick(self, moment: Moment) -> None:
        del moment
        if self._capture:
            self._capture.look()

    def ended(self, ending: Ending) -> Findings:
        del ending
        if not self._capture:
            return Findings()
        self._capture.close()
        made = {PACKETS: partial(_packets, self._capture), SUMMARY: partial(_summary, self._capture)}
        if self.always:
            return Findings(files={name: make() for name, make in made.items()})
        return Findings(evidence=made)


def _packets(found: Capture) -> bytes:
    return pcapng.of([each.name for each in found.packets.interfaces], found.packets.kept)


def _summary(found: Capture) -> bytes:
    return conversation.of(found.packets).encode()
