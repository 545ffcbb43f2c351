"""TAP 14: a point for each test, a subtest for what its guest reported, a YAML block where it is not simply ok.

An expected failure, a test in quarantine and one that is undecided are `# TODO`, a flaky one is ok. `Bail out!` stands
at the end of a run that was interrupted, so that no harness takes it for a whole one.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, ClassVar

import yaml

from bootmatrix import model, texts
from bootmatrix.model import CaseStatus, Verdict

from . import _texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.model import Attempt, Case, Result, Run

CONSOLE, REASON = 20, 4096  # lines of a console, characters of a reason
CONSOLES = 1000  # that are shown: where all of a large run fails, the first tell it
TAP = re.compile(r"^\s*(?:(?:not )?ok\b|bail out!|1\.\.\d|pragma|TAP|---|\.\.\.)", re.IGNORECASE | re.MULTILINE)
TODO = {Verdict.EXPECTED_FAILURE, Verdict.QUARANTINED, Verdict.UNDECIDED}
OK = {Verdict.PASSED, Verdict.FLAKY, Verdict.SKIPPED}


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # libyaml's, where it is there
    """Ours, so that how it writes texts is nobody else's."""


def _text(dumper: Any, text: str) -> Any:
    """Lines as lines, unless one is TAP, which a reader that knows no YAML blocks would take for ours."""
    style = None if "\n" not in text else '"' if TAP.search(text) else "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


class Report(model.Report):
    filename: ClassVar[str] = "report.tap"

    def write(self, run: Run, folder: Path, target: Path) -> None:
        folder = folder.resolve()
        with _texts.written(target) as file:
            file.write(f"TAP version 14\n1..{len(run.results)}")
            file.write("\n" if run.results else " # no test\n")
            left = iter(range(CONSOLES))
            for number, result in enumerate(run.results, 1):
                _put(file, number, result, folder, left)
            if run.interrupted:
                file.write("Bail out! the run was interrupted\n")


def _put(file: IO[str], number: int, result: Result, folder: Path, left: Iterator[int]) -> None:
    last = result.attempts[-1] if result.attempts else None
    if last and last.cases and result.verdict != Verdict.SKIPPED:
        _put_cases(file, result, last.cases)
    ok = "ok" if result.verdict in OK else "not ok"
    file.write(f"{ok} {number} - {_described(result.id)}{_directive(result)}\n")
    if result.verdict not in {Verdict.PASSED, Verdict.SKIPPED}:
        _put_block(file, _diagnostic(result, last, folder, left))


def _directive(result: Result) -> str:
    if result.verdict == Verdict.SKIPPED:
        return f" # SKIP {_described(result.reason)}".rstrip()
    if result.verdict in TODO:
        return f" # TODO {result.verdict}: {_described(result.reason)}"
    return ""


def _put_cases(file: IO[str], result: Result, cases: Sequence[Case]) -> None:
    todo = f" # TODO {result.verdict}" if result.verdict in TODO else ""
    file.write(f"# Subtest: {_described(result.id)}\n    1..{len(cases)}\n")
    for number, case in enumerate(cases, 1):
        failed = case.status == CaseStatus.FAILED
        directive = (
            todo
            if failed
            else f" # SKIP {_described(case.message)}".rstrip()
            if case.status == CaseStatus.SKIPPED
            else ""
        )
        file.write(f"    {'not ok' if failed else 'ok'} {number} - {_described(case.name)}{directive}\n")
        if failed and case.message:
            _put_block(file, {"message": _shown(case.message)}, "    ")


def _diagnostic(result: Result, last: Attempt | None, folder: Path, left: Iterator[int]) -> dict[str, Any]:
    """`left` has an item for each console that may still be shown."""
    found: dict[str, Any] = {"verdict": str(result.verdict), "message": _shown(result.reason)}
    if result.quarantine:
        found["quarantine"] = {"owner": _shown(result.quarantine.owner), "until": _shown(result.quarantine.until)}
    if last:
        found["attempts"] = [f"{texts.line(str(a.outcome))} after {a.seconds:.3f} s" for a in result.attempts]
        found["repeat it"] = texts.line(result.repro, REASON)
        if name := last.console or last.tender:
            shown = next(left, None) is not None
            found["console"] = _texts.last_lines(folder, name, CONSOLE) if shown else f"[in {texts.line(name)}]"
    return found


def _put_block(file: IO[str], value: dict[str, Any], indent: str = "") -> None:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 20)
    lines = "".join(f"{indent}  {line}\n" for line in text.rstrip("\n").split("\n"))  # empty ones, too, for tap-parser
    file.write(f"{indent}  ---\n{lines}{indent}  ...\n")


def _shown(text: str) -> str:
    return texts.cut(texts.visible(text[: 2 * REASON]), REASON).strip()


def _described(text: str) -> str:
    r"""A description: one line, in which no `#` begins a directive, and at whose end no `{` begins a subtest."""
    shown = texts.line(text).replace("\\", "\\\\").replace("#", "\\#")
    return f"{shown}." if shown.endswith("{") else shown
