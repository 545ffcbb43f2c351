"""A boot broken down: when it came how far, and by what signs a runner tells that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from bootmatrix.model.bounds import OneOf, Seconds


class PhaseName(StrEnum):
    """What a boot comes to: firmware runs, the guest's kernel is entered, the console shows a first byte, the guest is
    ready, the boot has ended.
    """

    FIRMWARE = "firmware"
    ENTRY = "entry"
    FIRST_BYTE = "first_byte"
    READY = "ready"
    END = "end"


@dataclass(frozen=True)
class Phase:
    """When a boot came so far, in seconds since its tender was started; `name` is a word of PhaseName."""

    name: Annotated[str, OneOf(PhaseName)]
    at: Seconds


@dataclass(frozen=True)
class Sign:
    """A regular expression of what shows that a boot has come to a phase: on the console, or of the tender's own
    messages (`by_tender`), those that are not kept among them.

    `last`: the last of the messages that fit before the console's first byte counts; without a byte, none.
    """

    pattern: str
    by_tender: bool = False
    last: bool = False


@dataclass(frozen=True)
class Signs:
    """Those that a backend has for an architecture; None where nothing tells."""

    firmware: Sign | None = None
    entry: Sign | None = None
