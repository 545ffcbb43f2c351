"""JUnit XML: one flat suite a cell, Surefire's elements for reruns, and nothing in it that XML does not allow.

Made with junit-xml, whose elements are extended where it has none: `flakyFailure` and `rerunFailure` as Maven Surefire
writes them (surefire-test-report.xsd), each case's `system-out`, and times and totals as Jenkins' junit-10.xsd wants.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, ClassVar
from xml.etree import ElementTree as ET

from junit_xml import TestCase, TestSuite

from bootmatrix import console, model, results
from bootmatrix.quantities import human_size

from . import _suites

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bootmatrix.model import Attempt, Case, Result, Run

ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
HEAD, TAIL = 4096, 12288  # characters of a console in the report; the whole log is a file beside it
AT_ONCE = 256  # cases that are in memory as elements
COUNTED = ("errors", "failures", "skipped", "tests")
FAILURES = {"failed", "contradicted", "timed out", "unexpected pass"}


@dataclass(frozen=True)
class Report(model.Report):
    filename: ClassVar[str] = "junit.xml"

    all_consoles: bool = False
    """Put every console into the report, not the failures' only."""

    def write(self, run: Run, folder: Path, target: Path) -> None:
        root = ET.Element("testsuites", name="bootmatrix", time=_time(run.seconds))
        totals = Counter[str]()
        fresh = target.with_suffix(".new")
        with TemporaryFile(dir=target.parent) as body, fresh.open("wb") as file:
            suites = [self._suite(parts, run, folder, body, totals) for parts in _cells(run.results)]
            for key in ("tests", "failures", "errors"):
                root.set(key, str(totals[key]))
            _suites.join(root, suites, body, file)
        fresh.replace(target)

    def _suite(
        self, parts: list[Sequence[Result]], run: Run, folder: Path, body: IO[bytes], totals: Counter[str]
    ) -> _suites.Suite:
        """Write the cases of one cell's results to `body`, and count them in `totals`."""
        names = {_clean(test) for part in parts for _, test in results.names(part)}
        pairs = (pair for part in parts for result in part for pair in self._cases(result, folder, names))
        counts, seconds, size = Counter[str](), 0.0, 0
        while some := list(itertools.islice(pairs, AT_ONCE)):
            built: ET.Element = TestSuite("", [case for case, _ in some]).build_xml_doc()
            for case, (source, extra) in zip(built, some, strict=True):
                case.set("time", _time(source.elapsed_sec or 0.0))
                _extend(case, extra)
            size += _suites.add(body, built)
            counts.update({key: int(built.get(key, "0")) for key in COUNTED})
            seconds += sum(case.elapsed_sec for case, _ in some)
        totals.update(counts)
        element = _empty(parts[0][0], run)
        for key in COUNTED:
            element.set(key, str(counts[key]))
        element.set("time", _time(seconds))
        return _suites.Suite(*_suites.around(element), size)

    def _cases(self, result: Result, folder: Path, names: set[str]) -> Iterable[tuple[TestCase, list[ET.Element]]]:
        """The test itself, then what its guest reported; `names` are those taken in this suite."""
        case = TestCase(_clean(result.test), _clean(result.cell), result.seconds)
        _judge(case, result)
        yield case, [*_reruns(result), *self._console(result, folder)]
        counts: dict[str, int] = {}
        for told in result.attempts[-1].cases if result.attempts else ():
            yield _told(told, result, _unique(_clean(f"{result.test}/{told.name}"), names, counts)), []

    def _console(self, result: Result, folder: Path) -> list[ET.Element]:
        telling = result.verdict in FAILURES or result.verdict in {"error", "flaky"}
        if not result.attempts or not (telling or self.all_consoles):
            return []
        attempt = result.attempts[-1]
        lines = [f"repeat it: {result.repro}", f"outcome: {attempt.outcome} ({attempt.outcome.evidence})"]
        if attempt.accelerator:
            lines.append(f"accelerator: {attempt.accelerator} ({attempt.accelerator_reason or 'as asked'})")
        for label, name in (("console", attempt.console), ("tender", attempt.tender)):
            if name:
                lines += [f"--- {label} ({name}) ---", _excerpt(folder / name)]
        out = ET.Element("system-out")
        out.text = _clean("\n".join(lines))
        return [out]


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
    properties = {"run": run.id, "image": first.image, **{f"axis.{k}": v for k, v in _axes(first).items()}}
    suite = TestSuite(
        _clean(first.cell),
        hostname=_clean(run.host.get("name", "")),
        timestamp=(first.started or run.started).removesuffix("Z").split(".")[0],
        properties={_clean(key): _clean(value) for key, value in properties.items() if value},
    )
    element: ET.Element = suite.build_xml_doc()
    element.attrib.pop("disabled", None)  # junit-xml always writes it, and Jenkins' schema has no such attribute
    return element


