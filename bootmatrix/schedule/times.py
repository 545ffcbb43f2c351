"""What earlier runs took: `times.json` beside the runs' folders, by the tests' ids and by images and builds."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.plan import BootStep

FILE = "times.json"
UNKNOWN = {"image": 60.0, "build": 5.0}  # seconds, until one was measured
LONGEST = 1_000_000  # entries that are kept


class Times:
    """Seconds by key: `CELL/TEST`, `image NAME`, `build NAME`."""

    def __init__(self, known: Mapping[str, float]) -> None:
        self.known = dict(known)
        self._by_kind: dict[tuple[str, ...], float] | None = None

    def of_maker(self, kind: str, name: str) -> float:
        return self.known.get(f"{kind} {name}", UNKNOWN[kind])

    def measured(self, test: str) -> float | None:
        return self.known.get(test)

    def guess(self, step: BootStep) -> float | None:
        """The test's own time, or else the median of the same test on other cells; None if nothing is known of it."""
        own = self.known.get(step.id)
        return own if own is not None else self._medians().get((step.test,))

    def _medians(self) -> dict[tuple[str, ...], float]:
        if self._by_kind is None:
            groups: dict[tuple[str, ...], list[float]] = {}
            for key, seconds in self.known.items():
                _, slash, test = key.partition("/")
                if slash:
                    groups.setdefault((test,), []).append(seconds)
            self._by_kind = {kind: statistics.median(found) for kind, found in groups.items()}
        return self._by_kind


def load(out: Path) -> Times:
    """Nothing is known where the file is missing or spoilt: times only decide an order."""
    try:
        found: Any = json.loads((out / FILE).read_bytes())
    except (OSError, ValueError):
        return Times({})
    if not isinstance(found, dict):
        return Times({})
    return Times({key: float(value) for key, value in found.items() if isinstance(value, int | float) and value >= 0})


def save(out: Path, fresh: Mapping[str, float], mark: str) -> None:
    """Add what a run measured; `mark` is a name that no other run uses, for the file that is not yet complete."""
    known = load(out).known
    for key in fresh:
        known.pop(key, None)  # the newest last: the oldest are the first to be dropped
    known.update(fresh)
    kept = dict(list(known.items())[-LONGEST:])
    unfinished = out / f".{FILE}-{mark}"
    unfinished.write_text(json.dumps(kept, indent=0), encoding="utf-8")
    unfinished.replace(out / FILE)
