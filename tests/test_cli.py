"""The program as users call it: what it prints, and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from support import bootmatrix

from bootmatrix import __version__
from bootmatrix.cli import COMMANDS

if TYPE_CHECKING:
    from subprocess import CompletedProcess

ROOT = Path(__file__).resolve().parent.parent
MATRIX = """
axes: {backend: [qemu, solo5-spt], mine: ["3.10", é]}
exclude: [{backend: solo5-spt, mine: é}]
tests:
  hello: {}
  stack: {params: {depth: [1, 20]}, only: {backend: qemu}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    return tmp_path


def refused(done: CompletedProcess[str]) -> str:
    """What was said on standard error, by a command that was wrong and did nothing."""
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_version_is_printed(project: Path) -> None:
    done = bootmatrix("--version", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"bootmatrix {__version__}\n", "")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command_and_the_exit_statuses(project: Path, option: str) -> None:
    done = bootmatrix(option, cwd=project)
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert "130 interrupted" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(project: Path, command: str) -> None:
    done = bootmatrix(command, "--help", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: bootmatrix {command} ")


def test_each_command_is_offered() -> None:
    files = (ROOT / "bootmatrix/commands").glob("*.py")
    assert {file.stem for file in files if "\n@click.command(" in file.read_text()} == set(COMMANDS)


def test_neither_version_nor_help_import_what_only_commands_need() -> None:
    script = "import sys, bootmatrix.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "yaml", "docker", "rich", "regex"} & set(loaded)


def test_a_list_imports_nothing_that_only_runs_need(project: Path) -> None:
    script = "import atexit, sys; from bootmatrix import cli; atexit.register(lambda: print(*sys.modules)); cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "list"], cwd=project, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not {"docker", "rich", "regex", "tenacity", "junit_xml", "platformdirs", "subprocess"} & loaded
    assert not {"importlib.metadata", "email", "bootmatrix.model.result"} & loaded
    ours = {name.split(".")[1] for name in loaded if name.startswith("bootmatrix.")}
    plain = {"files", "program", "repository", "sparse", "trust", "unknown"}
    assert ours <= {"cli", "commands", "engines", "errors", "matrix", "model", "plugins", "quantities", *plain}


def test_a_list_of_ids(project: Path) -> None:
    done = bootmatrix("list", "--format", "ids", cwd=project)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "qemu-3.10/hello",
        "qemu-3.10/stack@depth=1",
        "qemu-3.10/stack@depth=20",
        "qemu-_/hello",
        "qemu-_/stack@depth=1",
        "qemu-_/stack@depth=20",
        "solo5-spt-3.10/hello",
    ]


def test_a_list_as_a_table(project: Path) -> None:
    lines = bootmatrix("list", cwd=project).stdout.splitlines()
    assert lines == [
        "backend    mine  tests",
        "qemu       3.10  3: hello, stack@depth=1, stack@depth=20",
        "qemu       é     3: hello, stack@depth=1, stack@depth=20",
        "solo5-spt  3.10  1: hello",
        "",
        "3 cells, 7 tests",
    ]


def test_one_is_not_counted_as_many(project: Path) -> None:
    assert bootmatrix("list", "qemu-_/hello", cwd=project).stdout.splitlines()[-1] == "1 cell, 1 test"


def test_a_list_as_json(project: Path) -> None:
    rows = json.loads(bootmatrix("list", "--format", "json", "test=stack", "mine=é", cwd=project).stdout)
    assert rows[0] == {
        "id": "qemu-_/stack@depth=1",
        "cell": "qemu-_",
        "test": "stack@depth=1",
        "axes": {"backend": "qemu", "mine": "é"},
        "params": {"depth": "1"},
    }
    assert len(rows) == 2


def test_a_table_has_columns_for_what_any_cell_has(project: Path) -> None:
    many = "axes: {a: [x, y]}\ninclude: [{a: y, k: longest}, {b: z}]\ntests: {t: {params: {n: [1, 2, 3, 4, 5]}}}\n"
    (project / "matrix.yaml").write_text(many)
    assert bootmatrix("list", "a=*", cwd=project).stdout.splitlines() == [
        "a  b  k        tests",
        "x  z           5: t@n=1, t@n=2, t@n=3, t@n=4, …",
        "y  z  longest  5: t@n=1, t@n=2, t@n=3, t@n=4, …",
        "",
        "2 cells, 10 tests",
    ]


def test_a_million_cells_are_listed_in_little_memory(project: Path) -> None:
    axes = ", ".join(f"a{axis}: [{', '.join(map(str, range(10)))}]" for axis in range(6))
    exclude = ", ".join(
        f"{{a{rule % 6}: '[0-{rule % 9}]', a{(rule + 1) % 6}: ['*1', {rule % 8}]}}" for rule in range(3)
    )
    (project / "matrix.yaml").write_text(f"axes: {{{axes}}}\nexclude: [{exclude}]\ntests: {{t: {{}}}}\n")
    within = f"ulimit -d 150000; {sys.executable} -m bootmatrix list --format ids | (head -n 1; tail -n 1)"
    done = subprocess.run(["bash", "-c", within], cwd=project, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0-2-0-0-0-0/t\n9-9-9-9-9-9/t\n", "")


def test_the_parts_of_a_list_are_together_the_whole(project: Path) -> None:
    parts = [bootmatrix("list", "--format=ids", "--shard", f"{n}/2", cwd=project).stdout.splitlines() for n in (1, 2)]
    whole = bootmatrix("list", "--format=ids", cwd=project).stdout.splitlines()
    assert all(parts)
    assert sorted(parts[0] + parts[1]) == sorted(whole)
    assert "write 1/4" in refused(bootmatrix("list", "--shard", "3/2", cwd=project))


def test_a_selection_limits_the_list(project: Path) -> None:
    done = bootmatrix("list", "--format=ids", "backend=solo5-*", "!test=stack", cwd=project)
    assert done.stdout == "solo5-spt-3.10/hello\n"


@pytest.mark.parametrize("command", ["list", "plan"])
@pytest.mark.parametrize(
    ("term", "message"),
    [
        (
            "bakend=qemu",
            "error: select 'bakend=qemu': there is no axis or parameter 'bakend'\n    did you mean 'backend'?",
        ),
        ("backend=", "error: select 'backend=': no value after '='"),
    ],
)
def test_a_wrong_selection_is_told(project: Path, command: str, term: str, message: str) -> None:
    assert message in refused(bootmatrix(command, term, cwd=project))


def test_a_selection_of_nothing_is_told_before_anything_is_printed(project: Path) -> None:
    for shape in ("ids", "json", "table"):
        done = bootmatrix("list", "--format", shape, "backend=solo5-*", "test=stack", cwd=project)
        assert "nothing is selected by backend=solo5-* test=stack" in refused(done)


def test_our_own_matrix_is_listed() -> None:
    done = bootmatrix("list", "--format", "ids", cwd=ROOT)
    assert done.returncode == 0
    assert "gcc-debian-12-x86_64-solo5-spt/hello" in done.stdout.splitlines()


def test_a_folder_and_a_file_may_be_named(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project / "sub").mkdir()
    (project / "sub" / "other.yaml").write_text("axes: {a: [x]}\ntests: {t: {}}\n")
    in_folder = bootmatrix("list", "--format=ids", "-C", str(project), cwd=elsewhere)
    in_file = bootmatrix("list", "--format=ids", "-C", str(project), "-f", "sub/other.yaml", cwd=elsewhere)
    assert (len(in_folder.stdout.splitlines()), in_file.stdout) == (7, "x/t\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("lst",), "there is no command 'lst'; did you mean 'list'?"),
        (("",), "there is no command ''"),
        (("list", "--fromat", "ids"), "No such option '--fromat'. (Did you mean one of: '--format',"),
        (("list", "--format", "id"), "'id' is not one of 'table', 'ids', 'json'"),
        (("list", "-f"), "Option '-f' requires an argument."),
        (("list", "-f", "absent.yaml"), "error: absent.yaml does not exist\n    `bootmatrix init` writes one"),
        (("list", "-f", "."), "error: . is not a regular file"),
        (("list", "-C", "absent"), "error: absent/matrix.yaml does not exist"),
        (("list", "-C", "matrix.yaml"), "error: matrix.yaml/matrix.yaml cannot be read: Not a directory"),
        (("list", "-f", "x\x1b[31m\n"), "error: x\\x1b[31m\\n does not exist"),
        (("plan", "--engine", "podman"), "'podman' is not one of"),
        (("--frobnicate",), "No such option"),
        (("schema", "x"), "Got unexpected extra argument"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_told(project: Path, args: tuple[str, ...], message: str) -> None:
    assert message in refused(bootmatrix(*args, cwd=project))


def test_all_errors_of_a_matrix_are_told_and_counted(project: Path) -> None:
    (project / "matrix.yaml").write_text("axes: {backend: [qmu]}\ntests: {t: {timeot: 1 s}}\n")
    said = refused(bootmatrix("list", cwd=project))
    assert "error: matrix.yaml:1:18: backend 'qmu' is not known\n    did you mean 'qemu'?" in said
    assert "error: matrix.yaml:2:13: unknown key 'timeot'\n    did you mean 'timeout'?" in said
    assert said.endswith("2 errors\n")


def test_a_pipe_as_a_matrix_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe")
    assert "pipe is not a regular file" in refused(bootmatrix("list", "-f", "pipe", cwd=project))


def test_a_reader_that_leaves_early_is_no_error(project: Path) -> None:
    digits = ", ".join(map(str, range(100)))
    (project / "matrix.yaml").write_text(f"axes: {{a: [{digits}], b: [{digits}]}}\ntests: {{t: {{}}}}\n")
    piped = f"{sys.executable} -m bootmatrix list --format ids | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", piped], cwd=project, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0-0/t\n0\n", "")


def test_the_schema_is_printed(project: Path) -> None:
    done = bootmatrix("schema", cwd=project)
    jsonschema.Draft202012Validator.check_schema(json.loads(done.stdout))
    assert done.returncode == 0


def test_a_plan_says_what_would_be_built_and_booted(project: Path) -> None:
    (project / "matrix.yaml").write_text(
        "axes: {backend: [qemu, solo5-spt], arch: [x86_64, riscv64]}\n"
        "builds: {b: {run: make}}\ntests: {t: {}, s: {skip: not yet}}\n"
    )
    done = bootmatrix("plan", "--engine", "host", cwd=project, BOOTMATRIX_CACHE=str(project / "cache"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 images\n2 builds\n  b-x86_64  ")
    assert "8 boots, 5 of them to skip\n" in done.stdout
    assert "  skipped: 4, since not yet\n" in done.stdout
    assert not (project / "out").exists()


def completions(project: Path, *words: str) -> list[str]:
    done = bootmatrix(
        cwd=project,
        _BOOTMATRIX_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(["bootmatrix", *words]),
        COMP_CWORD=str(len(words)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [line.removeprefix("plain,") for line in done.stdout.split()]


def test_the_shell_completes_commands_options_and_what_the_matrix_has(project: Path) -> None:
    assert completions(project, "re") == ["report", "repro"]
    assert completions(project, "list", "--fo") == ["--format"]
    assert completions(project, "list", "backend=") == ["backend=qemu", "backend=solo5-spt"]
    assert completions(project, "list", "!backend=s") == ["!backend=solo5-spt"]
    assert completions(project, "list", "test=h") == ["test=hello"]
    assert completions(project, "list", "solo") == ["solo5-spt-3.10"]
    assert completions(project, "list", "qemu-3.10/s") == ["qemu-3.10/stack@depth=1", "qemu-3.10/stack@depth=20"]


def test_the_shell_completes_nothing_where_the_matrix_is_wrong(project: Path) -> None:
    (project / "matrix.yaml").write_text("axes: [\n")
    assert completions(project, "list", "backend=") == []


def test_a_script_for_the_shell_is_printed(project: Path) -> None:
    done = bootmatrix(cwd=project, _BOOTMATRIX_COMPLETE="bash_source")
    assert "_bootmatrix_completion" in done.stdout
