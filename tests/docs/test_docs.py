"""The documentation names all that exists and nothing else, its examples load, and its tutorial works as written."""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, get_args

import click
import pydantic
import pytest
import yaml
from support import bootmatrix

import bootmatrix as package
from bootmatrix import errors, model, plugins, protocols, quantities
from bootmatrix.cli import COMMANDS, cli
from bootmatrix.judging import cases as judged
from bootmatrix.matrix import cells, check_tests, document, hosts, load, meaning, parts, schema, template, values

ROOT = Path(__file__).resolve().parents[2]
FOUND = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
PAGES = {path.relative_to(ROOT).as_posix(): path for path in FOUND}
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"(?:\$ | *- run: )?bootmatrix [a-z]")
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
BUILTIN_RUNNERS = plugins.names("runners", ROOT / "docs")  # docs/ has no plug-ins of its own
SECTIONS = {
    "MatrixFile": "The file",
    "Host": "Hosts",
    "Ssh": "Hosts",
    "Build": "Builds",
    "TestFields": "Tests",
    "Defaults": "Tests",
    "Test": "Tests",
    "When": "Tests",
    "Expect": "expect",
    "Pattern": "expect",
    "Retry": "retry",
    "Metric": "metrics",
    "Quarantined": "Quarantine",
}
MODELS: dict[str, type[pydantic.BaseModel]] = {
    name: kind
    for name, kind in {**vars(parts), **vars(schema), **vars(hosts)}.items()
    if inspect.isclass(kind)
    and issubclass(kind, parts.Strict)
    and kind.__module__ in {parts.__name__, schema.__name__, hosts.__name__}
    and kind is not parts.Strict
}
WORDS = {"build": "the only build", "axes": "all but `backend"}  # what a default of none means
FILLER = """\
axes:
  compiler: [gcc, clang]
  os: [debian-12, debian-13]
  arch: [x86_64, aarch64, riscv64]
  backend: [qemu, solo5-hvt, solo5-spt, solo5-virtio]
"""


@dataclass(frozen=True)
class Fence:
    """A fenced block: the first word of its info string, the rest of it, and where it begins."""

    language: str
    info: str
    text: str
    where: str


def fences(page: str) -> list[Fence]:
    text = PAGES[page].read_text()
    result = []
    for found in FENCE.finditer(text):
        language, _, info = found[1].partition(" ")
        line = text.count("\n", 0, found.start()) + 1
        result.append(Fence(language, info, found[2], f"{page}:{line}"))
    return result


EVERY = [fence for page in PAGES for fence in fences(page)]
FILES = {fence.info: fence.text for fence in EVERY if fence.info not in {"", "fragment", "other"}}


def section(page: str, title: str) -> str:
    """What stands below a heading, up to the next of any level."""
    text = FENCE.sub("", PAGES[page].read_text())
    parts = HEADING.split(text)
    return {parts[at + 1]: parts[at + 2] for at in range(1, len(parts), 3)}[title]


def rows(text: str, header: str) -> dict[str, list[str]]:
    """The rows of all tables whose first column is called `header`, by their first cell without its marks."""
    found: dict[str, list[str]] = {}
    wanted = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            wanted = False
        elif cells[0] == header:
            wanted = True
        elif wanted and not line.startswith("|---"):
            names = re.findall(r"`([^`]+)`", cells[0]) or [cells[0]]
            found |= dict.fromkeys(names, cells)
    return found


