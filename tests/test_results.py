"""Results as lines of JSON: what is written is read back, and nothing of it need be in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from math import inf
from types import GenericAlias, MappingProxyType
from typing import TYPE_CHECKING, Any, get_type_hints

import psutil
import pytest
from hypothesis import example, given, strategies as st
from storing import ATTEMPT, RESULT, Alive, some, stored

from bootmatrix import results
from bootmatrix.errors import UserError
from bootmatrix.model import (
    Attempt,
    Case,
    CheckResult,
    Growth,
    Measure,
    Outcome,
    PairFinding,
    Phase,
    Quarantine,
    Result,
    Verdict,
    bounds,
)

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ANY_TEXTS = st.text(st.characters() | st.sampled_from('\ud800\udfff\udc80\u2028\x85\0\n\r\x7f\\"{}[],'))


def any_results(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Result]:
    """With anything in any field that its type and its bound allow."""
    known: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        bounds.Name: TEXTS.filter(bounds.is_name),
        bounds.Time: st.sampled_from(["", "2026-11-23T23:06:15.123Z", "1999-02-28T00:00:00+13:00"]),
        bounds.Seconds: st.floats(0, bounds.LONGEST, exclude_max=True),
        bounds.Size: st.integers(0, (1 << 53) - 1),
        bounds.Number: st.floats(allow_nan=False, allow_infinity=False),
        int: st.integers(-(10**400), 10**400),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        Mapping[str, str]: st.dictionaries(TEXTS, texts, max_size=3),
        tuple[str, ...]: st.lists(texts, max_size=3).map(tuple),
    }
    for kind in (Outcome, Case, Measure, CheckResult, Growth, Phase, Quarantine, Attempt, PairFinding, Result):
        hints = get_type_hints(kind, include_extras=True)
        if kind is Attempt:
            alone = {name: known[hint] for name, hint in hints.items() if name != "guests" and hint in known}
            known[hints["guests"]] = st.dictionaries(known[bounds.Name], st.builds(Attempt, **alone), max_size=2)
        known |= {hint: st.sampled_from(bound.words) for hint in hints.values() if (bound := words_of(hint))}
        known[kind] = st.builds(kind, **{name: known[hint] for name, hint in hints.items()})
        known[GenericAlias(tuple, (kind, ...))] = st.lists(known[kind], max_size=2).map(tuple)
    return known[Result]


def words_of(hint: Any) -> bounds.OneOf | None:
    return next((bound for bound in getattr(hint, "__metadata__", ()) if isinstance(bound, bounds.OneOf)), None)


def as_utf_8(value: Any) -> Any:
    """With `?` for what UTF-8 does not have."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: as_utf_8(item) for key, item in value.items()}
    return [as_utf_8(item) for item in value] if isinstance(value, (list, tuple)) else value


@given(any_results(TEXTS))
def test_a_result_is_read_back_as_it_was_written(result: Result) -> None:
    text = results.encode(result)
    assert text.isascii()
    assert text.splitlines() == [text]
    assert results.decode(text) == results.decode(text.encode()) == result


@given(any_results(ANY_TEXTS))
@example(replace(RESULT, reason="\ud83d\ude00 caf\udce9 \u2028\x85\x1c"))
def test_what_utf_8_does_not_have_is_replaced(result: Result) -> None:
    text = results.encode(result)
    assert text.splitlines() == [text]
    assert json.loads(text) == as_utf_8(asdict(result))
    assert as_utf_8(asdict(results.decode(text))) == as_utf_8(asdict(result))


def test_a_key_that_is_not_utf_8_does_not_raise() -> None:
    assert list(results.decode(results.encode(replace(RESULT, axes={"a\ud800": "b"}))).axes.values()) == ["b"]


@pytest.mark.parametrize("wrong", [{"attempts": [ATTEMPT]}, {"axes": MappingProxyType({"arch": "x86_64"})}])
def test_another_sequence_or_mapping_will_do(wrong: dict[str, Any]) -> None:
    assert results.decode(results.encode(replace(RESULT, **wrong))) == RESULT


@pytest.mark.parametrize("wrong", [{"reason": None}, {"seconds": inf}, {"attempts": (1,)}, {"axes": {"a": 1}}])
def test_a_field_of_another_type_is_said_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="valid"):
        results.encode(replace(RESULT, **wrong))


