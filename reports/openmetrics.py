r"""OpenMetrics, as Prometheus and all that scrapes for it read it: verdicts and measures as gauges.

Without times, so that a Pushgateway and the node exporter's textfile collector take it; with the option `times` each
number has its own, and what was sampled of a boot is there, too: for `promtool tsdb create-blocks-from openmetrics`.

Source: github.com/prometheus/OpenMetrics, "OpenMetrics 1.0": the numbers of a family stand together, those of one name
and labels too, later at each; in a label `\`, `"` and a line's end are escaped.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, ClassVar

from bootmatrix import files, model

from . import _series, _tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bootmatrix.model import Result, Run

LABEL = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
INFO, LASTED, BEGAN = "bootmatrix_run_info", "bootmatrix_run_seconds", "bootmatrix_run_start_timestamp_seconds"
COUNTS, VERDICT = "bootmatrix_run_results", "bootmatrix_test_verdict"
MEASURE, SERIES = "bootmatrix_measure", "bootmatrix_series"
PAIR = "bootmatrix_pair_"
HELP = {
    INFO: "The run that the other numbers are of; always 1.",
    LASTED: "How long the run took.",
    BEGAN: "When the run began.",
    COUNTS: "How many tests have each verdict.",
    VERDICT: "What a test came to: 0 passed; from 10 on it fails the run; the worse, the higher.",
    MEASURE: "What was measured at the last attempt of a test.",
    f"{PAIR}change": "By which share a test differs from its partner, which booted in turn with it.",
    f"{PAIR}low": "The lower end of that difference's 95% interval.",
    f"{PAIR}high": "The upper end of that difference's 95% interval.",
    SERIES: "What was sampled while a test ran.",
}


@dataclass(frozen=True)
class Report(model.Report):
    filename: ClassVar[str] = "openmetrics.txt"

    times: bool = False
    """Tell each number with its time, and what was sampled of the boots."""

    def write(self, run: Run, folder: Path, target: Path) -> None:
        common, folder = _tags.of_run(run), folder.resolve()
        with _spools(target.parent) as families:
            writer = _Writer(families, run, times=self.times)
            writer.put_run(common)
            for result in run.results:
                labels = _labels(_tags.of(common, result))
                writer.put_result(result, labels)
                writer.put_pairs(result, labels)
                if self.times:
                    writer.put_series(result, folder, labels)
            with files.replaced(target) as file:
                _join(families, file)


@contextlib.contextmanager
def _spools(parent: Path) -> Iterator[dict[str, IO[str]]]:
    """A text for each family, since the numbers of one stand together: results are gone over once."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_spool(parent)) for name in HELP}


def _spool(parent: Path) -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace", newline="\n", dir=parent)


def _join(families: Mapping[str, IO[str]], target: IO[bytes]) -> None:
    for name, spool in families.items():
        spool.flush()
        if spool.tell():
            target.write(f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n".encode())
            spool.seek(0)
            shutil.copyfileobj(spool.buffer, target)  # type: ignore[attr-defined]  # a TextIOWrapper
    target.write(b"# EOF\n")


@functools.lru_cache(4096)  # measures, axes and cells are the same again and again
def _label(name: str, value: str) -> str:
    return f'{name}="{value.translate(LABEL)}"'


def _labels(tags: Mapping[str, str]) -> str:
    """Without the braces."""
    return ",".join([_label(name, value) for name, value in tags.items()])


def _with(labels: str, **more: str) -> str:
    own = [_label(name, shown) for name, value in more.items() if (shown := _tags.text(value))]
    return ",".join([labels, *own] if labels else own)


class _Writer:
    """Puts numbers into the texts of their families; with the time of the run, if they are to have one."""

    def __init__(self, families: Mapping[str, IO[str]], run: Run, *, times: bool) -> None:
        self._families, self._run = families, run
        began = _tags.microseconds(run.started)
        self._stamp = _stamp(began) if times and began is not None else ""

    def put_run(self, tags: Mapping[str, str]) -> None:
        run, labels, began = self._run, _labels(tags), _tags.microseconds(self._run.started)
        self._put(INFO, _with(labels, run=run.id, version=run.version), 1, self._stamp)
        self._put(LASTED, labels, run.seconds, self._stamp)
        if began is not None:
            self._put(BEGAN, labels, began / 1e6, self._stamp)
        for verdict, number in run.counts().items():
            self._put(COUNTS, _with(labels, verdict=verdict), number, self._stamp)

    def put_result(self, result: Result, labels: str) -> None:
        self._put(VERDICT, _with(labels, verdict=result.verdict), _tags.NUMBERS[result.verdict], self._stamp)
        for (name, unit), value in _tags.measures(result).items():
            self._put(MEASURE, _with(labels, measure=name, unit=unit), value, self._stamp)

    def put_pairs(self, result: Result, labels: str) -> None:
        for found, own, numbers in _tags.pairs(result):
            for name in ("change", "low", "high"):
                verdict = {"verdict": found.verdict} if name == "change" else {}
                self._put(f"{PAIR}{name}", _with(labels, **own, **verdict), numbers[name], self._stamp)

    def put_series(self, result: Result, folder: Path, labels: str) -> None:
        for series, points in _series.of(folder, self._run, result):
            named = _with(labels, measure=series)
            for at, value in points:
                self._put(SERIES, named, value, _stamp(at))

    def _put(self, family: str, labels: str, value: float, stamp: str) -> None:
        braces = f"{{{labels}}}" if labels else ""
        self._families[family].write(f"{family}{braces} {float(value)!r}{stamp}\n")


def _stamp(microseconds: int) -> str:
    return f" {microseconds / 1e6:.6f}"
