"""The four folders of plug-ins: a project's own come first, and what is wrong with one is told with its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bootmatrix import plugins, protocols
from bootmatrix.errors import UserError
from bootmatrix.model import Boot, Cell
from bootmatrix.toolchains import toolchain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNNER = """
from dataclasses import dataclass
from bootmatrix import model

@dataclass(frozen=True)
class Runner(model.Runner):
    speed: int = 1
    def tender(self, arch): return model.Tender("true")
    def launch(self, boot): return model.Launch(("mine", str(self.speed)))
    def outcome(self, ending): return model.Outcome("exited", "0")
"""


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these projects have of their own may be imported; tests/test_trust.py is of those that may not."""
    folders = (tmp_path, tmp_path / "a", tmp_path / "b")
    monkeypatch.setenv("BOOTMATRIX_TRUST", ":".join(map(str, folders)))


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def argv(backend: str, root: Path, **options: object) -> tuple[str, ...]:
    return plugins.make_runner(backend, options, root).launch(Boot("x86_64", "true", "u.elf")).argv


def message(backend: str, root: Path, **options: object) -> str:
    with pytest.raises(UserError) as caught:
        plugins.make_runner(backend, options, root)
    return "\n".join(f"{p.where}: {p}" if p.where else str(p) for p in caught.value.problems)


def test_names_are_stems_with_hyphens_and_without_private_modules(tmp_path: Path) -> None:
    ours = plugins.names("runners", tmp_path)
    assert {"qemu", "solo5-hvt"} < set(ours)
    write(tmp_path, "runners/my_own.py", RUNNER)
    write(tmp_path, "runners/_private.py", "")
    assert plugins.names("runners", tmp_path) == sorted([*ours, "my-own"])


def test_a_projects_own_runner_is_found_beside_ours(tmp_path: Path) -> None:
    write(tmp_path, "runners/my_own.py", RUNNER)
    assert argv("my-own", tmp_path, speed="3") == ("mine", "3")
    assert argv("qemu", tmp_path)[0] != "mine"


def test_a_projects_own_runner_replaces_ours_in_that_project_only(tmp_path: Path) -> None:
    write(tmp_path, "a/runners/qemu.py", RUNNER)
    (tmp_path / "b").mkdir()
    assert argv("qemu", tmp_path / "a") == ("mine", "1")
    assert argv("qemu", tmp_path / "b")[0] != "mine"
    assert argv("qemu", tmp_path / "a") == ("mine", "1")


def test_a_projects_runner_may_use_our_private_modules(tmp_path: Path) -> None:
    write(tmp_path, "runners/mine.py", RUNNER + "from . import _qemu\nLONG = _qemu.machine('x86_64').program\n")
    assert plugins.load("runners", "mine", tmp_path).LONG == "qemu-system-x86_64"


def test_a_projects_own_report_replaces_ours(tmp_path: Path) -> None:
    write(tmp_path, "reports/junit.py", "MINE = True\n")
    assert plugins.load("reports", "junit", tmp_path).MINE


def test_a_projects_own_protocol_replaces_ours_in_that_project_only(tmp_path: Path) -> None:
    write(tmp_path, "a/protocols/tap.py", "def parse(text): return 'mine'\n")
    (tmp_path / "b").mkdir()
    for root, mine in {"a": True, "b": False}.items():
        assert (plugins.parser("tap", tmp_path / root)("") == "mine") == mine
    assert plugins.names("protocols", tmp_path / "a") == plugins.builtin_names("protocols")


def test_what_protocols_share_is_the_same_in_every_project(tmp_path: Path) -> None:
    write(
        tmp_path,
        "protocols/mine.py",
        "from bootmatrix.protocols import CaseReport\ndef parse(text): return CaseReport()\n",
    )
    write(tmp_path, "protocols/__init__.py", "raise SystemExit('imported')\n")
    assert plugins.parser("mine", tmp_path)("") == protocols.CaseReport()


def test_a_protocol_is_made_of_all_modules_of_its_folder(tmp_path: Path) -> None:
    assert plugins.sources("protocols", "tap", tmp_path) == {}
    write(tmp_path, "protocols/mine.py", "")
    write(tmp_path, "protocols/_words.py", "")
    assert plugins.sources("protocols", "mine", tmp_path) == {tmp_path / "protocols": ["_words.py", "mine.py"]}
    assert plugins.sources("protocols", "tap", tmp_path) == {}


