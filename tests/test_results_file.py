"""results.json: a run, written and read back one result after the other, whatever became of the file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from storing import Alive, some, stored

from bootmatrix import results
from bootmatrix.errors import UserError
from bootmatrix.model import Run

if TYPE_CHECKING:
    from pathlib import Path

RUN = Run("run", "2026-11-23T23:06:15.000Z", 1.5, "0.1", "bootmatrix run", {"name": "host"}, ())


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
