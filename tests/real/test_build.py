"""Builds in real containers: private, without network, and owned by the caller."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from bootmatrix import host, keys
from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.matrix.keys.schema import Build
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.toolchains import build

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.place import Place


@pytest.fixture(params=[pytest.param("container", marks=pytest.mark.docker), "local"])
def place(request: pytest.FixtureRequest) -> Place:
    return LocalPlace() if request.param == "local" else request.getfixturevalue("container_place")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "hello.c").write_text("int main(void) { return 0; }\n")
    return folder


def made(place: Place, source: Path, stop: threading.Event | None = None, **spec: Any) -> Path:
    parsed = Build.model_validate({"timeout": "60 s", **spec})
    env = {"ARCH": "x86_64", "CC": "gcc"}
    key = build.key_of(parsed, keys.of_files(source, keys.source_files(source)), place.name, env)
    step = build.BuildStep("it", "it-gcc", parsed, source, None, env, key)
    build.make(step, place, source.parent / "build.log", stop or threading.Event(), lambda _line: None)
    return step.output(place)


def test_what_is_written_to_out_is_kept_and_belongs_to_the_caller(place: Place, source: Path) -> None:
    output = made(place, source, run='$CC -c hello.c -o "$OUT/hello.o" && echo "$ARCH" > "$OUT/arch"')
    assert (output / "arch").read_text() == "x86_64\n"
    assert (output / "hello.o").stat().st_uid == source.stat().st_uid


def test_the_users_tree_is_never_written_to(place: Place, source: Path) -> None:
    made(place, source, run=["touch here", "echo changed > hello.c"])
    assert [file.name for file in source.iterdir()] == ["hello.c"]
    assert "main" in (source / "hello.c").read_text()


def test_an_output_folder_of_the_source_is_taken(place: Place, source: Path) -> None:
    output = made(place, source, run="mkdir dist && cp hello.c dist/", output="dist")
    assert [file.name for file in output.iterdir()] == ["hello.c"]


def test_an_output_folder_that_was_not_made_is_named(place: Place, source: Path) -> None:
    with pytest.raises(UserError, match="did not make the folder 'dist'"):
        made(place, source, run="true", output="dist")


def test_a_command_that_fails_ends_the_build_and_shows_its_last_lines(place: Place, source: Path) -> None:
    with pytest.raises(UserError, match=r"status 3[\s\S]*build\.log[\s\S]*the reason"):
        made(place, source, run=["echo the reason >&2; (exit 3)", "echo never"])
    assert "never" not in (source.parent / "build.log").read_text()


def test_a_compilers_error_is_told_before_all_that_follows_it(place: Place, source: Path) -> None:
    (source / "bad.c").write_text('#include "nope.h"\n')
    with pytest.raises(UserError) as told:
        made(place, source, run="gcc -c bad.c || { for n in $(seq 99); do echo cleaning $n; done; exit 2; }")
    first, log, *lines = str(told.value).splitlines()
    assert first.startswith("build it-gcc ended with status 2: bad.c:1:10: fatal error: nope.h:")
    assert log.endswith("build.log, line 1:")
    assert lines[0].startswith("    bad.c:1:10: fatal error: nope.h:")
    assert '#include "nope.h"' in lines[1]


def test_a_failed_build_leaves_nothing_behind(place: Place, source: Path) -> None:
    with pytest.raises(UserError):
        made(place, source, run='echo half > "$OUT/half"; false')
    assert list((source.parent / "cache" / "builds").iterdir()) == []


def test_a_build_that_takes_too_long_is_ended(place: Place, source: Path) -> None:
    with pytest.raises(UserError, match="no end within 1"):
        made(place, source, run="sleep 60", timeout="1 s")


def test_an_interrupted_build_is_told_so(place: Place, source: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(InfrastructureError, match="interrupted"):
        made(place, source, stop, run="sleep 60")


def test_two_builds_of_one_source_never_meet(place: Place, source: Path) -> None:
    script = "test ! -e mark && echo {} > mark && cp mark $OUT/"
    outputs: dict[str, Path] = {}

    def one(name: str) -> None:
        outputs[name] = made(place, source, run=script.format(name))

    threads = [threading.Thread(target=one, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: (path / "mark").read_text().strip() for name, path in outputs.items()} == {n: n for n in outputs}
    assert len(outputs) == 2


@pytest.mark.docker
@pytest.mark.parametrize(("network", "seen"), [(False, {"lo"}), (True, {"lo", "eth0"})])
def test_the_network_is_off_unless_the_build_asks(
    request: pytest.FixtureRequest, source: Path, network: bool, seen: set[str]
) -> None:
    place = request.getfixturevalue("container_place")
    output = made(place, source, run="ls /sys/class/net > $OUT/net", network=network)
    assert seen <= set((output / "net").read_text().split())
    assert network or (output / "net").read_text().split() == ["lo"]


def test_a_strict_umask_does_not_hide_the_output_from_the_boots(place: Place, source: Path) -> None:
    output = made(place, source, run="umask 077; mkdir $OUT/deep; cp hello.c $OUT/deep/; ln -s nowhere $OUT/link")
    assert output.stat().st_mode & 0o5 == 0o5
    assert (output / "deep").stat().st_mode & 0o5 == 0o5
    assert (output / "deep" / "hello.c").stat().st_mode & 0o4


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("mkdir -p $OUT/$(seq -s / 300)", "more than 200 levels of folders"),
        ("ln -s loop loop", "did not make the folder 'loop'"),
        ("ln -s /etc loop", "did not make the folder 'loop'"),
        ("mkfifo loop", "did not make the folder 'loop'"),
    ],
)
def test_an_output_that_cannot_be_kept_is_told(place: Place, source: Path, run: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        made(place, source, run=run, output="loop" if "loop" in run else None)
    assert list((source.parent / "cache" / "builds").iterdir()) == []


def test_an_output_of_odd_things_is_kept_without_them(place: Place, source: Path) -> None:
    script = "cd $OUT; touch file 'new\nline'; chmod 6755 file; mkfifo pipe; ln -s /etc/shadow link; mkdir -m 1700 sub"
    output = made(place, source, run=script)
    assert sorted(file.name for file in output.iterdir()) == ["file", "link", "new\nline", "sub"]
    assert [(output / name).lstat().st_mode & 0o7777 for name in ("file", "sub")] == [0o755, 0o755]
    assert "pipe is not kept: it is a pipe" in (source.parent / "build.log").read_text()


def test_an_out_that_became_a_link_is_refused(source: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir(mode=0o700)
    with pytest.raises(UserError, match="not a folder any more"):
        made(LocalPlace(), source, run=f"rmdir $OUT; ln -s {victim} $OUT")
    assert victim.stat().st_mode & 0o777 == 0o700


def test_a_line_of_megabytes_makes_no_long_message(place: Place, source: Path) -> None:
    with pytest.raises(UserError) as told:
        made(place, source, run="head -c 12000000 /dev/zero | tr '\\0' x; echo; echo the reason; exit 3")
    assert "the reason" in str(told.value)
    assert len(str(told.value)) < 2000


def test_a_build_for_which_a_disk_is_full_is_the_infrastructures_failure(place: Place, source: Path) -> None:
    with pytest.raises(InfrastructureError, match=r"status 1: No space left on device[\s\S]*cp: error writing"):
        made(place, source, run="echo \"cp: error writing 'x': No space left on device\" >&2; exit 1")


@pytest.mark.parametrize("name", ["new\nline", "-rf", "*", " blank ", os.fsdecode(b"\xff"), "x" * 255, "a:b"])
def test_a_source_may_have_any_names(source: Path, name: str) -> None:
    (source / name).write_text("content")
    output = made(LocalPlace(), source, run="find . -type f -exec cp -t $OUT {} +")
    assert (output / name).read_text() == "content"


@pytest.mark.docker
def test_a_build_that_eats_all_memory_is_ended_and_told(
    container_place: Place, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "SHARE", (64 << 20) / host.memory())
    with pytest.raises(InfrastructureError, match=r"build it-gcc ran out of memory: it was limited to 6[0-9.]+ MiB"):
        made(container_place, source, run="exec tail /dev/zero")
