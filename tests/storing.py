"""Results as a run keeps them, a line each."""

from __future__ import annotations

import weakref
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix import results
from bootmatrix.model import Attempt, Outcome, Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest


ATTEMPT = Attempt(1, Verdict.FAILED, "why", Outcome("exited", "1"), "2026-11-23T23:06:15.123Z", 0.25)
RESULT = Result("cell", "test", Verdict.FAILED, "why", attempts=(ATTEMPT,), axes={"arch": "x86_64"})


def some(count: int) -> list[Result]:
    return [replace(RESULT, test=f"test-{number}", reason="é\n" * number) for number in range(count)]


def stored(file: Path, kept: Sequence[Result], order: Sequence[int] = ()) -> results.Stored:
    """These results in a journal, each with something before and behind it."""
    raw = b""
    at, length = array("q"), array("q")
    for result in kept:
        text = results.encode(result).encode()
        raw += b'{"event": "boot finished", "result": '
        at.append(len(raw))
        length.append(len(text))
        raw += text + b"}\n"
    file.write_bytes(raw)
    order = order or range(len(kept))
    return results.Stored(file, array("q", (at[i] for i in order)), array("q", (length[i] for i in order)))


class Alive:
    """How many of the results that were decoded are alive, and how many were at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = self.all = 0
        decode = results.decode
        monkeypatch.setattr(results, "decode", lambda line: self.seen(decode(line)))

    def seen(self, result: Result) -> Result:
        self.all, self.now = self.all + 1, self.now + 1
        self.most = max(self.most, self.now)
        weakref.finalize(result, self.gone)
        return result

    def gone(self) -> None:
        self.now -= 1
