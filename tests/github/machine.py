"""GitHub in a folder: runs a workflow's own commands, job by job, as its runner would.

Real are the shell, its files (GITHUB_OUTPUT and its kind), the environment, the conditions and bootmatrix. Artifacts,
caches and checkouts are copies of folders. Three things differ: steps whose name begins with `Install` are left out,
since bootmatrix and what it needs are here; `gh` only notes what it is asked; and the engine is `host`, not `docker`.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import warm
import yaml
from github.expressions import Expression, fill

ROOT = Path(__file__).resolve().parents[2]
GH = """#!/usr/bin/env python3
import json, os, pathlib, sys
texts = {word: pathlib.Path(word.rpartition("@")[2]).read_text() for word in sys.argv[1:] if word.endswith(".md")}
with open(os.environ["GH_ASKED"], "a") as asked:
    print(json.dumps([sys.argv[1:], texts]), file=asked)
if sys.argv[1:3] == ["issue", "list"]:
    print(os.environ.get("GH_ISSUE", ""))
"""


@dataclass
class Job:
    """What a job or an action has while it runs."""

    workspace: Path
    context: dict[str, Any]
    shell: str = ""
    env: dict[str, str] = field(default_factory=dict)
    failed: bool = False


@dataclass
class GitHub:
    """A repository in `project`; `event` is github.event, `results` what each job came to."""

    folder: Path
    project: Path
    event_name: str = "push"
    event: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    runs: int = 0

    def __post_init__(self) -> None:
        for name in ("artifacts", "caches", "bin"):
            (self.folder / name).mkdir(parents=True)
        gh, python = self.folder / "bin/gh", self.folder / "bin/bootmatrix"
        gh.write_text(GH)
        python.write_text(f'#!/bin/sh\nexec {warm.command()} "$@"\n')
        gh.chmod(0o755)
        python.chmod(0o755)

    @property
    def asked(self) -> list[tuple[list[str], dict[str, str]]]:
        """What `gh` was asked for: its words, and the files among them."""
        file = self.folder / "asked"
        return [tuple(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []

    def artifact(self, name: str) -> Path:
        return self.folder / "artifacts" / name

    def workflow(self, name: str) -> dict[str, str]:
        """Run a workflow; what each job came to, by its name."""
        self.runs += 1
        if self.event_name != "workflow_run":  # that takes the artifacts of another run
            shutil.rmtree(self.folder / "artifacts")
            (self.folder / "artifacts").mkdir()
        self.results, self.log, self.summary = {}, "", ""
        self._jobs(name)
        return self.results

    def _jobs(self, name: str) -> str:
        found = yaml.safe_load((self.project / ".github/workflows" / name).read_text())
        outputs: dict[str, Any] = {}
        for key, job in found["jobs"].items():
            names = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            context = self._context({name: outputs[name] for name in names})
            good = all(need["result"] == "success" for need in context["needs"].values())
            if not self._holds(job.get("if"), context, good=good):
                outputs[key] = {"result": "skipped", "outputs": {}}
            elif "uses" in job:
                outputs[key] = {"result": self._jobs(Path(job["uses"]).name), "outputs": {}}
            else:
                shell = found.get("defaults", {}).get("run", {}).get("shell", "")
                outputs[key] = self._each(key, job, context, shell, {**found.get("env", {}), **job.get("env", {})})
            self.results.setdefault(key, outputs[key]["result"])
        return "success" if all(job["result"] in {"success", "skipped"} for job in outputs.values()) else "failure"

    def _context(self, needs: dict[str, Any]) -> dict[str, Any]:
        github = {"event_name": self.event_name, "event": self.event, "run_id": str(self.runs), "run_attempt": "1"}
        github |= {"repository": "owner/project", "token": "secret", "ref": "refs/heads/main", "workflow": "W"}
        return {"github": github, "needs": needs, "matrix": {}, "steps": {}, "inputs": {}, "runner": {"arch": "X64"}}

    def _each(
        self, name: str, job: dict[str, Any], context: dict[str, Any], shell: str, env: dict[str, str]
    ) -> dict[str, Any]:
        """A job, once or for each entry of its matrix."""
        strategy = job.get("strategy", {"matrix": {"include": [{}]}})
        made = []
        for entry in fill(strategy["matrix"], context, self._functions(good=True))["include"]:
            one = Job(
                self.folder / "work" / f"{self.runs}-{name}-{entry.get('part', '')}",
                {**context, "steps": {}},
                shell,
                {key: str(fill(value, context, {})) for key, value in env.items()},
            )
            one.context["matrix"] = entry
            one.workspace.mkdir(parents=True)
            self._steps(job["steps"], one)
            made.append(one)
            self.results[f"{name} {entry['part']}" if entry else name] = "failure" if one.failed else "success"
        told = {key: fill(value, made[0].context, {}) for key, value in job.get("outputs", {}).items()}
        return {"result": "failure" if any(one.failed for one in made) else "success", "outputs": told}

    def _functions(self, *, good: bool) -> dict[str, Any]:
        return {
            "always": lambda: True,
            "cancelled": lambda: False,
            "success": lambda: good,
            "fromJSON": json.loads,
            "hashFiles": lambda *_: "hash",
        }

    def _holds(self, condition: str | None, context: dict[str, Any], *, good: bool) -> bool:
        if condition is None:
            return good
        met = bool(Expression(condition, context, self._functions(good=good)).value())
        return met and (good or "always()" in condition or "cancelled()" in condition)

    def _steps(self, steps: list[dict[str, Any]], job: Job) -> None:
        for step in steps:
            if step.get("name", "").startswith("Install ") or not self._holds(
                step.get("if"), job.context, good=not job.failed
            ):
                continue
            told: dict[str, Any] = {}
            try:
                told = self._step(step, job)
            except AssertionError as error:
                self.log += f"{error}\n"
                job.failed = True
            job.context["steps"][step.get("id", "")] = {"outputs": told}

    def _step(self, step: dict[str, Any], job: Job) -> dict[str, str]:
        functions = self._functions(good=not job.failed)
        if "run" in step:
            return self._shell(step, job)
        given = {key: fill(value, job.context, functions) for key, value in step.get("with", {}).items()}
        if step["uses"] == "./":
            return self._action(given, job)
        actions = {
            "cache/restore": self._cache_restore,
            "cache/save": self._cache_save,
            "checkout": self._checkout,
            "deploy-pages": self._deploy_pages,
            "download-artifact": self._download_artifact,
            "setup-python": self._setup_python,
            "upload-artifact": self._upload_artifact,
            "upload-pages-artifact": self._upload_pages_artifact,
        }
        return actions[step["uses"].partition("@")[0].removeprefix("actions/")](given, job)

    def _shell(self, step: dict[str, Any], job: Job) -> dict[str, str]:
        assert "${{" not in step["run"], "an expression in a shell's text is how scripts are injected"
        functions = self._functions(good=not job.failed)
        files = {name: job.workspace.parent / f"{job.workspace.name}.{name}" for name in ("out", "summary", "sh")}
        files["out"].write_text("")
        files["summary"].write_text("")
        files["sh"].write_text(step["run"])
        own = {key: str(fill(value, job.context, functions)) for key, value in step.get("env", {}).items()}
        strict = ["--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell", job.shell) else ["-e"]
        done = subprocess.run(
            ["bash", *strict, str(files["sh"])],
            cwd=job.workspace / str(fill(step.get("working-directory", "."), job.context, functions)),
            env={
                **{key: text for key, text in os.environ.items() if not key.startswith("GITHUB_")},
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": str(files["out"]),
                "GITHUB_STEP_SUMMARY": str(files["summary"]),
                "GH_ASKED": str(self.folder / "asked"),
                **self.env,
                **job.env,
                **own,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.log += done.stdout
        self.summary += files["summary"].read_text()
        job.failed = job.failed or done.returncode != 0
        return dict(line.split("=", 1) for line in files["out"].read_text().splitlines())

    def _action(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        """Our own action, of the commit that is checked out."""
        action = yaml.safe_load((job.workspace / "action.yml").read_text())
        unknown = given.keys() - action["inputs"].keys()
        assert not unknown, f"the action has no input {unknown}"
        inputs = {name: given.get(name, entry["default"]) for name, entry in action["inputs"].items()}
        context = {**job.context, "steps": {}, "inputs": {**inputs, "engine": "host"}}
        inner = Job(job.workspace, context, env=job.env)
        inner.context["github"] = {**job.context["github"], "action_path": str(job.workspace)}
        self._steps(action["runs"]["steps"], inner)
        job.failed = job.failed or inner.failed
        return {name: str(fill(entry["value"], inner.context, {})) for name, entry in action["outputs"].items()}

    def _checkout(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        assert given["persist-credentials"] is False
        shutil.copytree(self.project, job.workspace, dirs_exist_ok=True)
        return {}

    def _setup_python(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        del job
        assert given["python-version"] == "3.12"
        return {}

    def _upload_artifact(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        source = job.workspace / given["path"]
        if source.exists():
            shutil.rmtree(self.artifact(given["name"]), ignore_errors=True)
            copy(source, self.artifact(given["name"]))
        return {}

    def _download_artifact(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        target = job.workspace / given["path"]
        if "name" in given:
            assert self.artifact(given["name"]).is_dir(), f"no artifact {given['name']}"
            copy(self.artifact(given["name"]), target)
        else:
            for found in sorted((self.folder / "artifacts").iterdir()):
                if fnmatch.fnmatchcase(found.name, given["pattern"]):
                    copy(found, target / found.name)
        return {}

    def _cache_restore(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        kept = sorted((self.folder / "caches").iterdir(), key=lambda each: each.stat().st_mtime_ns, reverse=True)
        exact = [each for each in kept if each.name == given["key"]]
        near = [each for each in kept if "restore-keys" in given and each.name.startswith(given["restore-keys"])]
        for found in [*exact, *near][:1]:
            copy(found, (job.workspace / given["path"]).parent)
        return {"cache-hit": str(bool(exact)).lower(), "cache-primary-key": given["key"]}

    def _cache_save(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        target = self.folder / "caches" / given["key"]
        if not target.exists():
            copy(job.workspace / given["path"], target)
        return {}

    def _upload_pages_artifact(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        return self._upload_artifact({"name": "github-pages", **given}, job)

    def _deploy_pages(self, given: dict[str, Any], job: Job) -> dict[str, str]:
        del given, job
        assert self.artifact("github-pages").is_dir()
        return {"page_url": "page"}


def copy(source: Path, target: Path) -> None:
    """A file into a folder, or a folder's content; links are followed, as upload-artifact does."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
