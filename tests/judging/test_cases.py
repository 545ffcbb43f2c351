"""The cases that a guest reported, as a protocol of ours or of the project reads them: no answer is believed unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import UserError
from bootmatrix.judging import cases, verdict
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.model import Boot, Case, Ending, Launch, Outcome, Runner, Tender
from bootmatrix.protocols import LONGEST, MOST, TOO_MANY, CaseReport

if TYPE_CHECKING:
    from pathlib import Path


HEAD = "from bootmatrix.model import Case\nfrom bootmatrix.protocols import CaseReport, case\n"


class Ends(Runner):
    """A guest that ended with 0."""

    def tender(self, arch: str) -> Tender:
        return Tender(arch)

    def launch(self, boot: Boot) -> Launch:
        return Launch((boot.program,))

    def outcome(self, ending: Ending) -> Outcome:
        return Outcome("exited", str(ending.status))


@pytest.fixture(autouse=True)
def _trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_TRUST", str(tmp_path))


def write(root: Path, name: str, text: str) -> None:
    (root / "protocols").mkdir(exist_ok=True)
    (root / f"protocols/{name}.py").write_text(text)


def answer(root: Path, expression: str, console: str = "") -> CaseReport:
    """What comes of a protocol that answers with this."""
    write(root, "mine", f"{HEAD}def parse(text):\n    return {expression}\n")
    return cases.told("mine", console, root)


def test_a_protocol_of_ours_needs_no_project() -> None:
    assert cases.told("tap", "1..1\nok 1 - a\n") == CaseReport((Case("a", "passed"),))


def test_a_projects_own_protocol_reads_the_console(tmp_path: Path) -> None:
    found = answer(tmp_path, "CaseReport(tuple(case(line, 'failed', 'why') for line in text.split()))", "a b")
    assert found.cases == (Case("a", "failed", "why"), Case("b", "failed", "why"))
    assert cases.told("tap", "1..1\nok 1 - a\n", tmp_path) == CaseReport((Case("a", "passed"),))


def test_a_projects_own_protocol_takes_the_place_of_ours_there_only(tmp_path: Path) -> None:
    write(tmp_path, "tap", f"{HEAD}def parse(text):\n    return CaseReport(trouble='mine')\n")
    assert cases.told("tap", "1..1\nok 1 - a\n", tmp_path).trouble == "mine"
    assert cases.told("tap", "1..1\nok 1 - a\n").trouble == ""


def test_a_projects_protocol_may_use_ours_and_modules_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "_words", "WORD = 'of its own'\n")
    uses = "from bootmatrix.protocols import CaseReport, tap\nfrom bootmatrix.protocols._words import WORD\n"
    write(tmp_path, "mine", f"{uses}def parse(text):\n    return CaseReport(tap.parse(text).cases, WORD)\n")
    assert cases.told("mine", "1..1\nok 1 - a\n", tmp_path) == CaseReport((Case("a", "passed"),), "of its own")


WRONG = {
    "None": "a NoneType, and no CaseReport",
    "[case('a', 'passed')]": "a list, and no CaseReport",
    "CaseReport([case('a', 'passed')])": "cases that are a list, and no tuple",
    "CaseReport(('a',))": "'a', which is not a case",
    "CaseReport((case('a', 'pass'),))": "Case(name='a', status='pass', message=''), which is not a case",
    "CaseReport((Case(1, 'passed'),))": "Case(name=1, status='passed', message=''), which is not a case",
    "CaseReport((Case('a', 'passed', None),))": "Case(name='a', status='passed', message=None), which is not a case",
    "CaseReport(trouble=None)": "a trouble or a skip that is not a text",
    "CaseReport(skipped=True)": "a trouble or a skip that is not a text",
}


@pytest.mark.parametrize(("expression", "what"), WRONG.items(), ids=WRONG)
def test_an_answer_that_is_none_is_told(expression: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(cases.Unreadable) as caught:
        answer(tmp_path, expression)
    assert str(caught.value).startswith(
        f"the protocol 'mine' answers {what}\n    its `parse(text)` returns a CaseReport"
    )


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("int('x')", "ValueError: invalid literal for int() with base 10: 'x'"),
        ("exit(3)", "SystemExit: 3"),
        ("parse(text)", "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_a_protocol_that_fails_is_told_with_its_place(statement: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(cases.Unreadable) as caught:
        answer(tmp_path, statement)
    assert str(caught.value).startswith(f"the protocol 'mine' failed: {what}")
    assert f"raised at {tmp_path}/protocols/mine.py:4" in str(caught.value) or statement == "exit(3)"


def test_what_a_report_cannot_bear_is_cut(tmp_path: Path) -> None:
    found = answer(tmp_path, "CaseReport((Case('n' * 10**6, 'failed', 'm' * 10**6), Case('', 'passed')), 't' * 10**6)")
    assert [len(text) for text in (found.cases[0].name, found.cases[0].message, found.trouble)] == [LONGEST + 1] * 3
    assert found.cases[1].name == "(unnamed)"


def test_more_cases_than_a_report_can_bear_are_trouble(tmp_path: Path) -> None:
    assert answer(tmp_path, f"CaseReport((case('a', 'passed'),) * {MOST + 1})") == CaseReport(trouble=TOO_MANY)


def test_a_test_whose_protocol_has_a_bug_is_an_error_and_no_failure(tmp_path: Path) -> None:
    write(tmp_path, "mine", "def parse(text):\n    raise ValueError('a bug')\n")
    fields = TestFields.model_validate({"cases": "mine", "expected-failure": "not yet done"})
    found = verdict.judge(fields, Ends(), Ending(status=0, console="hello"), root=tmp_path)
    assert (found.verdict, found.outcome.kind, found.outcome.evidence) == ("error", "rejected", "it ended as exited(0)")
    assert found.reason.startswith("the protocol 'mine' failed: ValueError: a bug\n    raised at ")


def test_what_a_run_needs_is_imported_before_it_begins(tmp_path: Path) -> None:
    write(tmp_path, "good", f"{HEAD}def parse(text):\n    return CaseReport()\n")
    write(tmp_path, "bad", "1 / 0\n")
    cases.check(["good", "tap"], tmp_path)
    with pytest.raises(UserError, match=r"protocols/bad.py cannot be imported: ZeroDivisionError: division by zero"):
        cases.check(["good", "bad"], tmp_path)
