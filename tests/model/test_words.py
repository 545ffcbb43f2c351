"""The words that results are told in: members in the program, texts wherever they are written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bootmatrix import results
from bootmatrix.history.findings import ChangeKind
from bootmatrix.model import (
    BAD_VERDICTS,
    GOOD_VERDICTS,
    RANKS,
    SEVERITY,
    STEADY_VERDICTS,
    VERDICTS,
    Attempt,
    Better,
    Case,
    CaseStatus,
    Measure,
    Outcome,
    OutcomeKind,
    Result,
    Verdict,
    improves,
)

if TYPE_CHECKING:
    from enum import StrEnum

WORDS = (Verdict, OutcomeKind, CaseStatus, Better, ChangeKind)
ATTEMPT = Attempt(
    number=1,
    verdict=Verdict.TIMED_OUT,
    reason="why",
    outcome=Outcome(OutcomeKind.HUNG),
    started="",
    seconds=0.5,
    cases=(Case("case", CaseStatus.SKIPPED),),
    metrics=(Measure("speed", 1.0, "MB/s", Better.HIGHER),),
)
RESULT = Result("cell", "test", Verdict.TIMED_OUT, attempts=(ATTEMPT,))


@pytest.mark.parametrize("word", [word for words in WORDS for word in words], ids=repr)
def test_a_word_is_written_as_its_text(word: StrEnum) -> None:
    assert (str(word), f"{word}", f"{word:<16}|") == (word.value, word.value, f"{word.value:<16}|")
    assert json.dumps({word: word}) == json.dumps({word.value: word.value})
    known: dict[str, int] = {word: 1}
    assert known == {word.value: 1}
    assert known[word.value] == 1
    assert sorted([word, word.value + "a"]) == [word.value, word.value + "a"]


def test_what_is_read_back_has_members() -> None:
    read = results.decode(results.encode(RESULT))
    assert read == RESULT
    (attempt,) = read.attempts
    words = (read.verdict, attempt.verdict, attempt.outcome.kind, attempt.cases[0].status, attempt.metrics[0].better)
    assert [type(word) for word in words] == [Verdict, Verdict, OutcomeKind, CaseStatus, Better]


def test_a_plug_in_may_give_texts() -> None:
    told = replace(ATTEMPT, outcome=Outcome("hung"), cases=(Case("case", "skipped"),))
    text = results.encode(replace(RESULT, attempts=(told,)))
    assert text == results.encode(RESULT)
    assert type(results.decode(text).attempts[0].outcome.kind) is OutcomeKind


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ('"verdict":"timed out"', "Input should be 'passed', 'flaky', "),
        ('"kind":"hung"', "Input should be 'exited', 'aborted', "),
        ('"status":"skipped"', "Input should be 'passed', 'failed' or 'skipped'"),
        ('"better":"higher"', "Input should be 'lower', 'higher' or ''"),
    ],
)
@pytest.mark.parametrize("wrong", ['"TIMED_OUT"', '"Hung"', '"passed "', "1", "null", '["passed"]'])
def test_another_word_is_refused_when_it_is_read(old: str, said: str, wrong: str) -> None:
    text = results.encode(RESULT)
    assert old in text
    with pytest.raises(ValueError, match=said):
        results.decode(text.replace(old, f"{old.partition(':')[0]}:{wrong}"))


def test_the_groups_of_verdicts_fit_together() -> None:
    assert sorted(SEVERITY) == sorted(VERDICTS)
    assert [SEVERITY[RANKS[verdict]] for verdict in VERDICTS] == list(VERDICTS)
    assert {*BAD_VERDICTS} | GOOD_VERDICTS == {*VERDICTS}
    assert not {*BAD_VERDICTS} & GOOD_VERDICTS
    assert max(map(RANKS.__getitem__, BAD_VERDICTS)) < min(map(RANKS.__getitem__, GOOD_VERDICTS))
    assert STEADY_VERDICTS < GOOD_VERDICTS


@pytest.mark.parametrize(
    ("change", "better", "wanted"),
    [(-0.1, "lower", True), (0.1, "lower", False), (-0.1, "higher", False), (0.1, "higher", True)],
)
def test_which_change_improves_a_measure(change: float, better: str, *, wanted: bool) -> None:
    assert improves(change, better) is wanted