def keys(kind: type[pydantic.BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in kind.model_fields.items() if not field.exclude}


@pytest.mark.parametrize("title", sorted(set(SECTIONS.values())))
def test_every_key_of_the_matrix_is_documented_and_no_other(title: str) -> None:
    assert set(SECTIONS) == set(MODELS)
    wanted = {key for name, where in SECTIONS.items() if where == title for key in keys(MODELS[name])}
    assert set(rows(section("docs/matrix.md", title), "key")) == wanted


@pytest.mark.parametrize("name", sorted(MODELS))
def test_defaults_of_the_matrix_are_the_documented_ones(name: str) -> None:
    for key, field in keys(MODELS[name]).items():
        cell = rows(section("docs/matrix.md", SECTIONS[name]), "key")[key][2].strip("`")
        default = "required" if field.is_required() else field.get_default()
        if isinstance(default, float):
            assert (0.0 if cell == "0" else quantities.seconds(cell)) == default, key
        elif isinstance(default, int) and default >= model.MIB:
            assert quantities.size(cell) == default, key
        elif not isinstance(default, pydantic.BaseModel):
            shown = default[0] if isinstance(default, list) and default else default
            words = WORDS.get(key, "none") if shown in (None, [], {}, "") else str(shown)
            assert cell in {words, words.lower()}, key


CHOICES: list[tuple[str, str, Any]] = [
    ("metrics", "better", parts.Metric.model_fields["better"].annotation),
    ("metrics", "take", parts.Metric.model_fields["take"].annotation),
    ("retry", "on", values.RetryOn),
    ("Tests", "unavailable", schema.TestFields.model_fields["unavailable"].annotation),
]


@pytest.mark.parametrize(("title", "key", "kind"), CHOICES, ids=lambda value: str(value)[:12])
def test_choices_of_the_matrix_are_documented(title: str, key: str, kind: Any) -> None:
    choices = {word for part in (kind, *get_args(kind)) for word in get_args(part) if isinstance(word, str)}
    row = rows(section("docs/matrix.md", title), "key")[key]
    assert set(re.findall(r"`([^`]+)`", row[1])) == choices


def test_the_protocols_that_a_matrix_may_name_are_documented() -> None:
    row = rows(section("docs/matrix.md", "Tests"), "key")["cases"]
    assert set(re.findall(r"`([^`/]+)`", row[1])) == set(plugins.builtin_names("protocols"))


def named(title: str, begin: str, end: str) -> list[str]:
    """The keys that a sentence of a section names."""
    return re.findall(r"`([a-z_-]+)`", section("docs/matrix.md", title).partition(begin)[2].partition(end)[0])


def test_what_the_marks_of_keys_mean_is_documented() -> None:
    found = {key.alias: key for key in meaning.of(schema.TestFields).values()}
    merged = [name for name, key in found.items() if key.merged or key.layered]
    assert named("How layers merge", "But ", "merge key by key") == merged
    nothing = [name for name, field in keys(schema.TestFields).items() if type(None) in get_args(field.annotation)]
    assert named("How layers merge", "`~` takes", ".") == nothing
    filled = [name for name, key in found.items() if key.texts]
    assert sorted(named("Placeholders", "is filled in ", ";")) == sorted(filled)
    late = [name for name, key in found.items() if key.late and not key.few]
    said = rows(section("docs/matrix.md", "Placeholders"), "placeholder")["{attempt}"][1].partition(" and ")[0]
    assert re.findall(r"`(\w+)`", said) == late
    known = {
        *template.BUILTIN,
        *template.OF_OPTIONS,
        *(name for key in found.values() for name in key.also),
    }
    assert set(rows(section("docs/matrix.md", "Placeholders"), "placeholder")) >= {f"{{{n}}}" for n in known}


def test_what_a_pass_does_not_depend_on_is_documented() -> None:
    aside = {key.alias for key in meaning.of(schema.TestFields).values() if not key.in_pass}
    said = PAGES["docs/scheduling.md"].read_text().partition("It does not depend on")[2].partition(".")[0]
    in_another_form = {"build", "runner", "guests"}  # the files, its options, and what guests have
    assert set(re.findall(r"`([a-z_]+)`", said)) == aside - in_another_form


def test_limits_of_the_matrix_are_documented() -> None:
    said = section("docs/matrix.md", "Limits")
    numbers = (cells.MAX_CELLS, check_tests.MAX_BOOTS, document.MAX_NODES)
    shown = [f"{document.MAX_BYTES >> 20} MiB", f"{document.MAX_DEPTH} levels", *(f"{number:,}" for number in numbers)]
    assert [text for text in shown if text not in said] == []


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


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with the plug-ins that the examples show, and the folders that they name."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "unikernels").mkdir()
    return tmp_path


def whole(fence: Fence) -> str:
    """An example as a matrix of its own: a fragment is the body of a test, or some of the file's sections."""
    if fence.info != "fragment":
        return fence.text
    found = yaml.safe_load(fence.text)
    if not set(found) <= set(schema.MatrixFile.model_fields):
        return f"{FILLER}nets: {{lan: }}\ntests:\n  example:\n{textwrap.indent(fence.text, '    ')}"
    return ("" if "axes" in found else FILLER) + fence.text + ("" if "tests" in found else "tests: {example: }\n")


MATRICES = [fence for fence in EVERY if fence.language == "yaml" and fence.info in {"", "fragment"}]


@pytest.mark.parametrize("fence", MATRICES, ids=lambda fence: str(fence.where))
def test_every_example_is_a_matrix(fence: Fence, repository: Path) -> None:
    file = repository / "matrix.yaml"
    file.write_text(whole(fence))
    assert load.load(file).cells


def test_every_fence_has_a_language_and_every_other_yaml_is_yaml() -> None:
    assert {fence.info for fence in MATRICES} == {"", "fragment"}
    for fence in EVERY:
        if fence.info == "other":
            assert yaml.safe_load(fence.text), fence.where


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


def make_tutorial(folder: Path) -> None:
    for fence in fences("docs/tutorial.md"):
        if fence.info in FILES:
            (folder / fence.info).parent.mkdir(parents=True, exist_ok=True)
            (folder / fence.info).write_text(fence.text)


@pytest.mark.docker
def test_the_first_matrix_fits_the_tutorial(tmp_path: Path) -> None:
    make_tutorial(tmp_path)
    assert bootmatrix("init", cwd=tmp_path).returncode == 0
    passed = bootmatrix("run", "compiler=gcc", cwd=tmp_path)
    assert (passed.returncode, "1 passed" in passed.stdout) == (0, True), passed.stdout + passed.stderr
    source = tmp_path / "hello.c"
    source.write_text(source.read_text().replace("quit(0)", "quit(3)"))
    broken = bootmatrix("run", "compiler=gcc", cwd=tmp_path)
    assert (broken.returncode, "1 contradicted" in broken.stdout) == (1, True), broken.stdout + broken.stderr


@pytest.mark.docker
def test_the_tutorials_machines_boot(tmp_path: Path) -> None:
    make_tutorial(tmp_path)
    (more,) = (fence.text for fence in fences("docs/tutorial.md") if (fence.language, fence.info) == ("make", ""))
    makefile = tmp_path / "Makefile"
    makefile.write_text(more + makefile.read_text())
    matrix = [fence.text for fence in fences("docs/tutorial.md") if (fence.language, fence.info) == ("yaml", "")][-1]
    added = [fence.text for fence in fences("docs/tutorial.md") if fence.info == "fragment"][-1]
    (tmp_path / "matrix.yaml").write_text(matrix + added)
    (tmp_path / "runners").mkdir()
    (tmp_path / "runners/microvm.py").write_text(FILES["runners/microvm.py"])
    cells = ("gcc-debian-12-aarch64-qemu", "gcc-debian-12-x86_64-microvm")
    passed = bootmatrix("run", *cells, cwd=tmp_path)
    assert (passed.returncode, "2 passed" in passed.stdout) == (0, True), passed.stdout + passed.stderr
