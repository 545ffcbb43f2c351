"""What a guest had of the processors while a check was under way: it may have lived for long before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bootmatrix.watching.witness import Findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bootmatrix.checks.sequence import Made
    from bootmatrix.places.place import Process
    from bootmatrix.places.strain import Strain

LOOKED = 1 / 4  # of a check's time, after which that is asked: most are done before


class Strained:
    """`stretch` times its own time is what each check has."""

    def __init__(self, process: Process, stretch: float) -> None:
        self._process, self._stretch = process, stretch
        self._had: dict[str, tuple[float, float, Strain | None]] = {}  # since when it is under way, when, and what

    def look(self, made: Iterable[Made]) -> None:
        """Ask, once for each that has been under way for long."""
        now = time.monotonic()
        for each in made:
            began, known = each.began, self._had.get(each.name)
            if began is None or now < began + each.check.within * self._stretch * LOOKED:
                continue
            if not known or known[0] != began:
                self._had[each.name] = (began, now, self._process.strain())

    def found(self, late: Made) -> Findings:
        """Of the check that was late."""
        began, at, had = self._had.get(late.name, (None, 0.0, None))
        if had is None or began != late.began or not (has := self._process.strain()):
            return Findings()
        return Findings(strain=has.since(had), strained=max(time.monotonic() - at, 0.001))
