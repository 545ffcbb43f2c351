"""Whatever lies in out/ and in the cache: no traceback, no test wrongly in error; the run goes on, or says why not."""

from __future__ import annotations

import json
import shutil
import stat
from typing import TYPE_CHECKING, Any

import pytest
from damaged import DEEP, DIGITS, LAID, RUN, UNFOLLOWED, Project, as_line, lay, make

from bootmatrix import host, results, uses
from bootmatrix.boots import accelerator
from bootmatrix.errors import UserError
from bootmatrix.runs import journal, order, passes
from bootmatrix.schedule import times

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEGUN = {"time": "2020-01-01T00:00:00.000+00:00", "monotonic": 1.0, "event": "run started", "plan": "x"}
TOLD = {**BEGUN, "event": "boot finished", "boot": "command/t0", "verdict": "failed", "result": {}}
PLACES = [f"out/{name}" for name in (passes.FILE, times.FILE, order.FILE, host.CACHE_TAG, ".gitignore")]
PLACES += [f"cache/{name}" for name in ("probes.json", "locks", "used", "cache-id")]
RESULTS: dict[str, bytes] = {
    "another's": b'{"cell":"command","test":"other","verdict":"passed"}',
    "another verdict": b'{"cell":"command","test":"t1","verdict":"failed"}',
    "no result": b"{}",
    "no number": b'{"cell":"command","test":"t3","verdict":"passed","seconds":NaN}',
    "no name": b'{"cell":"..","test":"t4","verdict":"passed"}',
    "deep": b'{"cell":' + DEEP + b"}",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made"), [*(f"t{number}" for number in range(len(RESULTS))), "good"])


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    shutil.copytree(made, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


def without(project: Project, *words: bytes) -> None:
    """A run that was cut short: its journal without the lines with these words."""
    lines = project.journal.read_bytes().splitlines(keepends=True)
    project.journal.write_bytes(b"".join(line for line in lines if not any(word in line for word in words)))


@pytest.mark.parametrize("kind", LAID)
def test_what_lies_in_the_place_of_our_files_is_neither_read_nor_written(project: Project, kind: str) -> None:
    """All at once, but for a folder where a file of ours must be: that is said."""
    for place in PLACES:
        if kind != "folder" or not place.startswith("out/") or place.endswith(passes.FILE):
            lay(kind, project.folder / place, project.victim)
    project.again("--reuse")
    assert stat.S_ISREG((project.out / passes.FILE).lstat().st_mode)


@pytest.mark.parametrize("name", [times.FILE, host.CACHE_TAG, ".gitignore", "latest"])
def test_a_folder_in_the_place_of_a_file_is_said_and_stays(project: Project, name: str) -> None:
    lay("folder", project.out / name, project.victim)
    (project.out / name / "kept").touch()
    status, said = project.told("run", "--engine=host")
    assert (status, "directory" in said) == (3, True), said
    assert (project.out / name / "kept").exists()


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
    "values in turn of a number": ({**BEGUN, "request": {"compare": 3}},),
    "values in turn of a list": ({**BEGUN, "request": {"compare": ["compiler"]}},),
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
def test_newer_journals_that_are_none_are_said_and_left_out(project: Project, option: str) -> None:
    for number, events in enumerate(JOURNALS.values()):
        project.other(f"99991231-000000-{number:03}abcde", *events)
    for number, kind in enumerate(LAID):
        name = f"99991231-000001-{number:03}abcde"
        order.begun(project.out, name)
        lay(kind, project.out / name / journal.FILE, project.victim)
    without(project, b'"run finished"', b'"command/good"')
    said = project.again(option)
    for number, what in enumerate(JOURNALS):
        (line,) = (line for line in said.splitlines() if f"99991231-000000-{number:03}abcde" in line)
        assert "ignored: " in line, what


LINES: dict[str, Any] = {
    "null": b"null",
    "deep": DEEP,
    "not UTF-8": b"\xff\xfe",
    "no boot": {key: text for key, text in TOLD.items() if key != "boot"},
    "a boot that is a list": {**TOLD, "boot": ["command/t0"]},
    "no verdict": {key: text for key, text in TOLD.items() if key != "verdict"},
    "no such verdict": {**TOLD, "verdict": "won"},
    "a verdict that is a mapping": {**TOLD, "verdict": {}},
    "no clock": {**TOLD, "monotonic": None},
    "infinity": json.dumps({**TOLD, "monotonic": float("-inf")}).encode(),
    "zeros": b"\0\0\0",
}


@pytest.mark.parametrize("option", ["--failed", "--resume"])
def test_damaged_lines_are_said_and_the_others_count(project: Project, option: str) -> None:
    without(project, b'"run finished"', b'"command/good"')
    whole = project.journal.read_bytes().splitlines(keepends=True)
    project.journal.write_bytes(b"".join([*whole[:2], *map(as_line, LINES.values()), *whole[2:]]))
    said = project.again(option)
    assert f"{len(LINES)} damaged lines" in said
    assert ("1/1" if option == "--failed" else "7 passed") in said, said


def test_results_that_are_none_are_run_again_when_the_run_goes_on(project: Project) -> None:
    wanted = {f'"command/t{number}"'.encode(): result for number, result in enumerate(RESULTS.values())}
    lines = []
    for line in project.journal.read_bytes().splitlines(keepends=True):
        head, found, raw = line.partition(journal.RESULT)
        fresh = next((result + b"}\n" for test, result in wanted.items() if found and test in head), raw)
        lines += [head + found + fresh] if b'"run finished"' not in line else []
    project.journal.write_bytes(b"".join(lines))
    said = project.again("--resume")
    assert f"{len(RESULTS)} damaged lines" in said
    assert "command/good" not in said


@pytest.mark.parametrize("of", ["99991231-000000-000abcde", RUN], ids=["itself", "none"])
def test_a_run_that_takes_the_failures_of_itself_or_of_none_ends(project: Project, of: str) -> None:
    asked = {"failed_of": of, "engine": "host"}
    project.other("99991231-000000-000abcde", {**BEGUN, "request": asked}, {**BEGUN, "event": "run finished"})
    assert (of == RUN) is ("cannot be read and count as not run" in project.again("--failed"))


@pytest.mark.parametrize("folder", ["consoles", "consoles/command", "consoles/command/good", "logs"])
def test_a_run_that_goes_on_writes_through_no_linked_folder(project: Project, folder: str) -> None:
    without(project, b'"run finished"', b'"command/good"')
    elsewhere = project.folder / "elsewhere"
    elsewhere.mkdir()
    lay("link", project.run / folder, elsewhere)
    status, said = project.told("run", "--engine=host", "--resume")
    assert (status, folder == "logs" or "cannot be written" in said) == (0 if folder == "logs" else 3, True), said
    assert list(elsewhere.iterdir()) == []


def test_a_run_that_goes_on_writes_no_console_through_a_link(project: Project) -> None:
    without(project, b"finished")
    for number, kind in enumerate(kind for kind in LAID if kind != "folder"):
        lay(kind, project.run / f"consoles/command/t{number}/1.console.log", project.victim)
    project.again("--resume")
    for file in project.run.glob("consoles/command/*/1.console.log"):
        assert file.read_text() == "SUCCESS\n"


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
def test_times_that_are_none_are_said_and_left_out(tmp_path: Path, text: bytes) -> None:
    (tmp_path / times.FILE).write_bytes(text)
    notes: list[str] = []
    assert times.load(tmp_path, notes.append).known == {}
    assert [str(tmp_path / times.FILE) in note for note in notes] == [True]
    times.save(tmp_path, {"command/one": 1.0})
    assert times.load(tmp_path, notes.append).known == {"command/one": 1.0}
    assert len(notes) == 1


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
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path))
    (tmp_path / "probes.json").write_bytes(text.replace(b"BOOT", host.boot_id().encode()))
    assert vars(accelerator.Accelerators()).items() >= {"_known": {}, "_useless": set()}.items()


