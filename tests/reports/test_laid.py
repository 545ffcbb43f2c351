"""What others have laid into a run's folder: no report goes through it, waits for it, or reads more than its ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from reports.examples import ROOT, attempt, changed, report, result, run, stored

from bootmatrix import plugins
from bootmatrix.history import findings
from bootmatrix.history.findings import Changes, Trends

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.model import Run

NAMES = plugins.names("reports", ROOT / "docs")
LAID: dict[str, Callable[[Path, Path], None]] = {
    "a link": lambda place, victim: place.symlink_to(victim),
    "a link to nothing": lambda place, victim: place.symlink_to(victim.with_name("none")),
    "a second name": lambda place, victim: place.hardlink_to(victim),
    "a pipe": lambda place, _victim: os.mkfifo(place),
    "a link to a device": lambda place, _victim: place.symlink_to("/dev/zero"),
}
OTHER = ("a link", "a pipe", "a link to a device")  # that can be told from a console
BEFORE = ("", ".new")  # what may be added to the name of what is written, while it is

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "elsewhere/victim"
    file.parent.mkdir()
    file.write_text("secret")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    return made


def consoles(folder: Path) -> Run:
    """A failed test whose console and tender's output are of this name."""
    tried = attempt(1, "failed", console="odd.log", tender="odd.log", console_bytes=9)
    return stored(run(result("failed", attempts=(tried,))), folder)


@pytest.mark.parametrize("kind", LAID)
@pytest.mark.parametrize("suffix", BEFORE)
@pytest.mark.parametrize("name", [*NAMES, "trends", "changes"])
def test_nothing_is_written_through_what_is_laid_out(
    name: str, suffix: str, kind: str, folder: Path, victim: Path
) -> None:
    target = folder / (report(name).filename if name in NAMES else f"{name}.json")
    laid = target.with_name(f"{target.name}{suffix}")
    LAID[kind](laid, victim)
    if suffix:
        LAID[kind](target.with_suffix(suffix), victim) if target.suffix else None
    if name in NAMES:
        report(name).write(consoles(folder), folder, target)
    else:
        findings.write(Trends((), {}) if name == "trends" else Changes("", (), ()), folder)
    assert victim.read_text() == "secret"
    assert [file.name for file in victim.parent.iterdir()] == ["victim"]
    assert target.is_file()
    assert not target.is_symlink()
    assert target.stat().st_nlink == 1


@pytest.mark.parametrize("kind", OTHER)
@pytest.mark.parametrize("name", NAMES)
def test_a_console_is_a_file_of_the_run_or_is_not_read(name: str, kind: str, folder: Path, victim: Path) -> None:
    LAID[kind](folder / "odd.log", victim)
    format_of = report(name)
    format_of.write(consoles(folder), folder, folder / format_of.filename)
    text = (folder / format_of.filename).read_text()
    assert "secret" not in text
    assert format_of.filename not in {"junit.xml", "report.tap", "summary.md"} or "odd.log " in text


@pytest.mark.parametrize("name", NAMES)
def test_of_an_endless_console_only_the_ends_are_read(name: str, folder: Path) -> None:
    with (folder / "odd.log").open("wb") as file:
        file.write(b"first\n")
        file.seek(1 << 40)
        file.write(b"\nlast")
    format_of = report(name)
    format_of.write(consoles(folder), folder, folder / format_of.filename)
    text = (folder / format_of.filename).read_text()
    assert len(text) < 1 << 20
    assert format_of.filename not in {"junit.xml", "report.tap", "summary.md"} or "last" in text
    assert format_of.filename != "junit.xml" or "first\n\n[1024.0 GiB omitted" in text


@pytest.mark.parametrize("kind", OTHER)
@pytest.mark.parametrize("file", ["trends.json", "changes.json", "events.jsonl"])
@pytest.mark.parametrize("name", NAMES)
def test_what_history_and_the_journal_say_is_read_from_plain_files(
    name: str, file: str, kind: str, folder: Path, victim: Path
) -> None:
    changed(folder.parent, "out of cheese")
    victim.write_bytes((folder.parent / "changes.json").read_bytes())
    LAID[kind](folder / file, victim)
    format_of = report(name)
    format_of.write(consoles(folder), folder, folder / format_of.filename)
    assert "out of cheese" not in (folder / format_of.filename).read_text()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("changes.json", '{"branch": "", "nights": [], "changes": [{"kind": "odd", "test": "t", "detail": ""}]}'),
        (
            "changes.json",
            '{"branch": "", "nights": [], "changes": [{"kind": "new", "test": "t", "detail": "", "before": NaN}]}',
        ),
        ("trends.json", '{"nights": [], "tests": {"t": {"verdicts": [], "series": {"m": [Infinity]}}}}'),
        ("trends.json", '{"nights": [], "tests": {"t": {"verdicts": ["passed"], "series": {}}}}'),
    ],
)
def test_what_history_cannot_have_written_is_not_believed(file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(text)
    assert (findings.trends(tmp_path), findings.changes(tmp_path)) == (None, None)


@pytest.mark.parametrize("line", ["1", '"x"', "[]", '{"event": "image finished", "image": 1, "seconds": 1e999}'])
@pytest.mark.parametrize("name", NAMES)
def test_a_journal_of_anything_is_no_trouble(name: str, line: str, folder: Path) -> None:
    (folder / "events.jsonl").write_text(f"{line}\n")
    format_of = report(name)
    format_of.write(consoles(folder), folder, folder / format_of.filename)
    assert "inf" not in (folder / format_of.filename).read_text().split()
