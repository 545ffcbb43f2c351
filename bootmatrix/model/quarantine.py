"""A test that is known not to work, and until when that is no fault."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quarantine:
    """A test that is known not to work: it runs, but fails no run until the end of the day `until` (ISO 8601, UTC).

    `where` is the entry's place in matrix.yaml, as that of a Result. False if the test is in none.
    """

    owner: str = ""
    reason: str = ""
    until: str = ""
    where: str = ""

    def __bool__(self) -> bool:
        return bool(self.until)

    def __str__(self) -> str:
        return f"{self.reason} ({self.owner}, until {self.until})"
