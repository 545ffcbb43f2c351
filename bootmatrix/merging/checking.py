"""Whether a run that anybody may have written is like one of ours: what is refused here, no report need understand."""

from __future__ import annotations

import itertools
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING

from bootmatrix.model import OUTCOMES, VERDICTS
from bootmatrix.results import CLOSING, OPENING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.model import Result, Run

LARGEST = 256 << 20  # bytes of a part's results: some 200,000 tests
LINE = 16 << 20  # bytes of a line: JSON takes a hundred times as many once it is read
NAME = re.compile(r"(?!\.)[^/\x00-\x1f\x7f]{1,255}")  # a run, a cell or a test: each is a folder's name, too
LONGEST = 1e9  # seconds of a run, or of a boot
YEARS = range(1970, 2200)


def file_trouble(file: Path) -> str:
    """Why a results.json or a journal must not be read, as more memory may be wanted than there is; empty if it may."""
    if file.stat().st_size > LARGEST:
        return f"is larger than {LARGEST >> 20} MiB"
    with file.open("rb") as stream:
        lines = iter(lambda: stream.readline(LINE), b"")
        if file.suffix == ".json" and not _is_written(lines):
            return "is no run's results: it does not have a line for each"
        if any(len(line) == LINE for line in lines):
            return f"has a line of more than {LINE >> 20} MiB"
    return ""


def _is_written(lines: Iterator[bytes]) -> bool:
    """Whether a results.json has the form of `results.write`, of which the results need not be read at once."""
    head = 0
    for line in lines:
        if line == OPENING:
            break
        head += len(line)
        if head >= LINE:
            return False
    last = b"\n"
    for line in lines:
        if not line.startswith(b"{"):
            return not last.endswith(b",\n") and line + b"".join(itertools.islice(lines, 2)) == CLOSING
        if last.endswith(b"}\n") or not line.endswith((b"},\n", b"}\n")):
            return False
        last = line
    return False


def is_sane(run: Run) -> bool:
    return bool(NAME.fullmatch(run.id)) and is_time(run.started) and 0 <= run.seconds < LONGEST


def wrong(result: Result) -> str:
    """What no run of ours writes, and reports need not understand; empty if all is well."""
    if not NAME.fullmatch(result.cell) or not NAME.fullmatch(result.test):
        return "its cell or its test has a name that none can have"
    if result.verdict not in VERDICTS or any(attempt.verdict not in VERDICTS for attempt in result.attempts):
        return "there is no such verdict"
    if any(attempt.outcome.kind not in OUTCOMES for attempt in result.attempts):
        return "there is no such outcome"
    spans = (result.seconds, *(attempt.seconds for attempt in result.attempts))
    sizes = (result.size, *(size for each in result.attempts for size in (each.memory, each.console_bytes)))
    if not all(0 <= span < LONGEST for span in spans) or not all(0 <= size < 1 << 53 for size in sizes):
        return "a time or a size is no possible number"
    if not all(math.isfinite(metric.value) for attempt in result.attempts for metric in attempt.metrics):
        return "a metric is no number"
    times = (result.started, *(attempt.started for attempt in result.attempts))
    return "" if all(not text or is_time(text) for text in times) else "a time is none"


def is_time(text: str) -> bool:
    """ISO 8601 with a zone, in a year that can be reckoned with."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return False
    return found.tzinfo is not None and found.year in YEARS
