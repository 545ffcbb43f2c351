"""Who looks on at a boot, besides those that see to its limits: what a test asks to be found out is added here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.watching.witnesses.relay import Relay
from bootmatrix.watching.witnesses.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.matrix.schema import TestFields
    from bootmatrix.watching.witness import Witness


def of(fields: TestFields, follow: Callable[[bytes], None] | None) -> Iterator[Witness]:
    """New ones for each boot; `follow` wants the console while it is printed."""
    del fields  # no key asks for one yet
    yield Usage()
    if follow:
        yield Relay(follow)
