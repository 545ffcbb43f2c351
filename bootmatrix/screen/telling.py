"""The permanent lines of a live screen: failures, each with what matters, cut to the width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

from bootmatrix.model import Verdict
from bootmatrix.screen.flood import KINDS, Flood
from bootmatrix.screen.words import details, fit, lines_of, safe, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.model import Result
    from bootmatrix.screen.pen import Span
    from bootmatrix.screen.signs import Alphabet

ORDINARY = frozenset({Verdict.PASSED, Verdict.SKIPPED, Verdict.EXPECTED_FAILURE})
INDENT = "    "


class Teller:
    """`everything`: the results that are as they should be, too, and no failure only counted."""

    def __init__(self, alphabet: Alphabet, *, everything: bool) -> None:
        self.alphabet, self.everything = alphabet, everything
        self._flood = Flood()
        self._lost: set[str] = set()  # why images and builds failed: for each of their tests that is told again

    def result(self, result: Result, width: int, *, good: bool) -> Iterator[Span]:
        verdict = result.verdict
        head = f"{self.alphabet.of[verdict]} {verdict} {safe(result.id)}"
        if good:
            if self.everything or (verdict not in ORDINARY and self._flood.admits(verdict)):
                yield fit(safe(head + details(result)), width, self.alphabet.dots), verdict
            return
        first, _ = lines_of(result.reason)
        kind = (verdict, first)
        if self._flood.admits(*kind) or self.everything:
            known = not result.attempts and first in self._lost
            yield from self._bad(head, first if known else result.reason, verdict, width)
        elif self._flood.overflows(*kind):
            yield self._overflow(width)

    def failed(self, what: str, reason: str, width: int) -> Iterator[Span]:
        """An image or a build."""
        first, _ = lines_of(reason)
        kind = ("", first)
        if len(self._lost) < KINDS:
            self._lost.add(first)
        if self._flood.admits(*kind) or self.everything:
            yield from self._bad(f"{self.alphabet.of[Verdict.ERROR]} {safe(what)} failed", reason, Verdict.ERROR, width)
        elif self._flood.overflows(*kind):
            yield self._overflow(width)

    def _overflow(self, width: int) -> Span:
        return fit(f"{INDENT}more failures with this reason are only counted", width, self.alphabet.dots), "dim"

    def _bad(self, head: str, reason: str, style: str, width: int) -> Iterator[Span]:
        """What it is, and the lines of its reason that matter; all in one line if there is room."""
        first, last = map(safe, lines_of(reason))
        if last in first:
            last = ""
        if not last and cell_len(head) + 2 + cell_len(first) <= width:
            yield f"{head}  {first}", style
            return
        yield squeeze(head, width, self.alphabet.dots), style
        for line in filter(None, (first, last)):
            yield fit(INDENT + line, width, self.alphabet.dots), ""


def broken(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` columns, whole."""
    return chop_cells(safe(text), max(2, width))
