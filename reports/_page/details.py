"""All that is known of each test, in packed chunks that the page opens when one of their tests is looked at.

A chunk is a JSON list with `[result, consoles, trend, boots]` for each test: deflated, since the texts of 100,000 tests
are 100 MB and nearly the same.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bootmatrix import results
from bootmatrix.model import RANKS, CaseStatus
from bootmatrix.results import Stored

from . import boots, consoles, soak, usage
from .table import UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.history.findings import Trend, Trends
    from bootmatrix.model import Attempt, Case, Result

CHUNK = 128 << 10  # bytes, before it is packed
LONG = 64 << 10  # bytes of a result that is shortened
CASES = 500  # of an attempt, where they are many
CURVES = 2000  # attempts whose usage is drawn
PAIRS = 200  # tests whose boots in turn are
NOTES = ".txt"  # the end of the names of an attempt's files that are shown as a console is
MOST_NOTES = 4


@dataclass(frozen=True)
class Chunk:
    """Tests from `first` on; `data` is base64 of zlib of JSON."""

    first: int
    data: str


@dataclass
class Details:
    """`rooms` are the bytes of consoles that are left for each verdict, `curves` and `pairs` how many more attempts and
    tests get theirs.
    """

    folder: Path
    rooms: list[int]
    trends: Trends | None
    curves: int = CURVES
    pairs: int = PAIRS

    def chunks(self, told: Sequence[Result], ranks: Sequence[int]) -> Iterator[Chunk]:
        """Goes over the results once, mostly without reading them."""
        texts = told.texts() if isinstance(told, Stored) else (results.encode(result).encode() for result in told)
        first, parts, size = 0, list[bytes](), 0
        for row, text in enumerate(texts):
            part = self._entry(text, ranks[row])
            parts.append(part)
            size += len(part)
            if size >= CHUNK:
                yield _chunk(first, parts)
                first, parts, size = row + 1, [], 0
        if parts:
            yield _chunk(first, parts)

    def _entry(self, text: bytes, rank: int) -> bytes:
        trend = self.trends and self.trends.tests.get(_id(text))
        shown = in_turn = None
        sampled = usage.NAME.encode() in text and self.curves > 0
        paired = boots.NAME.encode() in text and self.pairs > 0
        if rank < UNTOLD or sampled or paired or len(text) > LONG:
            result = results.decode(text)
            in_turn = self._in_turn(result) if paired else None
            shown = [self._shown(attempt, rank) for attempt in result.attempts] if rank < UNTOLD or sampled else None
            text = text if len(text) <= LONG else _shortened(result)
        parts = text, _json(shown), _json(_trend(trend)) if trend else b"null", _json(in_turn)
        return b"[%b,%b,%b,%b]" % parts

    def _in_turn(self, result: Result) -> dict[str, Any] | None:
        found = boots.drawn(self.folder, result)
        self.pairs -= found is not None
        return found

    def _shown(self, attempt: Attempt, rank: int) -> dict[str, Any]:
        """What of an attempt's files is in the page, or of those of its guests."""
        if attempt.guests:
            return {"guests": {name: self._shown(each, rank) for name, each in attempt.guests.items()}}
        shown = self._consoles(attempt, rank) if rank < UNTOLD else {}
        if self.curves > 0 and (curve := usage.curve(self.folder, attempt.files)):
            self.curves -= 1
            shown["usage"] = curve
            if soaked := soak.curves(self.folder, attempt):
                shown["soak"] = soaked
        return shown

    def _consoles(self, attempt: Attempt, rank: int) -> dict[str, Any]:
        """What is shown of an attempt's console and its tender's output; nothing where there is no room left."""
        if attempt.console_bytes and self.rooms[rank] <= 0:
            return {"full": True}
        self.rooms[rank] -= min(attempt.console_bytes, consoles.SHOWN)
        pair = {"console": attempt.console, "tender": attempt.tender}
        shown = {key: consoles.ends(self.folder, name) for key, name in pair.items() if name}
        notes = [name for name in attempt.files if name.endswith(NOTES)][:MOST_NOTES]
        return {**shown, "notes": {name: consoles.ends(self.folder, name) for name in notes}} if notes else shown


def _id(text: bytes) -> str:
    found = results.NAMES.match(text)
    return f"{found[1].decode()}/{found[2].decode()}" if found else results.decode(text).id


def _chunk(first: int, parts: list[bytes]) -> Chunk:
    return Chunk(first, base64.b64encode(zlib.compress(b"[" + b",".join(parts) + b"]")).decode())


def _trend(trend: Trend) -> dict[str, Any]:
    """Verdicts by their ranks, None where the test was not run."""
    return {"verdicts": [RANKS.get(verdict) for verdict in trend.verdicts], "series": dict(trend.series)}


def _shortened(result: Result) -> bytes:
    """With so many cases of each attempt, those that did not pass first; `cases_left` says how many there are more."""
    made = json.loads(results.encode(replace(result, attempts=tuple(map(_with_fewer, result.attempts)))))
    for plain, attempt in zip(made["attempts"], result.attempts, strict=True):
        _tell_left(plain, attempt)
    return _json(made)


def _tell_left(plain: dict[str, Any], attempt: Attempt) -> None:
    plain["cases_left"] = max(0, len(attempt.cases) - CASES)
    for name, guest in attempt.guests.items():
        _tell_left(plain["guests"][name], guest)


def _with_fewer(attempt: Attempt) -> Attempt:
    order = (CaseStatus.FAILED, CaseStatus.SKIPPED, CaseStatus.PASSED)

    def worst_first(case: Case) -> int:
        return order.index(case.status) if case.status in order else 0

    fewer = tuple(sorted(attempt.cases, key=worst_first)[:CASES])
    return replace(attempt, cases=fewer, guests={name: _with_fewer(each) for name, each in attempt.guests.items()})


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
