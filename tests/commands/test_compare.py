"""`compare`, as users call it, and how it tells what it found."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from histories import result, run
from support import bootmatrix, outside_code

from bootmatrix import results
from bootmatrix.compare import judge, markdown, pairs, text
from bootmatrix.history import point
from bootmatrix.history.database import opened
from bootmatrix.markdown import COMMENT

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.compare.judge import Comparison
    from bootmatrix.model import Result, Run

NIGHTS, TESTS = 8, 10
HOSTILE = "exited(1)\n::error::no \x1b[2J \ud800 `@user` | <img> [x](http://e.org) www.e.org"
COMPILERS = ("4.14", "5.3")


def compiled(ocaml: str, test: str, seconds: float, at: int = 0, **more: Any) -> Result:
    """Booted at a minute of a day, both values at once."""
    made = result(test, seconds=seconds, **more)
    tried = replace(made.attempts[0], started=f"2026-01-01T00:{at:02}:00.000Z")
    made = replace(made, attempts=(tried,))
    axes = {"compiler": "gcc", "ocaml": ocaml, "arch": "x86_64", "format": "elf"}
    return replace(made, cell=f"gcc-{ocaml}-x86_64", axes=axes, digest=f"sha256:{ocaml}", size=70_000 + len(ocaml))


def noise(at: float) -> float:
    return 0.03 * math.sin(at)


def night(number: int) -> Run:
    """OCaml 5.3 boots a fifth slower, with a noise of some percent; `bad` fails there, `old` and `new` are alone."""
    boots = [
        compiled(ocaml, f"t{test}", (1 + test) / 10 * level * (1 + noise(number * 7 + test * 3 + level)), test)
        for ocaml, level in zip(COMPILERS, (1, 1.2), strict=True)
        for test in range(TESTS)
    ]
    good, bad = compiled("4.14", "bad", 1), compiled("5.3", "bad", 1, verdict="failed", reason=HOSTILE)
    return run(number, *boots, good, bad, compiled("4.14", "old", 1), compiled("5.3", "new", 1))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recorded nights, of which the last two lie in out/."""
    folder = tmp_path_factory.mktemp("project")
    with opened(folder) as past:
        for number in range(1, NIGHTS + 1):
            past.record(night(number))
            if number > NIGHTS - 2:
                (folder / f"out/r{number:04}").mkdir(parents=True)
                results.write(night(number), folder / f"out/r{number:04}/results.json")
    (folder / "out/latest").symlink_to(f"r{NIGHTS:04}")
    return folder


def test_two_runs_differ_in_nothing_but_noise(project: Path) -> None:
    done = bootmatrix("compare", "r0007", "latest", cwd=project)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "r0007 (0000000000) → r0008 (0000000000), 24 tests"
    assert re.search(r"^boot_time +23 .* no: less than 2%$", done.stdout, re.MULTILINE)
    assert "no verdict differs" in done.stdout


