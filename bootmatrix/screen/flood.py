"""Shows only the first failures of each reason, so that a thousand of one kind do not scroll another away."""

from __future__ import annotations

from collections import Counter

SHOWN = 5  # failures of one kind that are shown
KINDS = 1000  # that are told apart


class Flood:
    """Counts failures by kind: what they have in common, such as the reason."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, ...]] = Counter()

    def admits(self, *kind: str) -> bool:
        if kind not in self._seen and len(self._seen) >= KINDS:
            kind = ()
        self._seen[kind] += 1
        return self._seen[kind] <= SHOWN

    def overflows(self, *kind: str) -> bool:
        """Whether the last one of this kind was the first that was not admitted."""
        return self._seen[kind if kind in self._seen else ()] == SHOWN + 1
