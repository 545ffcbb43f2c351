"""The documentation names all that exists, commands, runners, formats, and nothing else; no link of it is broken."""

from __future__ import annotations

import importlib
import re
from dataclasses import MISSING, fields
from pathlib import Path

import click
import pytest
from docs.pages import EVERY, FENCE, HEADING, PAGES, ROOT, fences, rows, section

import bootmatrix as package
from bootmatrix import errors, model, plugins, protocols
from bootmatrix.cli import COMMANDS, cli
from bootmatrix.judging import cases as judged
from bootmatrix.matrix.keys.guests import GuestFields

SHOWN = re.compile(r"(?:\$ | *- run: )?bootmatrix [a-z]")
BUILTIN_RUNNERS = plugins.names("runners", ROOT / "docs")  # docs/ has no plug-ins of its own


def commands() -> dict[str, click.Command]:
    return {name: importlib.import_module(f"bootmatrix.commands.{name}").command for name in COMMANDS}


def test_every_command_is_documented_and_no_other() -> None:
    assert list(rows(PAGES["docs/commands.md"].read_text(), "command")) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_no_other(name: str) -> None:
    shared = rows(section("docs/commands.md", "Options of several commands"), "option")
    own = rows(section("docs/commands.md", name), "option")
    options = {word for option in commands()[name].params if isinstance(option, click.Option) for word in option.opts}
    assert options - set(shared) == set(own)


def test_exit_statuses_are_documented() -> None:
    said = (cli.epilog or "").partition("Exit status:")[2]
    codes = {int(code) for code in re.findall(r"(\d+) [a-z]", said)}
    codes |= {kind.exit_code for kind in (errors.UserError, errors.InfrastructureError)}
    assert len(codes) > 3
    assert set(rows(section("docs/commands.md", "Exit status"), "status")) == {str(code) for code in codes}


def test_environment_variables_are_documented() -> None:
    sources = [path.read_text() for path in Path(package.__file__).parent.rglob("*.py")]
    read = {name for text in sources for name in re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', text)} - {
        "PATH",
        "COMP_WORDS",
        "COMP_BREAKS",
    }
    assert "BOOTMATRIX_CACHE" in read
    wanted = read | {"NO_COLOR", "DOCKER_HOST", "_BOOTMATRIX_COMPLETE"}
    assert wanted <= set(rows(section("docs/commands.md", "Environment"), "variable"))


def test_every_runner_is_documented_and_no_other() -> None:
    assert set(rows(PAGES["docs/runners.md"].read_text(), "backend")) == set(BUILTIN_RUNNERS)


@pytest.mark.parametrize("name", BUILTIN_RUNNERS)
def test_every_option_of_a_runner_is_documented_and_no_other(name: str) -> None:
    runner = plugins.load("runners", name, ROOT / "docs").Runner
    table = rows(section("docs/runners.md", name), "option")
    assert set(table) == {field.name for field in fields(runner)}
    for field in fields(runner):
        if field.default is not MISSING and isinstance(field.default, (str, bool)) and field.default:
            assert table[field.name][1] == f"`{field.default}`", field.name


def test_every_report_is_documented_and_no_other() -> None:
    table = rows(section("docs/results.md", "Reports"), "format")
    assert list(table) == plugins.names("reports", ROOT / "docs")
    for name, row in table.items():
        assert row[1] == f"`{plugins.load('reports', name, ROOT / 'docs').Report.filename}`"


def test_every_image_is_documented_and_no_other() -> None:
    assert set(rows(PAGES["docs/images.md"].read_text(), "image")) == set(plugins.images(ROOT / "docs"))


def test_every_outcome_is_documented_and_no_other() -> None:
    assert set(rows(section("docs/results.md", "Outcomes"), "outcome")) == set(model.OUTCOMES)


def test_every_verdict_is_documented_and_no_other() -> None:
    table = rows(section("docs/results.md", "Verdicts").split("How outcome")[0], "verdict")
    assert list(table) == list(model.VERDICTS)
    assert {name for name, row in table.items() if row[2].startswith("yes")} == model.GOOD_VERDICTS