def _judge(case: Any, result: Result) -> None:
    if result.verdict in {"passed", "flaky"}:
        return
    reason = _clean(result.reason)
    summary = reason.splitlines()[0] if reason else result.verdict
    if result.verdict in FAILURES:
        case.add_failure_info(f"{result.verdict}: {summary}", _evidence(result), result.verdict.replace(" ", "-"))
    elif result.verdict == "error":
        kind = "infrastructure" if result.infrastructure else "configuration"
        case.add_error_info(summary, _evidence(result), kind)
    else:
        case.add_skipped_info(summary if result.verdict == "skipped" else f"{result.verdict}: {summary}")


def _evidence(result: Result) -> str:
    lines = [result.reason, f"repeat it: {result.repro}"]
    if result.attempts:
        lines += [
            f"attempt {a.number}: {a.outcome} after {a.seconds:.3f} s ({a.outcome.evidence})" for a in result.attempts
        ]
    return _clean("\n".join(lines))


def _reruns(result: Result) -> list[ET.Element]:
    """Surefire: a flakyFailure for each attempt that failed before a pass, a rerunFailure for each after the first."""
    if result.verdict == "flaky":
        return [_rerun("flakyFailure", a) for a in result.attempts if a.verdict != "passed"]
    if result.verdict in FAILURES - {"unexpected pass"}:
        return [_rerun("rerunFailure", attempt) for attempt in result.attempts[1:]]
    return []


def _rerun(tag: str, attempt: Attempt) -> ET.Element:
    reason = _clean(attempt.reason)
    element = ET.Element(tag, message=reason.splitlines()[0] if reason else "", type=attempt.outcome.kind)
    ET.SubElement(element, "stackTrace").text = f"attempt {attempt.number}: {reason}"
    return element


def _unique(name: str, taken: set[str], counts: dict[str, int]) -> str:
    """The name, with a number if it is taken: readers drop or fold cases of one name."""
    fresh = name
    while fresh in taken:
        counts[name] = counts.get(name, 1) + 1
        fresh = f"{name} #{counts[name]}"
    taken.add(fresh)
    return fresh


def _told(told: Case, result: Result, name: str) -> TestCase:
    case = TestCase(name, _clean(result.cell), 0.0)
    message = _clean(told.message) or told.status
    if told.status == "failed" and result.verdict in {"expected failure", "quarantined"}:
        case.add_skipped_info(f"{result.verdict}: {message}")
    elif told.status == "failed":
        case.add_failure_info(message, message, "guest")
    elif told.status == "skipped":
        case.add_skipped_info(message)
    return case


def _extend(case: ET.Element, extra: list[ET.Element]) -> None:
    """In Surefire's order: failure, rerunFailure, flakyFailure, skipped, error, system-out."""
    if not extra:
        return
    case.extend(extra)
    order = ["failure", "rerunFailure", "flakyFailure", "skipped", "error", "system-out"]
    case[:] = sorted(case, key=lambda element: order.index(element.tag))


def _excerpt(file: Path) -> str:
    """Head and tail of a console, with a line that says what was cut."""
    try:
        text = console.clean(file.read_bytes())
    except OSError as error:
        return f"[{file.name} cannot be read: {error.strerror}]"
    if len(text) <= HEAD + TAIL:
        return text
    cut = human_size(len(text) - HEAD - TAIL)
    return f"{text[:HEAD]}\n[{cut} are left out here; the file has them]\n{text[-TAIL:]}"


def _axes(result: Result) -> dict[str, str]:
    return {key: value for key, value in result.axes.items() if key not in {"format", "test", "cell"}}


def _clean(text: str) -> str:
    if text.isprintable():  # has nothing of either, and takes a twentieth of the time to find
        return text
    return ILLEGAL.sub("\ufffd", console.ANSI.sub("", text))


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"
