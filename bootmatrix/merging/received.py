"""Finds and reads the shards' runs below the folders that are named, and refuses damaged ones."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bootmatrix import files, results
from bootmatrix.errors import Problem, UserError, printable
from bootmatrix.model import Run
from bootmatrix.model.bounds import is_name, is_time
from bootmatrix.results import Stored
from bootmatrix.runs import journal
from bootmatrix.schedule import shard as shards

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bootmatrix.schedule.shard import Shard

RESULTS = "results.json"
DEEP = 3  # folders below one that is named: an artifact, `out`, the run
LARGEST = 256 << 20  # bytes of a shard's results: some 200,000 tests


@dataclass(frozen=True)
class Part:
    """A run of some of the tests, in a folder without links; `shard` is None if it does not say which it is."""

    folder: Path
    run: Run
    shard: Shard | None


@dataclass(frozen=True)
class Refused:
    """A folder whose run cannot be used, and why."""

    folder: Path
    why: str
    shard: Shard | None


def read(named: Iterable[Path]) -> tuple[list[Part], list[Refused]]:
    """The runs below the folders that are named; the copy that `latest` may have become in an artifact counts once."""
    good: dict[str, Part] = {}
    bad: list[Refused] = []
    for folder in (found for name in named for found in _runs(name, DEEP)):
        shard = _shard(folder)
        try:
            run = _checked(folder)
            good.setdefault(run.id, Part(folder.resolve(), run, shard))
        except UserError as error:
            bad.append(Refused(folder, error.problems[0].what, shard))
    return list(good.values()), bad


def _runs(folder: Path, depth: int) -> Iterator[Path]:
    if any(files.is_plain(folder / name) for name in (RESULTS, journal.FILE)):
        yield folder
    elif depth:
        for below in sorted(folder.iterdir()):
            if below.is_dir() and not below.is_symlink():
                yield from _runs(below, depth - 1)


def _shard(folder: Path) -> Shard | None:
    """What the run was asked for, as its journal begins."""
    try:
        return shards.parse(next(journal.read(folder)).event["request"]["shard"])
    except (OSError, StopIteration, LookupError, TypeError, UserError):
        return None


def _checked(folder: Path) -> Run:
    whole = files.is_plain(folder / RESULTS)
    file = folder / (RESULTS if whole else journal.FILE)
    if file.lstat().st_size > LARGEST:
        raise UserError(f"{file} is larger than {LARGEST >> 20} MiB")
    run = results.open_run(file, strict=True) if whole else _cut_short(folder)
    if not is_name(run.id) or not is_time(run.started):
        raise UserError(f"{file} does not hold the results of a run: its id or its start time is invalid")
    for _ in run.results:
        pass  # each is read once before anything is written: the first invalid one is reported
    return run


def _cut_short(folder: Path) -> Run:
    """What a run that did not come to its end had recorded."""
    offsets, lengths = array("q"), array("q")
    started = ""
    try:
        for entry in journal.read(folder):
            started = started or entry.event["time"]
            if entry.length:
                offsets.append(entry.at)
                lengths.append(entry.length)
    except OSError as error:
        raise UserError(f"{folder / journal.FILE} cannot be read: {error.strerror}") from None
    told = Stored(folder / journal.FILE, offsets, lengths)
    return Run(folder.name, started, 0.0, "", "", {}, told)


def together(parts: Iterable[Part]) -> Run:
    """The shards' runs as one without results. Raises UserError if they are of different commits."""
    runs = [part.run for part in parts]
    for name in ("commit", "version"):
        said = sorted({getattr(run, name) for run in runs} - {""})
        if len(said) > 1:
            what = f"the shards have different {name}s: {', '.join(printable(text, 40) for text in said)}"
            raise UserError(Problem(what, remedy=f"merge shards of one {name}"))
    begun = min(datetime.fromisoformat(run.started) for run in runs)
    ended = max(datetime.fromisoformat(run.started).timestamp() + run.seconds for run in runs)
    first = min(runs, key=lambda run: datetime.fromisoformat(run.started))
    return replace(
        first,
        seconds=round(ended - begun.timestamp(), 3),
        host=_hosts(runs),
        results=(),
        interrupted=any(run.interrupted for run in runs),
        commit=next((run.commit for run in runs if run.commit), ""),
        branch=next((run.branch for run in runs if run.branch), ""),
    )


def _hosts(runs: Iterable[Run]) -> dict[str, str]:
    """What the shards' hosts have in common, or the first few of what they have."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        for key, text in run.host.items():
            found.setdefault(printable(key, 40), {})[printable(text, 200)] = None
    return {key: _listed([*texts]) for key, texts in list(found.items())[:20]}


def _listed(texts: list[str]) -> str:
    few = 3
    return "; ".join(texts[:few]) + (f"; … ({len(texts)} in all)" if len(texts) > few else "")
