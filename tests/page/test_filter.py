"""The page's filter takes what the command line's selection takes."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from page.conftest import written

from bootmatrix import results
from bootmatrix.errors import UserError
from bootmatrix.matrix.expanding import select
from bootmatrix.model import SEVERITY, Result, Run, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from page.conftest import Open

pytestmark = pytest.mark.browser
TAKEN = """terms => {
  try { return [...tests.seconds.keys()].filter(filterOf(terms)).map(idOf); }
  catch (error) { return error.message; }
}"""
PIECES = (
    "*",
    "?",
    "[!a]",
    "[a-s]",
    "[]x]",
    "[z-a]",
    "[!z-a]",
    "[",
    "-",
    "qemu",
    "solo5",
    "a",
    "x86_64",
    "é",
    "^",
    "\\",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """Cells whose values are odd enough to trip a glob, tests with and without parameters."""
    every: list[Result] = []
    for backend in ("qemu", "solo5-hvt", "solo5-spt", "[odd]", "é-x^\\", "a"):
        for arch in ("x86_64", "a", "aarch64"):
            for test, params in (
                ("hello", {}),
                ("tap", {}),
                ("stack", {"depth": "10"}),
                ("stack", {"depth": "[a]", "smp": "2"}),
            ):
                name = test + ("@" + ",".join(f"{key}={text}" for key, text in params.items()) if params else "")
                axes = {"backend": backend, "arch": arch, **params, "format": "elf", "test": test}
                every.append(Result(f"{backend}-{arch}", name, SEVERITY[len(every) % len(SEVERITY)], axes=axes))
    folder = tmp_path_factory.mktemp("filter")
    run = Run("run", "2026-11-23T23:06:15Z", 1.0, "0.1", "run", {}, every, axes=("backend", "arch"))
    return run, written(run, folder)


def known(run: Run) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for result in run.results:
        for key, text in {**result.values, "test": result.axes["test"]}.items():
            found.setdefault(key, {})[text] = None
    return {key: list(texts) for key, texts in found.items()}


def generated(run: Run, dice: random.Random) -> Iterator[list[str]]:
    """Selections whose terms are values, ids and globs of these, some of them wrong."""
    keys = known(run)
    ids = [result.id for result in run.results]
    cells = [result.cell for result in run.results]
    for _ in range(1500):
        terms = []
        for _ in range(dice.randint(1, 3)):
            key = dice.choice([*keys, "nokey"])
            texts = [globbed(dice.choice(keys.get(key, ["a"])), dice) for _ in range(dice.randint(1, 2))]
            names = [dice.choice(ids), dice.choice(cells), f"*{globbed(dice.choice(ids), dice)}"]
            term = dice.choice([f"{key}={','.join(texts)}"] * 3 + names)
            terms.append(dice.choice(("", "", "!")) + term)
        yield terms


def globbed(text: str, dice: random.Random) -> str:
    """The text, or with some of it in place of pieces of globs."""
    if dice.random() < 0.3:
        return text
    at = dice.randint(0, len(text))
    return text[:at] + dice.choice(PIECES) + dice.choice((text[at:], text[at + 1 :], "*"))


def expected(run: Run, terms: list[str], keys: dict[str, list[str]]) -> list[str] | None:
    try:
        selection = select.parse(terms, keys)
    except UserError:
        return None
    return [r.id for r in run.results if selection.takes(r.cell, r.test, {**r.values, "test": r.axes["test"]})]


def test_it_takes_what_the_command_line_takes(made: tuple[Run, Path], show: Open) -> None:
    run, page = made[0], show(made[1])
    keys = known(run)
    selections = list(generated(run, random.Random(3)))  # noqa: S311
    told = page.evaluate(f"all => all.map({TAKEN})", [" ".join(f'"{term}"' for term in terms) for terms in selections])
    wanted = [expected(run, terms, keys) for terms in selections]
    wrong = [
        (terms, want, got)
        for terms, want, got in zip(selections, wanted, told, strict=True)
        if not isinstance(got, list if want is not None else str) or (want is not None and got != want)
    ]
    assert wrong == []
    assert sum(bool(want) for want in wanted) > 300, "or the selections try too little"
    assert sum(want is None for want in wanted) > 100


def test_no_glob_takes_long(made: tuple[Run, Path], show: Open) -> None:
    """Its steps are at most the text's length times the glob's: with backtracking, these would never end."""
    page = show(made[1])
    globs = ["*a" * 30 + "*b", "*[ab]" * 30 + "c", "*?" * 30 + "b", "*a" * 30]
    assert page.evaluate("(globs) => globs.map((glob) => globbed(glob)('a'.repeat(400)))", globs) == [False] * 3 + [
        True
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bakend=qemu", "There is no axis or parameter 'bakend'. Possible: arch, backend, depth, smp, test, verdict"),
        ("arch=", "No value after 'arch='. Possible: a, aarch64, x86_64"),
        ("arch=riscv64", "arch is never 'riscv64'. Possible: a, aarch64, x86_64"),
        ("verdict=fine", "verdict is never 'fine'"),
    ],
)
def test_what_is_wrong_is_told_and_the_tests_stay(made: tuple[Run, Path], show: Open, text: str, message: str) -> None:
    page = show(made[1])
    before = page.locator("#tests-title").inner_text()
    page.fill("#filter", text)
    page.locator("#filter-note.wrong").wait_for()
    assert page.locator("#filter-note").inner_text().startswith(message)
    assert page.locator("#tests-title").inner_text() == before


def test_verdicts_and_free_text(made: tuple[Run, Path], show: Open) -> None:
    run, page = made[0], show(made[1])

    def taken(text: str) -> list[str]:
        found: list[str] = page.evaluate(TAKEN, text)
        return found

    assert taken("verdict=timed-out") == [r.id for r in run.results if r.verdict == "timed out"]
    assert taken("!verdict=*") == []
    assert taken("SOLO5 !stack") == [r.id for r in run.results if "solo5" in r.cell and "stack" not in r.test]
    assert taken("") == [r.id for r in run.results]


def test_a_matrix_may_have_an_axis_called_verdict(show: Open, tmp_path: Path) -> None:
    every = [Result(f"{text}", "t", Verdict.FAILED, axes={"verdict": text}) for text in ("guilty", "free")]
    page = show(written(Run("run", "", 1.0, "0.1", "run", {}, every, axes=("verdict",)), tmp_path))
    assert page.evaluate(TAKEN, "verdict=guilty") == ["guilty/t"]
    page.click(".chip.failed")
    page.locator(".chip[aria-pressed=true]").wait_for()
    assert page.evaluate("state.filter") == "page-verdict=failed"


def test_results_from_the_disk_are_the_same_data(made: tuple[Run, Path], tmp_path: Path) -> None:
    results.write(made[0], tmp_path / "results.json")
    again = written(results.open_run(tmp_path / "results.json"), tmp_path).read_text()
    assert again == made[1].read_text()
    assert json.loads(again.partition('id="columns">')[2].partition("</script>")[0])["count"] == len(made[0].results)
