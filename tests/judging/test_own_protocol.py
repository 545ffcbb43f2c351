"""A project's own protocol, from matrix.yaml to the verdict: found, read, merged, and told where it has a bug."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, script, scripted, write_matrix

from bootmatrix import plugins

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

PROTOCOL = """
from bootmatrix.protocols import CaseReport, case
def parse(text):
    cases = tuple(case(word, "failed" if word == "b" else "passed") for word in text.split() if word != "end")
    if "bug" in text:
        raise KeyError("a bug")
    return CaseReport(cases, "" if "end" in text else "no end")
"""
TESTS = {"good": "echo a c end", "bad": "echo a b end", "cut": "echo a", "bug": "echo a bug end"}


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "protocols").mkdir()
        self.write(PROTOCOL)
        (folder / "kernel").write_text("a unikernel")
        tests = {name: script(text, cases="own-words", unikernel="kernel") for name, text in TESTS.items()}
        write_matrix(folder, scripted({"backend": ["command"]}, **tests))

    def write(self, text: str) -> None:
        (self.folder / "protocols/own_words.py").write_text(text)

    def __call__(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        own = {"BOOTMATRIX_CACHE": str(self.folder / "cache"), "BOOTMATRIX_TRUST": ""}
        return bootmatrix(*args, cwd=self.folder, **{**own, **env})

    def results(self) -> dict[str, dict[str, Any]]:
        stored = json.loads((self.folder / "out/latest/results.json").read_text())
        return {result["test"]: result for result in stored["results"]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_its_cases_make_the_verdict_and_a_bug_costs_no_console(project: Project) -> None:
    done = project("run", "--engine=host")
    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (1, False), done.stderr
    found = project.results()
    verdicts = {"good": "passed", "bad": "contradicted", "cut": "contradicted", "bug": "error"}
    assert {name: result["verdict"] for name, result in found.items()} == verdicts
    assert [case["status"] for case in found["bad"]["attempts"][-1]["cases"]] == ["passed", "failed"]
    assert "1 of 2 cases failed: b" in found["bad"]["reason"]
    assert found["bug"]["reason"].startswith("the protocol 'own-words' failed: KeyError: 'a bug'\n    raised at ")
    assert "protocols/own_words.py:6" in found["bug"]["reason"]
    console = project.folder / "out/latest" / found["bug"]["attempts"][-1]["console"]
    assert console.read_text() == "a bug end\n"
    project.write("raise SystemExit('imported')\n")
    merged = project("merge", "out/latest")
    assert "imported" not in merged.stdout + merged.stderr
    assert {name: result["verdict"] for name, result in project.results().items()} == verdicts


def test_a_pass_is_not_taken_again_after_a_change_of_what_judged_it(project: Project) -> None:
    changes = {"": True, "protocols/_used.py": False, "protocols/own_words.py": False}
    project("run", "--engine=host", "good")
    for name, taken in changes.items():
        if name:
            (project.folder / name).write_text(f"{PROTOCOL}# another\n")
        assert project("run", "--engine=host", "--reuse", "good").returncode == 0
        assert bool(project.results()["good"]["reused"]) == taken, name


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import nonsense_x\n", "protocols/own_words.py cannot be imported: ModuleNotFoundError: No module named"),
        ("\ndef parse(text:\n", "protocols/own_words.py cannot be imported: SyntaxError: "),
        ("parse = 3\n", "protocols/own_words.py has no function `parse(text)`\n    it returns a CaseReport"),
        ("", "protocols/own_words.py has no function `parse(text)`"),
    ],
    ids=["import", "syntax", "no function", "nothing"],
)
def test_a_file_that_is_no_protocol_ends_the_run_before_it_begins(text: str, what: str, project: Project) -> None:
    project.write(text)
    done = project("run", "--engine=host")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert what in done.stderr
    assert not (project.folder / "out/latest").exists()


@pytest.mark.parametrize("command", [["list"], ["plan", "--engine=host"]], ids=lambda command: command[0])
def test_what_only_looks_imports_none_even_of_a_trusted_repository(command: list[str], project: Project) -> None:
    project.write("raise SystemExit('imported')\n")
    done = project(*command, BOOTMATRIX_TRUST="1")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_name_is_told_at_its_place_with_those_that_are_possible(project: Project) -> None:
    (project.folder / "matrix.yaml").write_text("axes: {backend: [command]}\ntests:\n  t: {cases: own-wrods}\n")
    done = project("list")
    assert (done.returncode, done.stdout) == (2, "")
    wanted = "matrix.yaml:3:14: cases: 'own-wrods' is not allowed here\n    did you mean 'own-words'? possible: "
    possible = sorted([*plugins.builtin_names("protocols"), "own-words"])
    assert f"error: {wanted}{', '.join(possible)}\n" in done.stderr
