"""What a test gives its boot: files and disks arrive, placeholders have their values, and names lead nowhere else."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support import PATHS, bootmatrix, started, write_matrix

if TYPE_CHECKING:
    from pathlib import Path

ENGINES = ["host", pytest.param("docker", marks=pytest.mark.docker)]
MAKE = (
    'mkdir "$OUT/sub"; echo made >"$OUT/sub/a b"; ln -s sub "$OUT/link"; printf "made disk" >"$OUT/disk.img";'
    ' ln -s /etc/passwd "$OUT/out"; cp guest.sh "$OUT"'
)
GUEST = """
for word; do echo "[$word]"; done
echo SUCCESS
"""


def guest(*words: str, **keys: Any) -> dict[str, Any]:
    return {
        "unikernel": "guest.sh",
        "build": "it",
        "runner": {"format": "sh", "command": ["sh", "{unikernel}", *words]},
        "expect": {"console": ["SUCCESS"]},
        **keys,
    }


def shell(script: str, *words: str, **keys: Any) -> dict[str, Any]:
    return {**guest(), "runner": {"format": "sh", "command": ["sh", "-c", script, "sh", *words]}, **keys}


DISK = {"size": "1 MiB", "file": "{output}/disk.img"}
WORDS = ["a b", "", "--", "'\"$x", "ä\n-", "{attempt}", "{{attempt}}"]
SAID = ["[a b]\n[]\n[--]\n['\"$x]\n[ä\n-]\n[1]\n[{{attempt}}]\n[{{args}}]\n[64]\n[1]", "[7]\n[words]\nSUCCESS"]
CAT = 'cat "$1" "$2"; [ -w "$1" ] && [ "$(id -u)" != 0 ] || echo SUCCESS'  # root may write what others may not
LOOK = 'stat -c %s "$1"; head -c 9 "$1"; printf changed | dd of="$1" conv=notrunc 2>/dev/null; echo SUCCESS'
CHECK = ["sh", "-c", 'test "$(head -c 7 "$1")" = changed && ! test -e "$1/x"', "sh", "{disk}"]
CHANGED = {"contains": ["changedsk", {"regex": "ch[a-z]{7}"}], "command": CHECK}
BAD = {"contains": "good", "sha256": "0" * 64, "command": ["sh", "-c", "echo so it is; exit 4"]}
OTHER_NET = {"when": [{"match": {"compiler": "clang"}, "nets": {"a": "lan"}}]}
LATE = {"when": [{"match": {"compiler": "clang"}, "files": {"a": "guest.sh"}}], "only": {"compiler": "gcc"}}


def disks(**given: Any) -> dict[str, Any]:
    return shell("echo SUCCESS", "{blocks.a}", blocks=given)


TESTS: dict[str, dict[str, Any]] = {
    "words": guest(
        *("{args}", "{{args}}", "{memory}", "{cpus}", "{depth}", "{test}"),
        params={"depth": ["7"]},
        args=WORDS,
        expect={"console": SAID},
    ),
    "files": shell(
        *(CAT, "{files.mine}", "{files.made}"),
        files={"mine": "data/m,i ne", "made": "{output}/link/a b"},
        expect={"console": "mine\nmade\nSUCCESS"},
    ),
    "in-args": guest(
        "{args}",
        files={"mine": "data/m,i ne"},
        args=["x={files.mine}", "{output}/sub"],
        expect={"console": [{"regex": r"^\[x=/.*\]$"}, {"regex": r"^\[/.*/sub\]$"}]},
    ),
    "disk": shell(
        *(LOOK, "{blocks.a}"),
        blocks={"a": {**DISK, "expect": CHANGED}},
        expect={"console": ["1048576", "made disk"]},
    ),
    "again": shell('head -c 9 "$1"', "{blocks.a}", blocks={"a": DISK}, expect={"console": "made disk"}),
    "wrong": shell(
        'printf "it is bad" >"$1"; echo SUCCESS', "{blocks.a}", blocks={"a": {"size": "64 KiB", "expect": BAD}}
    ),
    "two-disks": shell("echo SUCCESS", "{blocks.a1}", blocks={"a": {"size": "1 MiB", "count": 2}, "a1": "1 MiB"}),
    "unnamed": shell("echo SUCCESS", "{blocks.a10}", blocks={"a": {"size": "4 KiB", "count": 11}}),
    "smaller": disks(a={"file": "{output}/disk.img", "size": "8 B"}),
    "absent-made": guest(files={"a": "{output}/sub/ab"}),
    "made-link": disks(a={"file": "{output}/out"}),
    "no-build": guest("{output}", build=None),
    "elsewhere": guest("{files.a}", **LATE),
    "other-net": guest(args=["{net.a.guest}"], **OTHER_NET),
    "other-net-early": guest(expect={"console": "{net.a.mac}"}, **OTHER_NET),
    "long": guest("{args}", args=["x" * 131_072]),
    "long-enough": guest("{args}", args=["x" * 131_071]),
}
SHOWN = "sh -c 'echo so it is; exit 4', ended with status 4"
WANTED = {
    "two-disks": ("error", "two disks are called 'a1'"),
    "unnamed": ("error", "the command does not name the disk 'a0'"),
    "smaller": ("error", "the disk 'a' has 8 B, but its file disk.img has 9 B"),
    "absent-made": ("error", "did you mean 'sub/a b'?"),
    "made-link": ("error", "is outside of"),
    "no-build": ("error", "{output} is used, but the test has no build here"),
    "elsewhere": ("error", "{files.a} is used, but the test's `files` do not have it here"),
    "other-net": ("error", "{net.a.guest} is used, but the test's `nets` do not have it here"),
    "other-net-early": ("error", "{net.a.mac} is used, but the test's `nets` do not have it here"),
    "long": ("error", "is 131,072 bytes long, but a program takes words of at most 131,071"),
    "wrong": (
        "failed",
        f"instead of {'0' * 64}; the disk 'a' does not hold 'good'; the check of the disk 'a', {SHOWN}: so it is",
    ),
}


def project(folder: Path, tests: dict[str, dict[str, Any]]) -> Path:
    (folder / "in" / "data").mkdir(parents=True)
    (folder / "outside").write_text("secret")
    (folder / "in" / "data" / "link").symlink_to("../../outside")
    os.mkfifo(folder / "in" / "data" / "pipe")
    (folder / "in" / "data" / "m,i ne").write_text("mine\n")
    (folder / "in" / "guest.sh").write_text(GUEST)
    builds = {"it": {"run": MAKE, "source": "source"}}
    (folder / "in" / "source").mkdir()
    (folder / "in" / "source" / "guest.sh").write_text(GUEST)
    axes = {"backend": ["command"], "compiler": ["gcc", "clang"]}
    write_matrix(folder / "in", {"axes": axes, "nets": {"lan": {}}, "builds": builds, "tests": tests})
    return folder / "in"


def results(folder: Path, *words: str) -> dict[str, Any]:
    done = bootmatrix("run", *words, "compiler=gcc", cwd=folder, BOOTMATRIX_CACHE=str(folder.parent / "cache"))
    report = folder / "out/latest/results.json"
    assert report.exists(), done.stderr
    return {each["test"].partition("@")[0]: each for each in json.loads(report.read_text())["results"]}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_boot_has_what_its_test_gives_it(tmp_path: Path, engine: str) -> None:
    folder = project(tmp_path, TESTS)
    found = results(folder, "--engine", engine)
    assert set(found) == set(TESTS)
    for test, result in found.items():
        verdict, reason = WANTED.get(test, ("passed", ""))
        assert result["verdict"] == verdict, (test, result["reason"])
        assert reason in result["reason"], test
    assert (folder / "data" / "m,i ne").read_text() == "mine\n"
    kept = folder / "out" / "latest" / found["wrong"]["attempts"][0]["files"][-1]
    assert kept.name == "1.disk.a.img"
    assert kept.read_bytes() == b"it is bad"
    assert [*(folder / "out").glob("**/*.img")] == [*(folder / "out").glob("**/1.disk.a.img")]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_repro_prints_has_them_too_and_again(tmp_path: Path, engine: str) -> None:
    folder = project(tmp_path, {"disk": TESTS["disk"]})
    cache = str(tmp_path / "cache")
    printed = bootmatrix("repro", "command-gcc/disk", "--engine", engine, cwd=folder, BOOTMATRIX_CACHE=cache)
    assert printed.returncode == 0, printed.stderr
    for held in ("made disk", "changedsk"):
        done = subprocess.run(["sh"], input=printed.stdout, capture_output=True, text=True, check=False)
        assert done.stdout == f"1048576\n{held}SUCCESS\n", done.stderr


def test_a_pass_is_not_reused_where_a_file_or_a_disk_has_changed(tmp_path: Path) -> None:
    tests = {
        "file": guest("{args}", args=["{files.a}"], files={"a": "data/a"}, build=None),
        "disk": {**disks(a={"file": "data/b"}), "build": None},
    }
    folder = project(tmp_path, tests)

    def reused() -> dict[str, bool]:
        found = results(folder, "--engine", "host", "--reuse")
        assert {each["verdict"] for each in found.values()} == {"passed"}
        return {test: bool(each.get("reused")) for test, each in found.items()}

    (folder / "data" / "a").write_text("1")
    (folder / "data" / "b").write_text("1")
    assert reused() == {"file": False, "disk": False}
    assert reused() == {"file": True, "disk": True}
    (folder / "data" / "b").write_text("2")
    assert reused() == {"file": True, "disk": False}
    (folder / "data" / "a").write_text("2")
    assert reused() == {"file": False, "disk": True}


def test_a_check_that_is_interrupted_is_no_failure_of_the_guest(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    os.mkfifo(mark)
    begun = os.open(mark, os.O_RDONLY | os.O_NONBLOCK)
    asked = {"size": "4 KiB", "expect": {"command": ["sh", "-c", f"echo >{mark}; exec sleep 600"]}}
    folder = project(tmp_path, {"t": {**disks(a=asked), "build": None, "timeout": "700 s"}})
    cache = str(tmp_path / "cache")
    with started("run", "--engine", "host", "compiler=gcc", cwd=folder, BOOTMATRIX_CACHE=cache) as process:
        assert select.select([begun], [], [], 300)[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    os.close(begun)
    events = (folder / "out" / "latest" / "events.jsonl").read_text()
    assert "boot finished" not in events


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_guest_that_meets_a_full_disk_of_the_host_is_no_failure_of_the_guest(tmp_path: Path) -> None:
    """Its own disk had room when it began."""
    cache = tmp_path / "cache"
    fill = f'for n in 1 2 3 4 5; do cat /dev/zero >"{cache}/$n"; done 2>/dev/null; printf x | dd of="$1"; echo SUCCESS'
    folder = project(tmp_path, {"full": shell(fill, "{blocks.a}", blocks={"a": "8 MiB"}, build=None)})
    cache.mkdir()
    mounted = f'mount -t tmpfs -o size=32m none "{cache}" && exec "$@"'
    argv = ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted, "sh", sys.executable, "-m", "bootmatrix"]
    env = {**os.environ, "BOOTMATRIX_CACHE": str(cache), "PYTHONPATH": PATHS}
    words = ["run", "--engine", "host", "compiler=gcc"]
    done = subprocess.run([*argv, *words], cwd=folder, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "-disks cannot be written: No space left on device (the disk mounted at" in done.stdout + done.stderr
