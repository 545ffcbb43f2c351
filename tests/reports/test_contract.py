"""What every report keeps to, ours and a user's: a pure function of the run on disk to exactly one file."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

import pytest
from reports.examples import (
    EVIL,
    ROOT,
    attempt,
    changed,
    demo,
    every,
    folder_name,
    hostile,
    report,
    result,
    run,
    stored,
)

from bootmatrix import model, plugins
from bootmatrix.model import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.model import Run

OF_OTHER_THINGS = {"lcov"}
NAMES = plugins.names("reports", ROOT / "docs")  # docs/ has no plug-ins of its own
MINE = """
from typing import ClassVar
from bootmatrix import model
from bootmatrix.reports import _texts

class Report(model.Report):
    filename: ClassVar[str] = "mine.txt"

    def write(self, run, folder, target):
        with _texts.written(target) as file:
            file.writelines(f"{result.id}\\n" for result in run.results)
"""

pytestmark = pytest.mark.parametrize("name", NAMES)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def write(name: str, made: Run, folder: Path) -> bytes:
    """The report; nothing else in the folder may have changed."""
    format_of = report(name)
    before = files(folder)
    before.pop(format_of.filename, None)
    format_of.write(made, folder, folder / format_of.filename)
    after = files(folder)
    written = after.pop(format_of.filename)
    assert after == before
    return written


def as_read(made: Run, folder: Path) -> Run:
    """A run as a later process finds it."""
    return stored(made, folder)


class Broken(tuple[Result, ...]):
    """Results of which the last cannot be read."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Result]:
        yield from list(super().__iter__())[:-1]
        raise OSError(5, "Input/output error")

    @overload  # type: ignore[override]
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Result]: ...
    def __getitem__(self, index: int | slice) -> Result | Sequence[Result]:
        found = super().__getitem__(index)
        return Broken(found) if isinstance(found, tuple) else found


def test_it_has_a_name_of_its_own_and_writes_only_that_file(name: str, tmp_path: Path) -> None:
    filename = report(name).filename
    assert Path(filename).name == filename
    assert [other for other in NAMES if report(other).filename == filename] == [name]
    assert filename not in {"results.json", "events.jsonl", "trends.json", "changes.json"}
    assert write(name, demo(tmp_path), tmp_path)


def test_it_writes_the_same_twice_and_from_memory_as_from_the_disk(name: str, tmp_path: Path) -> None:
    made = demo(tmp_path)
    first = write(name, made, tmp_path)
    assert write(name, made, tmp_path) == first
    assert write(name, replace(made, results=tuple(made.results)), tmp_path) == first


def test_it_writes_elsewhere_what_it_writes_there(name: str, tmp_path: Path) -> None:
    folder, other = tmp_path / "run", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    made = demo(folder)
    before = files(folder)
    report(name).write(made, folder, other / "named.otherwise")
    assert files(folder) == before
    assert [file.name for file in other.iterdir()] == ["named.otherwise"]
    assert (other / "named.otherwise").stat().st_size


def test_an_empty_run_and_an_interrupted_one(name: str, tmp_path: Path) -> None:
    write(name, run(), tmp_path)
    write(name, as_read(run(result("skipped"), interrupted=True), tmp_path), tmp_path)


@pytest.mark.parametrize("verdict", model.VERDICTS)
def test_each_verdict(name: str, verdict: str, tmp_path: Path) -> None:
    made = result(verdict)
    write(name, run(made, replace(made, test="b", attempts=(), reason="")), tmp_path)


def test_it_says_which_tests_failed(name: str, tmp_path: Path) -> None:
    if name in OF_OTHER_THINGS:
        pytest.skip("it tells of no verdicts")
    assert b"failed" in write(name, as_read(run(*every()), tmp_path), tmp_path)


def test_hostile_texts_everywhere(name: str, tmp_path: Path) -> None:
    changed(tmp_path, EVIL, EVIL)
    evil = [hostile(tmp_path, verdict) for verdict in model.VERDICTS]
    made = run(*evil, command=EVIL, branch=EVIL, commit=EVIL, host={EVIL: EVIL}, axes=("compiler", EVIL))
    write(name, as_read(made, tmp_path), tmp_path).decode()
    (tmp_path / "trends.json").write_text("[]")
    (tmp_path / "changes.json").write_text('{"branch": 1}')
    (tmp_path / "events.jsonl").write_bytes(b'{"event": "image finished"}\n{"event": 1}\n\0\0')
    named = [replace(each, cell=folder_name(each.cell), test=folder_name(each.test)) for each in evil]
    write(name, replace(made, results=named), tmp_path).decode()


def test_consoles_that_are_not_there(name: str, tmp_path: Path) -> None:
    for console in ("consoles/none.log", "consoles", "../elsewhere", "a\0b", EVIL.replace("\ud800", "")):
        (tmp_path / "consoles").mkdir(exist_ok=True)
        tried = attempt(1, "failed", console=console, tender=console)
        write(name, run(result("failed", attempts=(tried,))), tmp_path)


def test_a_failure_in_the_middle_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    made = as_read(run(*every()), tmp_path)
    target = tmp_path / report(name).filename
    target.write_text("the old one")
    before = files(tmp_path)
    with pytest.raises(OSError, match="Input/output error"):
        report(name).write(replace(made, results=Broken(made.results), verdicts={}), tmp_path, target)
    assert files(tmp_path) == before


def test_a_users_report_stands_beside_ours(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_TRUST", str(tmp_path))
    own = tmp_path / "reports/mine.py"
    own.parent.mkdir()
    own.write_text(textwrap.dedent(MINE))
    assert plugins.names("reports", tmp_path) == sorted([*NAMES, "mine"])
    mine: model.Report = plugins.load("reports", "mine", tmp_path).Report()
    mine.write(run(*every()), tmp_path, tmp_path / mine.filename)
    assert (tmp_path / "mine.txt").read_text().splitlines() == [each.id for each in every()]
    (tmp_path / f"reports/{name}.py").write_text(textwrap.dedent(MINE))
    assert plugins.load("reports", name, tmp_path).Report.filename == "mine.txt"
    assert report(name).filename != "mine.txt"