def test_no_torn_line_is_a_result() -> None:
    line = results.encode(RESULT)
    for end in range(len(line)):
        with pytest.raises(ValueError, match="JSON"):
            results.decode(line[:end])


@pytest.mark.parametrize(
    "line",
    [
        "null",
        "1",
        "[]",
        "{}",
        "[" * 100_000,
        '{"event": "boot started", "boot": "cell/test"}',
        '{"cell": "c", "test": "t"}',
        '{"cell": 1, "test": "t", "verdict": "passed"}',
        '{"cell": "c", "test": "t", "verdict": "passed"} {}',
        '{"cell": "c", "test": "t", "verdict": "\\ud800"}',
        '{"cell": "c", "test": "t", "verdict": "\ud800"}',
        b'{"cell": "c", "test": "t", "verdict": "\xff"}',
        '{"cell": "c", "test": "t", "verdict": "passed", "attempts": [{}]}',
        '{"cell": "c", "test": "t", "verdict": "passed", "seconds": {}}',
    ],
)
def test_a_foreign_line_is_no_result(line: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"Result|surrogates"):
        results.decode(line)


def test_a_guest_has_no_guests() -> None:
    inner = replace(ATTEMPT, guests={"a": ATTEMPT})
    text = results.encode(replace(RESULT, attempts=(inner,)))
    assert results.decode(text).attempts[0].guests == {"a": ATTEMPT}
    line = json.dumps(asdict(replace(RESULT, attempts=(replace(ATTEMPT, guests={"a": inner}),))))
    with pytest.raises(ValueError, match="a guest has no guests"):
        results.decode(line)
    with pytest.raises(ValueError, match="guests"):
        results.decode(text.replace('"a":', '"../a":'))


def test_fields_of_a_newer_version_are_left_out() -> None:
    line = '{"cell": "c", "test": "t", "verdict": "passed", "attempts": [], "mood": {"good": [1, null]}}'
    assert results.decode(line) == Result("c", "t", Verdict.PASSED)


def test_stored_results_come_in_their_own_order(tmp_path: Path) -> None:
    kept = some(5)
    found = stored(tmp_path / "events.jsonl", kept, [3, 0, 4, 1, 2])
    with found.file.open("a") as file:
        file.write('{"event": "boot fin')  # it is still written
    wanted = [kept[3], kept[0], kept[4], kept[1], kept[2]]
    assert list(found) == [found[index] for index in range(5)] == wanted
    assert list(found[1:4]) == wanted[1:4]
    assert list(found[::-2]) == wanted[::-2]
    assert (len(found), len(found[7:]), found[-1]) == (5, 0, wanted[-1])
    assert list(found.texts())[4] == results.encode(wanted[4]).encode()
    for index in (5, -6):
        with pytest.raises(IndexError):
            found[index]


def test_no_file_stays_open(tmp_path: Path) -> None:
    found = stored(tmp_path / "events.jsonl", some(3))
    for _ in (*found, *found.texts(), *results.names(found), found[1]):
        pass
    next(iter(found))
    for _ in found:
        break
    assert [file.path for file in psutil.Process().open_files() if file.path.startswith(str(tmp_path))] == []


def test_cell_and_test_are_told_without_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive = Alive(monkeypatch)
    kept = [*some(3), replace(RESULT, cell='c"\\', test="é")]
    found = stored(tmp_path / "events.jsonl", kept)
    assert list(results.names(found)) == list(results.names(kept)) == [(made.cell, made.test) for made in kept]
    assert alive.all == 1


@pytest.mark.parametrize(
    ("damage", "why"), [("unlink", "No such file"), ("cut", "cut off"), ("zero", "JSON"), ("turn", "JSON")]
)
def test_what_is_not_there_any_more_is_an_error_that_names_the_file(tmp_path: Path, damage: str, why: str) -> None:
    file = tmp_path / "events.jsonl"
    found = stored(file, some(2))
    raw = file.read_bytes()
    if damage == "unlink":
        file.unlink()
    else:
        file.write_bytes({"cut": raw[:-10], "zero": bytes(len(raw)), "turn": raw[::-1]}[damage])
    for read in (lambda: list(found), lambda: found[1]):
        with pytest.raises(UserError, match=f"events.jsonl.*{why}"):
            read()
