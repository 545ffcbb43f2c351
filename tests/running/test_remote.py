"""A run on a host over SSH: built and booted there, the output brought back, what is lost in the middle done again."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from sshd import gone, served, until
from support import bootmatrix, runs, started, write_matrix

from bootmatrix import host, results
from bootmatrix.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sshd import Server

    from bootmatrix.model import Result

pytestmark = pytest.mark.sshd
TRUSTED = {"BOOTMATRIX_TRUST": "1"}
HELLO = '#include <stdio.h>\nint main(int count, char **words) { printf("Hello %s\\n", words[count - 1]); return 7; }\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("sshd")) as found:
        yield found


def matrix(
    server: Server, tests: dict[str, Any], run: str = '"$CC" -o "$OUT/hello" hello.c', **more: Any
) -> dict[str, Any]:
    remote = server.remote()
    there = {
        "ssh": {"to": f"{remote.address}:{remote.port}", "options": list(remote.options)},
        "arch": os.uname().machine,
    }
    axes = {"compiler": ["gcc"], "os": ["elsewhere"], "arch": [os.uname().machine], "backend": ["command"]}
    hosts = {"elsewhere": {**there, "folder": remote.folder}}
    return {"axes": axes, "hosts": hosts, "builds": {"guest": {"source": "src", "run": run}}, "tests": tests, **more}


def boot(script: str, **more: Any) -> dict[str, Any]:
    return {"unikernel": "hello", "runner": {"command": ["sh", "-c", script, "{unikernel}", "{args}"]}, **more}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "hello.c").write_text(HELLO)
    return tmp_path


def told(folder: Path) -> dict[str, Result]:
    """The results of the last run, by their tests."""
    return {result.id.partition("/")[2]: result for result in results.load(folder / "out/latest/results.json").results}


GOOD = boot('exec "$0" "$@"', args=["you and me"], expect={"outcome": "exited(7)", "console": ["Hello you and me"]})


def run(project: Path, *words: str, **env: str) -> Any:
    """Where no container engine answers: hosts over SSH need none."""
    settings = {"BOOTMATRIX_CACHE": str(project / "cache"), "DOCKER_HOST": "unix:///no-engine", **TRUSTED, **env}
    return bootmatrix("run", *words, cwd=project, **settings)


def test_a_unikernel_is_built_and_booted_there(project: Path, server: Server) -> None:
    crash = boot("kill -s SEGV $$", expect={"outcome": "crashed(SIGSEGV)"})
    hang = boot("sleep 1000", timeout="1 s", expect={"outcome": "hung"})
    write_matrix(project, matrix(server, {"good": GOOD, "crash": crash, "hang": hang}))
    done = run(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: str(each.verdict) for name, each in told(project).items()} == dict.fromkeys(
        ("good", "crash", "hang"), "passed"
    )
    assert list((project / "cache" / "builds").glob("*/hello"))
    assert until(lambda: not list(server.there.iterdir()))
    again = run(project, "--reuse")
    assert "3 reused" in again.stdout


def test_what_a_boot_writes_to_its_disk_is_held_against_what_is_expected(project: Path, server: Server) -> None:
    def disk(expected: str) -> dict[str, Any]:
        command = ["sh", "-c", "printf written >{blocks.data}", "{unikernel}"]
        wanted = {"size": "1 MiB", "expect": {"contains": [expected], "command": ["grep", "-q", "written", "{disk}"]}}
        return {"unikernel": "hello", "runner": {"command": command}, "blocks": {"data": wanted}}

    write_matrix(project, matrix(server, {"good": disk("written"), "wrong": disk("something else")}))
    assert run(project).returncode == 1
    found = told(project)
    assert found["good"].verdict == Verdict.PASSED
    assert "the disk 'data' does not hold 'something else'" in found["wrong"].reason


def test_an_output_folder_is_brought_back(project: Path, server: Server) -> None:
    made = matrix(server, {"good": GOOD}, run='mkdir dist && "$CC" -o dist/hello hello.c')
    made["builds"]["guest"]["output"] = "dist"
    write_matrix(project, made)
    done = run(project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_build_that_fails_there_shows_its_log(project: Path, server: Server) -> None:
    (project / "src" / "hello.c").write_text("int main(void) { return undeclared; }\n")
    write_matrix(project, matrix(server, {"good": GOOD}))
    done = run(project)
    assert done.returncode == 1
    assert "undeclared" in done.stdout + done.stderr


def test_a_repository_that_is_not_trusted_reaches_nothing(project: Path, server: Server) -> None:
    write_matrix(project, matrix(server, {"good": GOOD}))
    done = bootmatrix("run", cwd=project)
    assert done.returncode == 2, done.stdout
    assert "elsewhere over SSH, with your keys" in done.stderr
    assert "bootmatrix trust" in done.stderr
    assert "not asked" in bootmatrix("doctor", cwd=project).stdout
    assert bootmatrix("plan", cwd=project).returncode == 0


def test_a_run_repeats_a_boot(project: Path, server: Server) -> None:
    write_matrix(project, matrix(server, {"good": GOOD}))
    name = f"gcc-elsewhere-{os.uname().machine}-command/good"
    done = bootmatrix("repro", name, cwd=project, **TRUSTED)
    assert done.stdout.splitlines()[-1] == f"bootmatrix run {name}"
    cached = {"BOOTMATRIX_CACHE": str(project / "cache"), **TRUSTED}
    assert "look there: ssh " in bootmatrix("shell", name.partition("/")[0], cwd=project, **cached).stderr
    assert not list((project / "cache/work").iterdir()), "nothing is left, of which a later run would say that one died"


def test_doctor_says_whether_it_answers(project: Path, server: Server) -> None:
    write_matrix(project, matrix(server, {"good": GOOD}))
    assert "host elsewhere: answers over SSH: " in bootmatrix("doctor", cwd=project, **TRUSTED).stdout


def test_a_connection_lost_in_the_middle_of_a_build_costs_a_try(project: Path, server: Server) -> None:
    began, again = project / "began", project / "again"
    wait = f'if [ -e {began} ]; then : >{again}; else : >{began}; sleep 1000; fi; "$CC" -o "$OUT/hello" hello.c'
    write_matrix(project, matrix(server, {"good": GOOD}, run=wait))
    with started("run", cwd=project, BOOTMATRIX_CACHE=str(project / "cache"), **TRUSTED) as going:
        assert until(began.exists)
        server.cut()
        assert going.wait(60) == 0
    assert again.exists()
    assert told(project)["good"].verdict == Verdict.PASSED


def test_a_connection_lost_in_the_middle_of_boots_loses_none(project: Path, server: Server) -> None:
    each = f': >{project}/"$1"; [ -e {project}/cut ] || sleep 1000; exec "$0" "$1"'
    tests = {"boot": boot(each, params={"number": ["1", "2", "3"]}, args=["{number}"], expect={"outcome": "exited(7)"})}
    write_matrix(project, matrix(server, tests))
    with started("run", "-j", "3", cwd=project, BOOTMATRIX_CACHE=str(project / "cache"), **TRUSTED) as going:
        assert until(lambda: (project / "1").exists() or (project / "2").exists() or (project / "3").exists())
        (project / "cut").touch()
        server.cut()
        assert going.wait(60) == 0
    found = told(project).values()
    assert [result.verdict for result in found] == [Verdict.PASSED] * 3
    broken = [attempt for result in found for attempt in result.attempts if attempt.broken]
    assert broken
    assert all("the connection to elsewhere was lost" in attempt.reason for attempt in broken)
    assert len(runs(project / "out")) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_is_left_there_when_the_run_is_ended(number: signal.Signals, project: Path, server: Server) -> None:
    write_matrix(project, matrix(server, {"boot": boot(f"echo $$ >{project}/began; sleep 1000", timeout="10 min")}))
    with started("run", cwd=project, BOOTMATRIX_CACHE=str(project / "cache"), **TRUSTED) as going:
        assert until(lambda: (project / "began").exists() and (project / "began").read_text() != "")
        going.send_signal(number)
        pid = int((project / "began").read_text())
        assert until(lambda: gone(pid))
        assert until(lambda: not list(server.there.iterdir()))


def test_cells_of_a_host_that_does_not_answer_are_told_and_others_run(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with served(tmp_path_factory.mktemp("gone")) as closed:
        made = matrix(closed, {"good": GOOD})
    made["axes"]["os"] = ["elsewhere", host.os_name()]
    write_matrix(project, made)
    done = run(project, "--engine", "host", BOOTMATRIX_PATIENCE="0.5")
    assert done.returncode == 3, done.stdout + done.stderr
    found = results.load(project / "out/latest/results.json").results
    assert sorted(result.verdict for result in found) == [Verdict.ERROR, Verdict.PASSED]
    assert "elsewhere cannot be reached over SSH" in done.stdout + done.stderr