def test_every_protocol_is_documented_and_no_other() -> None:
    wanted = plugins.builtin_names("protocols")
    assert set(rows(section("docs/results.md", "The guest's own test cases"), "protocol")) == set(wanted)


def test_every_field_of_a_report_of_cases_is_documented_and_no_other() -> None:
    table = rows(section("docs/results.md", "A protocol of your own"), "of `CaseReport`")
    assert set(table) == {field.name for field in fields(protocols.CaseReport)}


@pytest.mark.parametrize(
    ("console", "seen"),
    [
        ("begin 2\npass a\nfail b: why\nend\n", (("a", "passed", ""), ("b", "failed", "why"))),
        ("noise\nbegin 1\npass a\n", "1 cases were promised, 1 reported, and the end is missing or late"),
        ("begin 2\npass a\nend\n", "2 cases were promised, 1 reported, and the end is missing or late"),
        ("hello\n", "the console shows no report"),
    ],
)
def test_the_protocol_of_the_documentation_reads_what_it_says(
    console: str, seen: object, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOTMATRIX_TRUST", str(repository))
    told = judged.told("begin-end", console, repository)
    assert told.trouble == seen or tuple((case.name, case.status, case.message) for case in told.cases) == seen


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md", "unikernels/README.md"])
def test_no_link_is_broken(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", (ROOT / page).read_text())):
        if target.startswith(("http:", "https:")):
            continue
        name, _, anchor = target.partition("#")
        file = (ROOT / page).parent / name if name else ROOT / page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def anchors(file: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    titles = (found[2].lower() for found in HEADING.finditer(FENCE.sub("", file.read_text())))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def test_shown_commands_have_commands_and_options_that_exist() -> None:
    lines = [line for fence in EVERY for line in fence.text.splitlines() if SHOWN.match(line)]
    assert lines
    for line in lines:
        words = re.split(r" [|>]| \|\| | -- ", line[line.index("bootmatrix") :])[0].split()[1:]
        options = {word for option in commands()[words[0]].params for word in option.opts}
        assert {word for word in words if word.startswith("-")} <= options, line


def test_readme_runs_what_ci_runs() -> None:
    shown = [line for fence in fences("README.md") for line in fence.text.splitlines() if "-m nox -s" in line]
    matrix, tests = (line.split(" && ") for line in shown)
    jobs = (ROOT / ".github/workflows/ci.yml").read_text()
    script = (ROOT / ".ci/run").read_text().replace(" --upgrade", "")
    assert [half for half in matrix if half not in jobs] == []
    assert [half for half in tests if half not in script] == []
    for command in (matrix, tests):
        assert f"def {command[1].rpartition(' ')[2]}(session" in (ROOT / "noxfile.py").read_text()


def test_the_readme_leads_to_every_page() -> None:
    led_to = set(re.findall(r"\]\((docs/[a-z-]+\.md)\)", PAGES["README.md"].read_text()))
    assert led_to == {page for page in PAGES if page.startswith("docs/")}


def test_all_that_a_guest_of_several_may_say_is_told() -> None:
    said = set(re.findall(r"`([a-z_]+)`", PAGES["docs/guests.md"].read_text().partition("A guest takes every key")[2]))
    assert {field.alias or name for name, field in GuestFields.model_fields.items()} <= said


@pytest.mark.parametrize("page", ["docs/disks.md", "docs/worlds.md"])
def test_what_each_backend_does_is_told_of_each(page: str) -> None:
    assert set(BUILTIN_RUNNERS) <= set(rows(PAGES[page].read_text(), "backend"))


@pytest.mark.parametrize("page", ["unikernels/README.md", *PAGES])
def test_every_table_is_whole(page: str) -> None:
    """A line that is empty ends a table: what follows has no heading, and is shown as text."""
    blocks = re.findall(r"(?:^\|.*\n)+", FENCE.sub("", (ROOT / page).read_text()), re.MULTILINE)
    assert all(re.match(r"\|.*\n\|[-|: ]+\n", block) for block in blocks)