@pytest.mark.parametrize("kind", LAID)
def test_a_mark_of_use_that_is_no_plain_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    (tmp_path / "victim").write_text("as it was")
    uses.mark("build", "key", "name")
    (file,) = (tmp_path / "cache" / "used").iterdir()
    lay(kind, file, tmp_path / "victim")
    assert kind == "second name" or uses.last("build", "key") is None
    uses.mark("build", "key", "name")
    assert kind == "folder" or (uses.last("build", "key") or ("",))[0] == "name"
    uses.forget("build", "key")
    assert list((tmp_path / "cache" / "used").iterdir()) == []
    assert (tmp_path / "victim").read_text() == "as it was"


HEADS: dict[str, tuple[bytes, bytes]] = {
    "a run's name": (b'"id": "', b'"id": "../'),
    "a run's time": (b'"started": "', b'"started": "x'),
    "a run's seconds": (b'"seconds": ', b'"seconds": 1e999, "x": '),
    "a count": (b'"passed": 7', b'"passed": -2'),
}
WRONG: dict[str, tuple[bytes, bytes]] = {
    "a verdict": (b'"verdict":"passed"', b'"verdict":"won"'),
    "an outcome": (b'"kind":"exited"', b'"kind":"won"'),
    "NaN": (b',"seconds":', b',"seconds":NaN,"x":'),
    "a name above": (b'"test":"t0"', b'"test":".."'),
    "a name of two": (b'"cell":"command"', b'"cell":"a/b"'),
    "no name": (b'"test":"t0"', b'"test":""'),
    "deep": (b'"axes":{', b'"axes":{"a":' + DEEP + b","),
    "null": (b'"cell":"command"', b'"cell":null'),
    "not UTF-8": (b'"reason":"', b'"reason":"\xff'),
}


@pytest.mark.parametrize(("old", "new"), [*HEADS.values(), *WRONG.values()], ids=[*HEADS, *WRONG])
def test_a_wrong_result_is_the_users_error_that_names_it(made: Path, tmp_path: Path, old: bytes, new: bytes) -> None:
    file = tmp_path / "results.json"
    whole = (Project(made).run / "results.json").read_bytes()
    file.write_bytes(whole.replace(old, new, 1))
    named = "" if (old, new) in HEADS.values() else "the result of '"
    with pytest.raises(UserError, match=f"does not hold the results of a run: {named}"):
        list(results.open_run(file).results)


@pytest.mark.parametrize("kind", UNFOLLOWED)
def test_results_are_read_from_a_plain_file_only(tmp_path: Path, kind: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "victim").write_text("as it was")
    lay(kind, tmp_path / "run" / "results.json", tmp_path / "elsewhere" / "victim")
    with pytest.raises(UserError, match=r"results.json cannot be read: "):
        results.open_run(tmp_path / "run" / "results.json")


def test_a_report_of_wrong_results_says_so(project: Project) -> None:
    change: Callable[[bytes], bytes] = lambda text: text.replace(*WRONG["a verdict"], 1)  # noqa: E731
    (project.run / "results.json").write_bytes(change((project.run / "results.json").read_bytes()))
    status, said = project.told("report", project.run.name, "--format=json=-")
    assert (status, "the result of 'command/t0': verdict: " in said) == (2, True), said
