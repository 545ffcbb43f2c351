"""Results as lines of JSON: what is written is read back, and nothing of it need be in memory."""

from __future__ import annotations

import json
import weakref
from array import array
from collections.abc import Mapping
from dataclasses import asdict, replace
from math import inf
from types import GenericAlias, MappingProxyType
from typing import TYPE_CHECKING, Any, get_type_hints

import psutil
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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
    Run,
    Verdict,
    bounds,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ANY_TEXTS = st.text(st.characters() | st.sampled_from('\ud800\udfff\udc80\u2028\x85\0\n\r\x7f\\"{}[],'))
ATTEMPT = Attempt(1, Verdict.FAILED, "why", Outcome("exited", "1"), "2026-11-23T23:06:15.123Z", 0.25)
RESULT = Result("cell", "test", Verdict.FAILED, "why", attempts=(ATTEMPT,), axes={"arch": "x86_64"})
RUN = Run("run", "2026-11-23T23:06:15.000Z", 1.5, "0.1", "bootmatrix run", {"name": "host"}, ())


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


def some(count: int) -> list[Result]:
    return [replace(RESULT, test=f"test-{number}", reason="é\n" * number) for number in range(count)]


def stored(file: Path, kept: Sequence[Result], order: Sequence[int] = ()) -> results.Stored:
    """These results in a journal, each with something before and behind it."""
    raw = b""
    at, length = array("q"), array("q")
    for result in kept:
        text = results.encode(result).encode()
        raw += b'{"event": "boot finished", "result": '
        at.append(len(raw))
        length.append(len(text))
        raw += text + b"}\n"
    file.write_bytes(raw)
    order = order or range(len(kept))
    return results.Stored(file, array("q", (at[i] for i in order)), array("q", (length[i] for i in order)))


def as_utf_8(value: Any) -> Any:
    """With `?` for what UTF-8 does not have."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: as_utf_8(item) for key, item in value.items()}
    return [as_utf_8(item) for item in value] if isinstance(value, (list, tuple)) else value


class Alive:
    """How many of the results that were decoded are alive, and how many were at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = self.all = 0
        decode = results.decode
        monkeypatch.setattr(results, "decode", lambda line: self.seen(decode(line)))

    def seen(self, result: Result) -> Result:
        self.all, self.now = self.all + 1, self.now + 1
        self.most = max(self.most, self.now)
        weakref.finalize(result, self.gone)
        return result

    def gone(self) -> None:
        self.now -= 1


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


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_run_is_read_back_from_a_line_for_each_result(tmp_path: Path, count: int) -> None:
    file = tmp_path / "results.json"
    run = replace(RUN, results=tuple(some(count)), interrupted=True)
    results.write(run, file)
    assert results.load(file) == run
    found = results.open_run(file)
    assert isinstance(found.results, results.Stored)
    assert replace(found, results=tuple(found.results)) == run
    lines = file.read_text().splitlines()
    assert [line.rstrip(",") for line in lines if line.startswith('{"')] == [results.encode(r) for r in run.results]
    assert lines[1] == ' "id": "run",'
    assert len(json.loads(file.read_text())["results"]) == count


def test_stored_results_are_copied_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.write(replace(RUN, results=tuple(some(9))), tmp_path / "made.json")
    alive = Alive(monkeypatch)
    for source in (results.open_run(tmp_path / "made.json").results, stored(tmp_path / "events.jsonl", some(9))):
        results.write(replace(RUN, results=source), tmp_path / "copied.json")
        assert (tmp_path / "copied.json").read_bytes() == (tmp_path / "made.json").read_bytes()
    assert alive.all == 0


def test_results_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive = Alive(monkeypatch)
    assert sum(1 for _ in stored(tmp_path / "events.jsonl", some(100))) == 100
    assert (alive.all, alive.now) == (100, 0)
    assert alive.most <= 2


def test_a_command_line_that_is_not_utf_8_does_not_spoil_the_results(tmp_path: Path) -> None:
    results.write(replace(RUN, command="bootmatrix run caf\udce9.yaml"), tmp_path / "results.json")
    assert results.load(tmp_path / "results.json").command == "bootmatrix run caf?.yaml"


def test_a_run_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results.write(RUN, file)
    lost = stored(tmp_path / "events.jsonl", some(2))
    lost.file.unlink()
    with pytest.raises(UserError):
        results.write(replace(RUN, results=lost), file)
    assert results.load(file) == RUN


@pytest.mark.parametrize("form", [{"indent": 2}, {"indent": 1, "sort_keys": True}, {"separators": (",", ":")}, {}])
def test_results_that_another_tool_has_written_anew_are_read(tmp_path: Path, form: dict[str, Any]) -> None:
    file = tmp_path / "results.json"
    run = replace(RUN, results=tuple(some(4)))
    results.write(run, file)
    file.write_text(json.dumps({**json.loads(file.read_text()), "new": 1}, **form))
    assert results.load(file) == results.open_run(file) == run


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1}', "\udcff"])
def test_what_is_no_run_is_the_users_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    for read in (results.load, results.open_run):
        with pytest.raises(UserError, match=r"results.json does not hold the results of a run: "):
            read(tmp_path / "results.json")
        with pytest.raises(UserError, match="name a folder that a run made"):
            read(tmp_path / "gone.json")


def test_no_torn_file_is_a_run(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results.write(replace(RUN, results=tuple(some(3))), file)
    whole = file.read_bytes()
    for end in range(0, len(whole.rstrip()), 7):
        file.write_bytes(whole[:end])
        with pytest.raises(UserError, match="does not hold the results of a run"):
            results.open_run(file)


@pytest.mark.parametrize(
    ("old", "new"), [(b"},\n", b"}\n"), (b"}\n ]", b"},\n ]"), (b" ]\n}", b" ]\n} {}"), (b"}\n ]", b"]")]
)
def test_a_comma_too_few_or_too_many_is_told_when_the_run_is_opened(tmp_path: Path, old: bytes, new: bytes) -> None:
    file = tmp_path / "results.json"
    results.write(replace(RUN, results=tuple(some(3))), file)
    file.write_bytes(file.read_bytes().replace(old, new))
    with pytest.raises(UserError, match="does not hold the results of a run"):
        results.open_run(file)
