"""Code of a repository's own runs only where its user said so; all else works without it, and says what it left out."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, script, scripted, write_matrix

from bootmatrix import trust
from bootmatrix.cli import COMMANDS
from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
EVIL = "import pathlib\npathlib.Path({marker!r}).open('a').write(__name__ + '\\n')\n"
RUNNER = """
from dataclasses import dataclass
from bootmatrix import model
@dataclass(frozen=True)
class Runner(model.Runner):
    command: tuple[str, ...] = ()
    speed: int = 1
    def tender(self, arch): return model.Tender("sh")
    def launch(self, boot): return model.Launch((boot.program, "-c", "echo own"))
    def outcome(self, ending): return model.Outcome("exited", str(ending.status))
"""
REPORT = """
from bootmatrix import model
class Report(model.Report):
    filename = "{name}.own"
    def write(self, run, folder, target): target.write_text("own")
"""
PROTOCOL = "from bootmatrix.protocols import CaseReport\ndef parse(text): return CaseReport()\n"
RUNNERS = ("evil", "command", "qemu", "_qemu")
PROTOCOLS = ("evil", "tap")
REPORTS = ("evil", "json", "_texts")
COMPLETED = [
    ("list", "ba"),
    ("run", "backend="),
    ("run", "e"),
    ("repro", "command/"),
    ("report", "latest", ""),
    ("conformance", "q"),
]
LOOK = {
    "list": ["list"],
    "ids": ["list", "--format=ids", "--shard=1/1"],
    "plan": ["plan", "--engine=host"],
    "plan for github": ["plan", "--format=github"],
    "report": ["report", "latest"],
    "report json": ["report", "latest", "json=-"],
    "nightly": ["nightly", "--fail-on=never"],
    "history": ["history", "command/good"],
    "compare": ["compare", "latest", "latest"],
    "merge": ["merge", "out/latest"],
    "export": ["export", "latest", "influx", "--to=http://127.0.0.1:9/write?db=a", "--patience=0.1 s"],
    "gc": ["gc", "--dry-run"],
    "doctor": ["doctor"],
    "schema": ["schema"],
    "trust": ["trust", "--list"],
    "init": ["init", "-f", "other.yaml"],
}
RUNS = {"run", "repro", "net", "shell", "box", "conformance"}
NOT_TRIED = {"setup"}  # it installs packages, and reads no matrix


class Project:
    """A repository with a run of its own, then with hostile plug-ins; `imported` are those that ran."""

    def __init__(self, folder: Path) -> None:
        self.root, self.marker = folder / "project", folder / "marker"
        self.env = {"BOOTMATRIX_CACHE": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "config")}
        self.env["BOOTMATRIX_TRUST"] = ""
        self.root.mkdir()
        matrix = scripted({"backend": ["command", "evil"]}, good=script("true", only={"backend": "command"}))
        matrix["tests"]["own"] = {"unikernel": "x.{format}", "runner": {"speed": "3"}, "only": {"backend": "evil"}}
        matrix["tests"]["own"]["cases"] = "evil"
        evil = matrix["axes"]["backend"].pop()
        own = matrix["tests"].pop("own")
        write_matrix(self.root, matrix)
        done = self("run", "--engine=host")
        assert done.returncode == 0, done.stdout + done.stderr
        matrix["axes"]["backend"].append(evil)
        matrix["tests"]["own"] = own
        write_matrix(self.root, matrix)
        kinds = {"runners": (RUNNERS, RUNNER), "reports": (REPORTS, REPORT), "protocols": (PROTOCOLS, PROTOCOL)}
        for kind, (names, text) in kinds.items():
            (self.root / kind).mkdir()
            for name in names:
                source = (ROOT / kind / f"{name}.py").read_text() if name[0] == "_" else text.replace("{name}", name)
                (self.root / kind / f"{name}.py").write_text(source + EVIL.format(marker=str(self.marker)))

    def __call__(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return bootmatrix(*args, cwd=self.root, **{**self.env, **env})

    def complete(self, *words: str, **env: str) -> list[str]:
        asked = {"_BOOTMATRIX_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["bootmatrix", *words])}
        done = self(**asked, COMP_CWORD=str(len(words)), **env)
        assert (done.returncode, done.stderr) == (0, "")
        return [line.removeprefix("plain,") for line in done.stdout.split()]

    def imported(self) -> set[str]:
        """Since the last call."""
        found = set(self.marker.read_text().split()) if self.marker.exists() else set()
        self.marker.unlink(missing_ok=True)
        return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("trust"))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that keeps what is trusted."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("BOOTMATRIX_TRUST", raising=False)
    return tmp_path / "config/bootmatrix/trusted"


def test_every_command_is_among_those_that_are_tried() -> None:
    assert {words[0] for words in LOOK.values()} | RUNS | NOT_TRIED == set(COMMANDS)


@pytest.mark.parametrize("name", LOOK)
def test_without_trust_a_command_that_looks_imports_nothing(name: str, project: Project) -> None:
    done = project(*LOOK[name])
    assert project.imported() == set()
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode in ({0, 3} if name in {"doctor", "merge", "export"} else {0}), done.stderr


@pytest.mark.parametrize("words", COMPLETED, ids=" ".join)
def test_without_trust_completion_imports_nothing_and_completes(words: tuple[str, ...], project: Project) -> None:
    assert project.complete(*words)
    assert project.imported() == set()


def test_a_module_of_the_working_folder_is_not_ours(project: Project) -> None:
    for name in ("yaml", "click", "pydantic"):
        (project.root / f"{name}.py").write_text(EVIL.format(marker=str(project.marker)))
    try:
        assert project("list").returncode == 0
    finally:
        for name in ("yaml", "click", "pydantic"):
            (project.root / f"{name}.py").unlink()
    assert project.imported() == set()


def test_what_is_unknown_or_left_out_is_told_with_the_remedy(project: Project) -> None:
    remedy = f"`bootmatrix trust {project.root}`"
    for look in ("list", "plan"):
        done = project(*LOOK[look])
        assert (
            "unknown for command, evil: {format}, options and architectures. The runner is code of this repository"
            in done.stderr
        )
        assert remedy in done.stderr
        assert "evil" in done.stdout
    for look in ("report", "nightly", "merge"):
        done = project(*LOOK[look])
        said = " ".join((done.stdout + done.stderr).split())
        assert "not trusted: evil, json (the built-in one is used instead); " in said
        assert "bootmatrix trust" in said
    done = project("report", "latest", "evil=-")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        f"the report 'evil' is code of this repository, which is not trusted\n    to trust it: {remedy}" in done.stderr
    )
    assert project("report", "latest", "json=-").stdout.startswith('{"schema"')
    assert project.imported() == set()


def test_our_own_runners_are_checked_all_the_same(project: Project) -> None:
    text = "axes: {backend: [solo5-spt, evil]}\ntests: {t: {runner: {nonsense: 1}}}\n"
    (project.root / "wrong.yaml").write_text(text)
    done = project("list", "-f", "wrong.yaml")
    assert done.returncode == 2
    assert "runner 'solo5-spt': unknown option 'nonsense'" in done.stderr
    assert "runner 'evil'" not in done.stderr
    assert project.imported() == set()


@pytest.mark.parametrize("words", [["run", "--engine=host", "test=own"], ["repro", "--engine=host", "evil/own"]])
def test_a_command_that_runs_the_repositorys_code_imports_it(words: list[str], project: Project) -> None:
    (project.root / "x.elf").write_text("")
    done = project(*words)
    (project.root / "x.elf").unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    imported = project.imported()
    of_run = {"bootmatrix.reports.json", "bootmatrix.protocols.evil"}
    assert {"bootmatrix.runners.evil", *(of_run if words[0] == "run" else ())} <= imported
    assert ("bootmatrix.protocols.evil" in imported) == (words[0] == "run")
    assert "bootmatrix.protocols.tap" not in imported


def test_trust_is_given_and_taken_back(project: Project) -> None:
    sub = project.root / "sub"
    sub.mkdir(exist_ok=True)
    assert project("trust", ".").stdout == f"trusted: {project.root}\n"
    assert project("trust", "--list").stdout == f"{project.root}\n"
    for look, wanted in {"list": "runners.evil", "plan": "runners.evil", "report": "reports.json"}.items():
        done = project(*LOOK[look])
        assert (done.returncode, "trusted" in done.stderr) == (0, False), done.stderr
        imported = project.imported()
        assert f"bootmatrix.{wanted}" in imported
        assert not {name for name in imported if name.startswith("bootmatrix.protocols")}
    assert project.complete("list", "backend=")
    assert "bootmatrix.runners.evil" in project.imported()
    assert project("trust", "--revoke").stdout == f"no longer trusted: {project.root}\n"
    assert project("trust", "--revoke").stdout == f"it was not trusted: {project.root}\n"
    none = project("trust", "--list")
    assert (none.stdout, none.stderr) == ("", "no repository is trusted\n")
    assert "not trusted" in project("list").stderr
    assert project.imported() == set()


@pytest.mark.parametrize("value", ["1", "{root}", "/nowhere:{root}", "{root}/runners/.."])
def test_the_environment_says_it_for_ci(value: str, project: Project) -> None:
    done = project("list", BOOTMATRIX_TRUST=value.format(root=project.root))
    assert (done.returncode, done.stderr) == (0, "")
    assert "bootmatrix.runners.evil" in project.imported()


@pytest.mark.parametrize("value", ["", "/nowhere", "/"])
def test_an_environment_that_names_others_says_nothing(value: str, project: Project) -> None:
    assert "not trusted" in project("list", BOOTMATRIX_TRUST=value).stderr
    assert project.imported() == set()


def test_one_is_the_repository_of_the_working_folder_only(project: Project, tmp_path: Path) -> None:
    done = bootmatrix("list", "-C", str(project.root), cwd=tmp_path, **{**project.env, "BOOTMATRIX_TRUST": "1"})
    assert "not trusted" in done.stderr
    assert project.imported() == set()


def test_a_word_that_is_no_folder_is_told(project: Project) -> None:
    done = project("list", BOOTMATRIX_TRUST="true")
    assert done.returncode == 2
    assert "BOOTMATRIX_TRUST contains 'true', which is neither 1 nor an absolute path" in done.stderr


def git(folder: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def test_a_whole_checkout_is_trusted_but_no_other_in_it(tmp_path: Path, config: Path) -> None:
    outer = git(tmp_path / "a b")
    (outer / "deep/er").mkdir(parents=True)
    inner = git(outer / "vendor/inner")
    assert trust.keep(outer / "deep") == outer
    assert config.read_text() == f"{outer}\n"
    assert config.stat().st_mode & 0o077 == 0
    assert [trust.is_given(each) for each in (outer, outer / "deep/er", inner, tmp_path)] == [True, True, False, False]
    assert trust.keep(outer) == outer
    assert trust.kept() == [outer], "it is kept once"
    (tmp_path / "link").symlink_to(outer)
    assert trust.is_given(tmp_path / "link")


def test_trust_in_what_is_gone_can_be_taken_back(tmp_path: Path, config: Path) -> None:
    for name in ("gone", "stays"):
        (tmp_path / name).mkdir()
        trust.keep(tmp_path / name)
    shutil.rmtree(tmp_path / "gone")
    assert trust.take_back(tmp_path / "gone") == [tmp_path / "gone"]
    assert config.read_text() == f"{tmp_path / 'stays'}\n"


def test_what_cannot_be_trusted_is_told(tmp_path: Path, config: Path) -> None:
    for name, told in {"absent": "there is no folder", "line\nend": "its name contains a line break"}.items():
        if "absent" not in name:
            (tmp_path / name).mkdir()
        with pytest.raises(UserError, match=told):
            trust.keep(tmp_path / name)
    assert not config.exists()


def _link(file: Path) -> None:
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [os.mkfifo, _link, os.mkdir], ids=["pipe", "link", "folder"])
def test_a_list_that_is_no_plain_file_is_told(make: Callable[[Path], None], tmp_path: Path, config: Path) -> None:
    config.parent.mkdir(parents=True)
    make(config)
    with pytest.raises(UserError, match=r"trusted cannot be read: it is (a link|not a regular file)"):
        trust.is_given(tmp_path)