def test_a_projects_own_image_needs_no_image_yaml(tmp_path: Path) -> None:
    write(tmp_path, "images/alpine-3/Dockerfile", "FROM alpine:3\nARG compiler\n")
    folders = plugins.images(tmp_path)
    assert folders["alpine-3"] == tmp_path / "images" / "alpine-3"
    assert {"debian-12", "debian-13"} < folders.keys()
    cell = Cell("c", {"os": "alpine-3", "compiler": "clang", "arch": "x86_64"})
    assert toolchain.image_of(cell, folders).name == "alpine-3-clang"
    assert toolchain.compiler_environment(cell, folders["alpine-3"])["CC"] == "clang"


def test_a_projects_own_image_replaces_ours(tmp_path: Path) -> None:
    write(tmp_path, "images/debian-12/Dockerfile", "FROM scratch\n")
    assert plugins.images(tmp_path)["debian-12"] == tmp_path / "images" / "debian-12"


def test_a_folder_without_a_dockerfile_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "images" / "empty").mkdir(parents=True)
    assert "empty" not in plugins.images(tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("import nonsense_that_is_not_there\n", 1, "ModuleNotFoundError: No module named 'nonsense_that_is_not_there'"),
        ("\n1 / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("\n\nclass Runner(\n", 3, "SyntaxError: '(' was never closed"),
        ("raise SystemExit(3)\n", 1, "SystemExit: 3"),
    ],
)
def test_what_cannot_be_imported_is_told_with_file_and_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    write(tmp_path, "runners/mine.py", text)
    told = message("mine", tmp_path)
    assert f"runners/mine.py cannot be imported: {what}" in told
    assert f"raised at {tmp_path}/runners/mine.py:{line}" in told


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "mine.py has no `class Runner(model.Runner)`"),
        ("Runner = 3\n", "mine.py has no `class Runner(model.Runner)`"),
        ("class Runner: pass\n", "mine.py has no `class Runner(model.Runner)`"),
        ("from bootmatrix.model import Runner\n", "mine.py lacks launch, outcome, tender"),
    ],
)
def test_a_module_without_a_whole_runner_is_told(tmp_path: Path, text: str, what: str) -> None:
    write(tmp_path, "runners/mine.py", text)
    assert what in message("mine", tmp_path)


@pytest.mark.parametrize("base", ["model.Runner", "theirs.Runner"])
def test_a_runner_that_still_has_argv_is_told_what_to_do(tmp_path: Path, base: str) -> None:
    """Of its own, and over one of ours: then nothing would be missing, and it would never be called."""
    own = f"""
from bootmatrix import model
from bootmatrix.runners import qemu as theirs

class Runner({base}):
    def tender(self, arch): return model.Tender("true")
    def argv(self, boot): return ("mine",)
    def outcome(self, ending): return model.Outcome("exited", "0")
"""
    write(tmp_path, "runners/mine.py", own)
    told = message("mine", tmp_path)
    assert "mine.py has `argv(boot)`, which is `launch(boot)` now" in told
    assert "let it return `model.Launch(argv)`" in told


def test_an_option_may_be_called_argv(tmp_path: Path) -> None:
    write(tmp_path, "runners/mine.py", RUNNER.replace("speed: int = 1", "speed: int = 1\n    argv: str = 'x'"))
    assert argv("mine", tmp_path, argv="y") == ("mine", "1")


def test_an_unknown_backend_is_told_with_the_nearest(tmp_path: Path) -> None:
    assert "there is no runner 'qmu'\n    did you mean 'qemu'?" in message("qmu", tmp_path)


def test_options_are_checked_against_the_runners_fields(tmp_path: Path) -> None:
    write(tmp_path, "runners/mine.py", RUNNER)
    assert "unknown option 'sped'\n    did you mean 'speed'?" in message("mine", tmp_path, sped=1)
    assert message("mine", tmp_path, speed="fast").startswith("speed: speed: speed: Input should be a valid integer")


