"""summary.md as CommonMark renders it: what it says, that it stays below GitHub's limit, and that no text escapes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from reports.examples import EVIL, attempt, changed, demo, every, hostile, result, run, with_console, written

from bootmatrix.runs.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from markdown_it.token import Token

    from bootmatrix.model import Result, Run

RENDERER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
INLINE = {"text", "softbreak", "code_inline", "strong_open", "strong_close"}
TAGS = {"<details><summary>the console's last lines</summary>", "</details>"}
MOST = 1 << 20  # GitHub's limit
WORST = ["`", "``", "|", "\\", "\\|", "`|`", "a`", "`a", "", " ", "\\`", "``` `` `", "\n", "\0", "<b>`</b>"]


def text(made: Run, folder: Path) -> str:
    raw = written("markdown", made, folder).read_bytes()
    assert len(raw) < MOST
    return raw.decode()


def tokens(source: str) -> Iterator[Token]:
    for token in RENDERER.parse(source):
        yield token
        yield from token.children or ()


def assert_harmless(source: str) -> None:
    """Nothing but our own headings, tables, tags and marks; what others say stands in code, to be seen."""
    assert all(char.isprintable() or char == "\n" for char in source)
    for token in tokens(source):
        if token.type == "html_block":
            assert set(token.content.strip().split("\n")) <= TAGS
        elif token.type == "text":
            assert not set("@#<>[]`*_~$&:") & set(token.content.replace(": ", " ").removesuffix(":")), token.content
        elif not token.block:
            assert token.type in INLINE, token
        else:
            assert token.type.removesuffix("_open").removesuffix("_close") in {
                *("heading", "paragraph", "inline", "fence", "bullet_list", "list_item"),
                *("table", "thead", "tbody", "tr", "th", "td"),
            }, token


def tables(source: str) -> list[list[list[str]]]:
    """The cells of each table, as text."""
    found: list[list[list[str]]] = []
    inside = False
    for token in RENDERER.parse(source):
        if token.type in {"table_open", "table_close"}:
            inside = token.type == "table_open"
            found += [[]] if inside else []
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and inside:
            found[-1][-1].append("".join(child.content for child in token.children or ()))
    return found


def matrix(source: str) -> list[list[str]]:
    return tables(source.partition("### The matrix")[2])[0]


def blocks(source: str) -> list[str]:
    return [token.content for token in RENDERER.parse(source) if token.type == "fence"]


def headings(source: str) -> list[str]:
    return re.findall(r"^##+ (.*)$", source, re.MULTILINE)


def test_what_matters_most_comes_first(tmp_path: Path) -> None:
    source = text(demo(tmp_path), tmp_path)
    assert headings(source) == [
        (
            "✗ 3 contradicted, 3 failed, 3 timed out, 3 unexpected pass, 3 error, 3 quarantined, 3 undecided, "
            "3 flaky, 36 passed, 2 expected failure, 2 skipped"
        ),
        "What changed",
        "Not as expected",
        "Undecided",
        "Flaky",
        "In quarantine",
        "The matrix",
        "Slowest tests",
        "Images and builds",
    ]
    assert "64 tests in 1 min 23 s · commit `0123456789ab` · branch `main` · run `2026" in source
    assert_harmless(source)


def test_what_is_not_good_is_told_by_reasons_with_how_to_repeat_it_and_the_console(tmp_path: Path) -> None:
    told = [with_console(result("failed", test=f"t{n}"), tmp_path) for n in range(7)]
    source = text(run(*told), tmp_path)
    assert source.count("**failed**") == 1
    assert "7 tests: `gcc-debian-12-x86_64-qemu/t0`, " in source
    assert "`gcc-debian-12-x86_64-qemu/t4` …\n" in source
    reason, repeat, console = blocks(source)
    assert (reason, repeat) == ("exited(1) instead of exited(0)\n", f"{told[0].repro}\n")
    assert console.splitlines()[-1] == "panic: out of cheese"
    assert len(console.splitlines()) == 20


def test_a_console_that_is_not_there_or_lies_elsewhere_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    folder = tmp_path / "run"
    folder.mkdir()
    last = attempt(1, "failed")
    for name, said in (("none.log", "cannot be read: No such file"), ("../secret", "is not a file of this run")):
        made = replace(result("failed"), attempts=(replace(last, console=name),))
        source = text(run(made), folder)
        assert said in blocks(source)[-1]
        assert "a secret" not in source


def test_what_changed(tmp_path: Path) -> None:
    changed(tmp_path)
    source = text(run(result()), tmp_path)
    kinds = re.findall(r"^\*\*(.*)\*\* · 1$", source, re.MULTILINE)
    assert kinds == [
        "new failure",
        "still failing",
        "worse",
        "difference",
        "flaky",
        "undecided",
        "new",
        "gone",
        "fixed",
        "better",
        "no difference",
    ]
    assert "since run `20261120-000000-0000`, commit `0123456789ab`" in source
    assert "flaky or failed in 12.5% of the runs (95% interval: 4.0% to 31.0%)" in source
    worse, better = tables(source)[:2]
    assert worse[1] == ["gcc-debian-12-x86_64-qemu/hello", "boot_time", "0.10 s", "0.25 s"]
    assert better[1][2:] == ["1.9 MiB", "976.6 KiB"]
    assert "\n\n`exited(1)`\n\n### The matrix" in source  # the note


def test_a_good_run_has_only_what_there_is(tmp_path: Path) -> None:
    source = text(run(result(), result("skipped", test="b")), tmp_path)
    assert headings(source) == ["✓ 1 passed, 1 skipped", "The matrix", "Slowest tests"]
    assert headings(text(run(), tmp_path)) == ["✓ no test"]
    assert headings(text(run(interrupted=True), tmp_path)) == ["✗ interrupted; no test"]


def test_the_matrix_has_a_column_for_each_cell_by_the_axes_that_differ(tmp_path: Path) -> None:
    cells = ("gcc-debian-12-x86_64-qemu", "gcc-debian-12-aarch64-qemu", "gcc-debian-12-x86_64-solo5-hvt")
    told = [result(cell=cell) for cell in cells] + [result("failed", cells[1], "stack")]
    assert matrix(text(run(*told), tmp_path)) == [
        ["test", "x86_64 qemu", "aarch64 qemu", "x86_64 solo5-hvt"],
        ["hello", "■", "■", "■"],
        ["stack", "", "F", ""],
    ]


def test_a_matrix_too_wide_is_told_by_its_last_axes_and_the_worst_of_each(tmp_path: Path) -> None:
    backends = [f"b{n}" for n in range(10)]
    told = [
        result(
            "failed" if compiler == "clang" and backend == "b3" else "passed", f"{compiler}-debian-12-x86_64-{backend}"
        )
        for compiler in ("gcc", "clang", "tcc")
        for backend in backends
    ]
    head, row = matrix(text(run(*told), tmp_path))
    assert head == ["test", *backends]
    assert row == ["hello", *["■ 3"] * 3, "F 1/3", *["■ 3"] * 6]


def test_of_too_many_tests_those_that_are_not_good_have_their_rows(tmp_path: Path) -> None:
    told = [result("failed" if n == 450 else "passed", test=f"t{n}") for n in range(500)]
    source = text(run(*told), tmp_path)
    rows = matrix(source)
    assert (rows[1], rows[2]) == (["t450", "F"], ["t0", "■"])
    assert f"… and {500 - (len(rows) - 1)} more tests" in source


def test_images_and_builds_are_told_with_their_times(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for name, seconds in (("quick", 1.0), ("slow", 90.0)):
        journal.event("build started", build=name)
        journal.event("build finished", build=name, seconds=seconds)
    journal.close()
    assert tables(text(run(), tmp_path))[-1][1:] == [["build slow", "1 min 30 s"], ["build quick", "1.00 s"]]


@pytest.mark.parametrize("evil", [EVIL, *WORST], ids=range(1 + len(WORST)))
def test_no_text_is_more_than_text(evil: str, tmp_path: Path) -> None:
    told = [hostile(tmp_path, verdict) for verdict in ("failed", "flaky", "quarantined", "error")]
    told = [replace(each, test=evil, cell=evil, reason=evil, repro=evil) for each in told]
    told = [with_console(each, tmp_path, evil) for each in told] + [result(test=evil)]
    changed(tmp_path, EVIL, evil)
    made = run(*told, commit=evil, branch=evil, id=evil, axes=(*told[0].axes, evil))
    source = text(made, tmp_path)
    assert_harmless(source)
    plain = text(run(*(replace(each, test="a", cell="b", reason="c", repro="d") for each in told)), tmp_path)
    assert headings_rendered(source) == headings_rendered(plain)


def headings_rendered(source: str) -> list[str]:
    found = RENDERER.parse(source)
    return [found[at + 1].content for at, token in enumerate(found) if token.type == "heading_open"]


def test_every_text_is_still_to_be_read(tmp_path: Path) -> None:
    fence = "`" * 9
    made = with_console(result("failed", reason=f"~~~\n```\n{fence}\nend", test="a`b``c"), tmp_path, f"{fence}\nlast")
    source = text(run(made), tmp_path)
    reason, _, console = blocks(source)
    assert (reason, console) == (f"~~~\n```\n{fence}\nend\n", f"{fence}\nlast\n")
    assert "a`b``c" in {row[0] for row in matrix(source)}


def test_a_run_of_nothing_but_long_reasons_stays_below_the_limit_and_says_so(tmp_path: Path) -> None:
    def failures() -> Iterator[Result]:
        for number in range(2000):
            made = result("failed", test=f"{'😀' * 150}{number}", reason=f"{number}\n" + f"{'😀' * 400}\n" * 40)
            yield made if number > 60 else with_console(made, tmp_path, f"{'😀' * 400}\n" * 40)

    changed(tmp_path, "😀" * 5000, "😀" * 5000)
    source = text(run(*failures(), *(each for each in every() if each.good)), tmp_path)
    assert_harmless(source)
    shown = source.count("**failed**")
    assert 5 < shown < 50
    assert f"… and {2000 - shown:,} tests with other reasons: they are in report.json" in source
    assert "### Slowest tests" in source
    whole = result("failed", reason="x\n" * 41)
    assert blocks(text(run(whole), tmp_path))[0] == "x\n" * 29 + "…\n"
