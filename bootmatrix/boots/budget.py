"""The limits of one boot, held against what it has measured, and against how busy this host was meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.judging import budgets
from bootmatrix.judging.budgets import Before

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bootmatrix.judging.budgets import Earlier
    from bootmatrix.model import Attempt, Measure


@dataclass(frozen=True)
class Budget:
    """Made before the boot begins. `wanted` are its test's limits, `size` is its unikernel's in bytes, `before` the
    attempt that was put off, if one was, `began` then what `pressure` said; `earlier` is asked by the accelerator for
    what earlier runs measured.
    """

    wanted: Mapping[str, str]
    size: int
    earlier: Callable[[str, Measure], Earlier]
    before: Attempt | None = None
    began: float | None = None

    def judged(self, attempt: Attempt, ended: float | None) -> Attempt:
        """`ended` is what `pressure` said at its end: what came later, as a boot that counts, has no part in it."""

        def earlier(measure: Measure) -> Earlier:
            return self.earlier(attempt.accelerator, measure)

        before = Before(self.before, self._waited(ended)) if self.before else None
        return budgets.judged(attempt, self.size, self.wanted, earlier, before)

    def _waited(self, ended: float | None) -> float:
        return 0.0 if ended is None or self.began is None else ended - self.began