@pytest.mark.parametrize("kind", ["runners", "reports", "protocols", "images"])
def test_a_folder_that_leads_out_of_the_repository_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / kind).symlink_to("../elsewhere")
    with pytest.raises(UserError) as caught:
        plugins.folders(kind, tmp_path / "a")
    told = (
        f"{tmp_path}/a/{kind} is a link to {tmp_path}/elsewhere, outside of the repository {tmp_path}/a\n    move the"
    )
    assert told in str(caught.value)
    (tmp_path / "a" / kind).unlink()
    (tmp_path / "a" / "mine").mkdir()
    (tmp_path / "a" / kind).symlink_to("mine")
    assert plugins.folders(kind, tmp_path / "a")[0] == tmp_path / "a/mine"


def test_an_image_that_leads_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "elsewhere/Dockerfile", "FROM scratch\n")
    (tmp_path / "a/images").mkdir(parents=True)
    (tmp_path / "a/images/mine").symlink_to("../../elsewhere")
    with pytest.raises(UserError, match=r"a/images/mine is a link to .*/elsewhere, outside of the repository"):
        plugins.images(tmp_path / "a")


def _out(file: Path) -> None:
    write(file.parents[2], "elsewhere.py", RUNNER)
    file.symlink_to("../../elsewhere.py")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "it is not a regular file"),
        (os.mkdir, "it is not a regular file"),
        (lambda file: file.symlink_to("/dev/zero"), "it leads out of"),
        (lambda file: file.symlink_to("mine.py"), "Too many levels of symbolic links"),
        (lambda file: file.symlink_to("absent"), "No such file or directory"),
        (_out, "it leads out of"),
    ],
    ids=["pipe", "folder", "device", "loop", "nothing", "elsewhere"],
)
def test_a_plug_in_that_is_no_plain_file_of_the_repository_is_told(
    make: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    (tmp_path / "a/runners").mkdir(parents=True)
    make(tmp_path / "a/runners/mine.py")
    assert "mine" in plugins.known("runners", tmp_path / "a")
    assert f"runners/mine.py cannot be imported: {why}" in message("mine", tmp_path / "a")


def test_a_link_within_the_repository_is_a_plug_in(tmp_path: Path) -> None:
    write(tmp_path, "a/lib/mine.py", RUNNER)
    (tmp_path / "a/runners").mkdir()
    (tmp_path / "a/runners/mine.py").symlink_to("../lib/mine.py")
    assert argv("mine", tmp_path / "a") == ("mine", "1")


def test_a_repository_that_becomes_trusted_is_asked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "runners/qemu.py", RUNNER)
    write(tmp_path, "runners/mine.py", RUNNER)
    trusts = os.environ["BOOTMATRIX_TRUST"]
    for _ in range(2):
        monkeypatch.setenv("BOOTMATRIX_TRUST", "")
        stands_in = plugins.make_runner("qemu", {"nonsense": 1}, tmp_path)
        assert (stands_in.format, stands_in.tender("any").program) == ("{format}", "unknown")
        with pytest.raises(UserError, match="not trusted"):
            stands_in.launch(Boot("x86_64", "true", "u.elf"))
        assert "mine" not in plugins.names("runners", tmp_path)
        with pytest.raises(UserError, match="the runner 'mine' is code of this repository, which is not trusted"):
            plugins.load("runners", "mine", tmp_path)
        monkeypatch.setenv("BOOTMATRIX_TRUST", trusts)
        assert argv("qemu", tmp_path) == ("mine", "1")
        assert plugins.untrusted("runners", tmp_path) == []


def test_a_runner_is_made_again_after_one_of_another_project(tmp_path: Path) -> None:
    words = RUNNER.replace(
        "from dataclasses", "from __future__ import annotations\nfrom typing import Literal\nfrom dataclasses"
    )
    write(
        tmp_path,
        "a/runners/mine.py",
        words.replace("speed: int", 'gear: Literal["low", "high"] = "low"\n    speed: int'),
    )
    write(tmp_path, "b/runners/other.py", RUNNER)
    for gear in ("low", "high"):
        assert argv("mine", tmp_path / "a", gear=gear) == ("mine", "1")
        assert argv("other", tmp_path / "b") == ("mine", "1")
