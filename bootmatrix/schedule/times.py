"""Times of earlier runs: `times.json` beside the runs' folders, by the tests' ids and by images and builds."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

from bootmatrix import files
from bootmatrix.model import bounds
from bootmatrix.quantities import how_many_are

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bootmatrix.planning.step import BootStep

FILE = "times.json"
UNKNOWN = {"image": 60.0, "build": 5.0}  # seconds, until one was measured
LONGEST = 1_000_000  # entries that are kept
LARGEST = 256 << 20  # bytes of so many


def _quiet(_text: str) -> None:
    pass


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
        """The test's own time, or else the median of the same test on other cells, but no less than it is soaked; None
        if nothing is known of it.
        """
        own = self.known.get(step.id)
        known = own if own is not None else self._medians().get((step.test,))
        return max(known or 0.0, step.soaked) if step.soaked else known

    def _medians(self) -> dict[tuple[str, ...], float]:
        if self._by_kind is None:
            groups: dict[tuple[str, ...], list[float]] = {}
            for key, seconds in self.known.items():
                _, slash, test = key.partition("/")
                if slash:
                    groups.setdefault((test,), []).append(seconds)
            self._by_kind = {kind: statistics.median(found) for kind, found in groups.items()}
        return self._by_kind


def load(out: Path, note: Callable[[str], None] = _quiet) -> Times:
    """What is missing or spoilt is not known: times only decide an order; `note` is told of it."""
    try:
        found: Any = json.loads(files.read(out / FILE, LARGEST, below=out))
        entries = found.items()
    except FileNotFoundError:
        return Times({})
    except (OSError, ValueError, RecursionError, AttributeError) as error:
        why = getattr(error, "strerror", None) or "it holds no times"
        note(f"{out / FILE} is ignored, so tests run in another order: {why}")
        return Times({})
    known = {key: float(value) for key, value in entries if _is_time(value)}
    if len(known) < len(found):
        note(f"{out / FILE}: {how_many_are(len(found) - len(known), 'entry')} ignored: only times count")
    return Times(known)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < bounds.LONGEST


def save(out: Path, fresh: Mapping[str, float]) -> None:
    """Add what a run measured."""
    known = load(out).known
    for key in fresh:
        known.pop(key, None)  # the newest last: the oldest are the first to be dropped
    known.update(fresh)
    kept = dict(list(known.items())[-LONGEST:])
    files.write(out / FILE, json.dumps(kept, indent=0))
