"""JUnit XML: one flat suite a cell, Surefire's elements for reruns, and nothing in it that XML does not allow.

Made with junit-xml, whose elements are extended where it has none: `flakyFailure` and `rerunFailure` as Maven Surefire
writes them (surefire-test-report.xsd), each case's `system-out`, and times and totals as Jenkins' junit-10.xsd wants.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, ClassVar
from xml.etree import ElementTree as ET

from junit_xml import TestCase, TestSuite

from bootmatrix import files, model, results
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.texts import visible

from . import _junit_verdict, _place, _suites
from ._junit_texts import ROOM, Consoles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from bootmatrix.model import Result, Run

DIALECTS = ("surefire", "pytest", "gitlab")
PLACED = ("pytest", "gitlab")  # those whose test cases have `file` and `line`, which both schemas forbid
LIMIT = 30_000_000  # bytes of a file that GitLab reads
SHRINK = 4  # so much less of each console where the file would be longer
AT_ONCE = 256  # cases that are in memory as elements
COUNTED = ("errors", "failures", "skipped", "tests")


@dataclass(frozen=True)
class Report(model.Report):
    filename: ClassVar[str] = "junit.xml"

    all_consoles: bool = False
    """Put every console into the report, not the failures' only."""
    dialect: str = "surefire"
    """`surefire`, which every reader takes; `pytest`, with properties, file and line in each test case, which both
    schemas forbid; `gitlab`, with file and line, and less of each console where the file would be longer than GitLab
    reads."""
    out: str = ""
    """The folder of runs as seen from the project's root, which attachments are relative to; its name, if empty."""

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            what = f"unknown JUnit dialect '{self.dialect}'"
            raise UserError(Problem(what, remedy=suggest(self.dialect, DIALECTS)))

    def write(self, run: Run, folder: Path, target: Path) -> None:
        folder = folder.resolve()
        place = f"{self.out.rstrip('/') or folder.parent.name}/{folder.name}"
        with files.replaced(target) as file:
            for room in self._rooms(run):
                file.seek(0)
                file.truncate()
                writer = _Writer(run, Consoles(folder, place, room), self.dialect, self.all_consoles)
                writer.write(file, target.parent)
                if self.dialect != "gitlab" or file.tell() < LIMIT:
                    break

    def _rooms(self, run: Run) -> Iterator[int]:
        """How much of each console may be told, the most first."""
        room = ROOM
        if self.dialect == "gitlab":
            counts = run.counts()
            told = sum(n for verdict, n in counts.items() if self.all_consoles or verdict in _junit_verdict.TELLING)
            room = min(ROOM, LIMIT // max(1, told))
        while room:
            yield room
            room //= SHRINK
        yield 0


@dataclass(frozen=True)
class _Writer:
    run: Run
    consoles: Consoles
    dialect: str
    all_consoles: bool

    def write(self, file: IO[bytes], scratch: Path) -> None:
        root = ET.Element("testsuites", name="bootmatrix", time=_time(self.run.seconds))
        totals = Counter[str]()
        with TemporaryFile(dir=scratch) as body:
            suites = [self._suite(parts, body, totals) for parts in _cells(self.run.results)]
            for key in ("tests", "failures", "errors"):
                root.set(key, str(totals[key]))
            _suites.join(root, suites, body, file)

    def _suite(self, parts: list[Sequence[Result]], body: IO[bytes], totals: Counter[str]) -> _suites.Suite:
        """Write the cases of one cell's results to `body`, and count them in `totals`."""
        names = {visible(test) for part in parts for _, test in results.names(part)}
        pairs = (pair for part in parts for result in part for pair in self._cases(result, names))
        counts, seconds, size = Counter[str](), 0.0, 0
        while some := list(itertools.islice(pairs, AT_ONCE)):
            built: ET.Element = TestSuite("", [case for case, _ in some]).build_xml_doc()
            for case, (source, extra) in zip(built, some, strict=True):
                case.set("time", _time(source.elapsed_sec or 0.0))
                if extra or len(case):
                    _junit_verdict.extend(case, extra)
            size += _suites.add(body, built)
            counts.update({key: int(built.get(key, "0")) for key in COUNTED})
            seconds += sum(case.elapsed_sec for case, _ in some)
        totals.update(counts)
        element = _empty(parts[0][0], self.run)
        for key in COUNTED:
            element.set(key, str(counts[key]))
        element.set("time", _time(seconds))
        return _suites.Suite(*_suites.around(element), size)

    def _cases(self, result: Result, names: set[str]) -> Iterable[tuple[TestCase, list[ET.Element]]]:
        """The test itself, then what its guest reported; `names` are those taken in this suite."""
        place = _place.of(result.where) if self.dialect in PLACED else {}
        file, line = visible(place.get("file", "")) or None, place.get("line")
        case = TestCase(visible(result.test), visible(result.cell), result.seconds, file=file, line=line)
        _junit_verdict.judge(case, result)
        yield case, [*_junit_verdict.reruns(result, self.consoles), *self._extra(result)]
        counts: dict[str, int] = {}
        for told in result.attempts[-1].cases if result.attempts else ():
            name = _unique(visible(f"{result.test}/{told.name}"), names, counts)
            yield _junit_verdict.told(told, result, name), []

    def _extra(self, result: Result) -> Iterator[ET.Element]:
        if self.dialect == "pytest":
            yield _junit_verdict.properties(result, self.run.axes)
        if result.attempts and (self.all_consoles or result.verdict in _junit_verdict.TELLING):
            out = ET.Element("system-out")
            out.text = self.consoles.told(result)
            yield out


def _cells(told: Sequence[Result]) -> Iterable[list[Sequence[Result]]]:
    """Each cell's results, as stretches of neighbours: in a merged run a cell may come again."""
    found: dict[str, list[Sequence[Result]]] = {}
    end = 0
    for cell, neighbours in itertools.groupby(cell for cell, _ in results.names(told)):
        start, end = end, end + sum(1 for _ in neighbours)
        found.setdefault(cell, []).append(told[start:end])
    return found.values()


def _empty(first: Result, run: Run) -> ET.Element:
    """The suite of this result's cell, without its cases."""
    origin = {"run": run.id, "commit": run.commit, "branch": run.branch}
    place = {"image": first.image, "digest": first.digest, "host": first.host}
    axes = {f"axis.{key}": value for key, value in first.values.items() if not run.axes or key in run.axes}
    suite = TestSuite(
        visible(first.cell),
        hostname=visible(run.host.get("name", "")),
        timestamp=(first.started or run.started).removesuffix("Z").split(".")[0],
        properties={visible(key): visible(value) for key, value in (origin | place | axes).items() if value},
    )
    element: ET.Element = suite.build_xml_doc()
    element.attrib.pop("disabled", None)  # junit-xml always writes it, and Jenkins' schema has no such attribute
    return element


def _unique(name: str, taken: set[str], counts: dict[str, int]) -> str:
    """The name, with a number if it is taken: readers drop or fold cases of one name."""
    fresh = name
    while fresh in taken:
        counts[name] = counts.get(name, 1) + 1
        fresh = f"{name} #{counts[name]}"
    taken.add(fresh)
    return fresh


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"
