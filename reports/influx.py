r"""InfluxDB's line protocol: a line for each verdict, each measure and each sample of a boot, with when it was.

    bootmatrix_measure,branch=main,cell=gcc-qemu,test=hello,measure=boot_time,unit=s value=0.038 1764201568000000000

Verdicts and measures have the time at which the run began, so that a night is one point of all of them; samples have
their own.

Source: docs.influxdata.com, "Line protocol reference". In a tag `,`, `=` and blanks are escaped by `\`; a `\` itself
cannot be, and takes what follows with it at a tag's end, so it becomes `/`. No tag may be empty or have two lines.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, ClassVar

from bootmatrix import model
from bootmatrix.errors import Problem, UserError, suggest

from . import _series, _tags, _texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.model import Result, Run

TAG = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
FIELD = str.maketrans({'"': '\\"', "\\": "\\\\"})
COMMITS = ("tag", "field")


@dataclass(frozen=True)
class Report(model.Report):
    filename: ClassVar[str] = "influx.lp"

    commit: str = "tag"
    """What the commit is: a `tag` makes new series with each one, of which a server has so many only; or a `field`."""

    def __post_init__(self) -> None:
        if self.commit not in COMMITS:
            what = f"the commit cannot be '{self.commit}' in line protocol"
            raise UserError(Problem(what, remedy=suggest(self.commit, COMMITS)))

    def write(self, run: Run, folder: Path, target: Path) -> None:
        common, folder = _tags.of_run(run), folder.resolve()
        commit = common.pop("commit", "") if self.commit == "field" else ""
        also = f",commit={_field(commit)}" if commit else ""
        with _texts.written(target) as file:
            writer = _Writer(file, run, also)
            writer.put_run(_tagged(common))
            for result in run.results:
                tags = _tagged(_tags.of(common, result))
                writer.put_result(result, tags)
                writer.put_pairs(result, tags)
                writer.put_series(result, folder, tags)


def _tagged(tags: Mapping[str, str]) -> str:
    return "".join(f",{name}={_tag(value)}" for name, value in tags.items())


@functools.lru_cache(4096)  # measures, axes and cells are the same again and again
def _tag(value: str) -> str:
    if "\\" in value:
        value = _tags.changed(value, value.replace("\\", "/"))
    return value.translate(TAG)


def _field(value: str) -> str:
    return f'"{_tags.text(value).translate(FIELD)}"'


def _stamp(time: str) -> str:
    """Nanoseconds behind a line; nothing, which is the time of writing, where it is no time."""
    found = _tags.microseconds(time)
    return "" if found is None else f" {1000 * found}"


class _Writer:
    """`also` is a field of each line of a run, a result or a measure, with the comma before it."""

    def __init__(self, file: IO[str], run: Run, also: str) -> None:
        self._file, self._run = file, run
        self._run_field = f",run={_field(run.id)}{also}"
        self._also, self._stamp = also, _stamp(run.started)

    def put_run(self, tags: str) -> None:
        run = self._run
        fields = f"seconds={float(run.seconds)!r},interrupted={run.interrupted},partial={run.partial}{self._run_field}"
        counts = "".join(f",{verdict.replace(' ', '_')}={number}i" for verdict, number in run.counts().items())
        self._file.write(f"bootmatrix_run{tags} {fields},total={len(run.results)}i{counts}{self._stamp}\n")

    def put_result(self, result: Result, tags: str) -> None:
        fields = f'number={_tags.NUMBERS[result.verdict]}i,good={result.good},verdict="{result.verdict}"'
        more = f"attempts={len(result.attempts)}i,seconds={float(result.seconds)!r}{self._run_field}"
        self._file.write(f"bootmatrix_result{tags} {fields},{more}{self._stamp}\n")
        verdict = f'verdict="{result.verdict}"{self._also}{self._stamp}\n'
        for (name, unit), value in _tags.measures(result).items():
            of = f",measure={_tag(name)}" + (f",unit={_tag(unit)}" if unit else "")
            self._file.write(f"bootmatrix_measure{tags}{of} value={value!r},{verdict}")

    def put_pairs(self, result: Result, tags: str) -> None:
        for found, own, numbers in _tags.pairs(result):
            fields = ",".join(f"{name}={value!r}" for name, value in numbers.items())
            more = f'boots={found.boots}i,verdict="{found.verdict}"{self._also}{self._stamp}'
            self._file.write(f"bootmatrix_pair{tags}{_tagged(own)} {fields},{more}\n")

    def put_series(self, result: Result, folder: Path, tags: str) -> None:
        for series, points in _series.of(folder, self._run, result):
            before = f"bootmatrix_series{tags},measure={_tag(series)} value="
            self._file.writelines(f"{before}{value!r} {1000 * at}\n" for at, value in points)