def test_an_axis_in_the_last_run(project: Path) -> None:
    done = bootmatrix("compare", "--axis", "ocaml", *COMPILERS, cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ocaml: 4.14 → 5.3, 11 tests of run r0008 (0000000000)\n")
    assert re.search(r"^boot_time +10 .* \+(19|20|21)\.\d% \(.*\) +worse$", done.stdout, re.MULTILINE)
    assert re.search(r"^memory_peak +10 +32 MiB → 32 MiB +\+0.0% +no: less than 2%$", done.stdout, re.MULTILINE)
    assert "gcc-*-x86_64/bad\n      passed → failed\n" in done.stdout
    assert "only with 4.14: 1 test: gcc-4.14-x86_64/old" in done.stdout
    assert "only one boot on each side: run it again for more" in done.stdout


def test_an_axis_over_several_nights_is_sure_of_single_tests(project: Path) -> None:
    args = ("compare", "--axis", "ocaml", *COMPILERS, "--nights", "8")
    done = bootmatrix(*args, cwd=project)
    assert "11 tests in 8 runs of main" in done.stdout.splitlines()[0]
    assert "boot_time: 10 worse, of 10 tests" in done.stdout
    told = json.loads(bootmatrix(*args, "test=t1,t2", "--format", "json", cwd=project).stdout)
    assert (told["axis"], told["before"], told["after"], told["pairs"], told["results"]) == ("ocaml", *COMPILERS, 2, 8)
    rows = {row["name"]: row["shift"] for row in told["measures"][0]["rows"]}
    assert set(rows) == {"gcc-*-x86_64/t1", "gcc-*-x86_64/t2"}
    assert all(row["real"] and 0.1 < row["low"] < 0.2 < row["high"] < 0.3 for row in rows.values())
    back = bootmatrix("compare", "--axis", "ocaml", *COMPILERS[::-1], "--nights", "8", cwd=project)
    assert "boot_time: 10 better, of 10 tests" in back.stdout


def test_a_guests_text_stays_a_text(project: Path) -> None:
    args = ("compare", "--axis", "ocaml", *COMPILERS)
    said = bootmatrix(*args, cwd=project, GITHUB_ACTIONS="true").stdout
    assert "exited(1) ::error::no" in said
    assert "\x1b" not in said
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())
    marked = bootmatrix(*args, "--format", "markdown", cwd=project).stdout
    assert "\x1b" not in marked
    (row,) = [line for line in marked.splitlines() if "@user" in line]
    assert outside_code(row) == "|  | passed → failed |  |"
    json.loads(bootmatrix(*args, "--format", "json", cwd=project).stdout)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("r0007",), "nothing to compare 'r0007' with: give both BEFORE and AFTER, two runs"),
        (("--axis", "ocaml"), "nothing to compare: give both BEFORE and AFTER, two values of ocaml"),
        (("r0007", "nosuch"), "there is no run"),
        (("--axis", "ocmal", *COMPILERS), "did you mean 'ocaml'?"),
        (("--axis", "ocaml", "4.14", "5.4"), "ocaml is never '5.4'"),
        (("--axis", "ocmal", *COMPILERS, "--nights", "3"), "did you mean 'ocaml'?"),
        (("--axis", "ocaml", *COMPILERS, "--nights", "3", "--history", "none"), "needs a history"),
        (("--axis", "ocaml", *COMPILERS, "--nights", "3", "--branch", "nosuch"), "there is no result to compare"),
        (("--axis", "ocaml", *COMPILERS, "tset=t1"), "there is no axis or parameter 'tset'"),
        (("--axis", "ocaml", *COMPILERS, "--run", "r0007", "--nights", "3"), "give one of them"),
        (("--axis", "ocaml", *COMPILERS, "--branch", "main"), "--branch is for --nights"),
        (("r0007", "r0008", "--nights", "3"), "are for --axis"),
    ],
)
def test_what_is_wrong_is_said(project: Path, args: tuple[str, ...], said: str) -> None:
    done = bootmatrix("compare", *args, cwd=project)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def compared(count: int, name: str, reason: str) -> Comparison:
    """Two runs in which so many tests of a name fail and become slower, a little more each."""
    before = run(1, *(result(f"{name}{number}", seconds=1) for number in range(count)))
    after = run(2, *(result(f"{name}{number}", seconds=2 + number) for number in range(count)))
    failed = run(2, *(result(f"{name}{number}-", "failed", reason=reason) for number in range(count)))
    passed = run(1, *(result(f"{name}{number}-") for number in range(count)))
    old, new = (
        [point.of(each.id, one) for each in runs for one in each.results]
        for runs in ((before, passed), (after, failed))
    )
    return judge.compare(pairs.of_runs(old, new), "a title", "`a`|<b>", "@user #1")


@pytest.mark.parametrize("count", [1, 3000])
def test_markdown_fits_a_comment_whatever_the_names_are(count: int) -> None:
    said = markdown.text(compared(count, "<img|`@user" * 40, HOSTILE * 50))
    assert len(said.encode()) <= COMMENT
    free = re.sub("</?(details|summary)>", "", outside_code(said))
    assert not set("<@[`#") & set(free.replace("### ", "", 1))
    tables = [line for line in said.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} <= {4, 5, 6}


def test_a_terminal_is_told_the_first_and_how_many_more_there_are() -> None:
    said = [line for line, _ in text.lines(compared(30, "t", ""))]
    assert "30 tests differ in their verdicts" in said
    assert "  … and 10 more: --format json has all" in said
    assert "boot_time: no test is known to have changed, of 30 tests" in said
    assert any("1.00 s → 31 s  x31.0" in line for line in said)
    assert "30 tests not compared (one side never passed at the first attempt): boot_time, memory_peak, " in "".join(
        said
    )
