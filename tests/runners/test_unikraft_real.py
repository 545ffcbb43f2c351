"""Unikraft guests of every end, built from its sources and booted for real.

UNIKRAFT_SOURCES names a folder with those sources (0.17), which are in no package that `tests/tools.py` installs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bootmatrix import plugins, texts
from bootmatrix.judging import cases
from bootmatrix.model import Boot, Ending

ROOT = Path(__file__).parents[2]
SOURCES = os.environ.get("UNIKRAFT_SOURCES", "")
CROSS = {"x86_64": "", "aarch64": "aarch64-linux-gnu-"}
UNKNOWN = "exited(unknown), disputed"
ENDS = {  # by mode: on x86_64, on aarch64
    "return0": ("exited(0)", "exited(0)"),
    "return3": ("exited(3)", "exited(3)"),
    "exit0": ("exited(0)", "exited(0)"),
    "exit3": ("exited(3)", "exited(3)"),
    "unterminated": ("exited(0)", "exited(0)"),
    "crash": ("crashed(on purpose)", "crashed(on purpose)"),
    "assert": ("crashed(Assertion failure: argc == 77)", "crashed(Assertion failure: argc == 77)"),
    "abort": ("aborted", "aborted"),
    "trap": ("crashed(invalid opcode)", "crashed(EL1 sync trap)"),
    "silent": ("crashed", UNKNOWN),
    "restart": (UNKNOWN, UNKNOWN),
    "lie": ("exited(0), disputed", "exited(0), disputed"),
    "lie-crash": ("crashed(on purpose)", "crashed(on purpose), disputed"),
    "lie-silent": ("crashed", "exited(0), disputed"),
    "die1": ("panicked(before main: an init function returned error -95)",) * 2,
    "die2": ("panicked(before main: dying early)",) * 2,
}

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(not SOURCES, reason="UNIKRAFT_SOURCES names no folder with Unikraft's sources"),
]


@pytest.fixture(scope="module", params=["x86_64", "aarch64"])
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An architecture, and the guest for it."""
    arch, folder = request.param, tmp_path_factory.mktemp("unikraft")
    name = "arm64" if arch == "aarch64" else arch
    if missing := [each for each in (f"{CROSS[arch]}gcc", "bison", "flex", "gawk", "unzip") if not shutil.which(each)]:
        pytest.skip(f"Unikraft's build wants {', '.join(missing)}")
    shutil.copytree(ROOT / "tests/runners/unikraft", folder / "app")
    with (folder / "app/defconfig").open("a") as config:
        config.write(f"CONFIG_ARCH_{'ARM_64' if arch == 'aarch64' else 'X86_64'}=y\n")
    make = ["make", "-C", SOURCES, f"A={folder}/app", f"O={folder}/build", f"CROSS_COMPILE={CROSS[arch]}"]
    for words in ([f"UK_DEFCONFIG={folder}/app/defconfig", "defconfig"], ["-j2"]):
        subprocess.run([*make, *words], check=True, capture_output=True)
    return arch, folder / f"build/ends_qemu-{name}"


def booted(guest: tuple[str, Path], *args: str, seconds: float = 60, **options: object) -> tuple[str, str]:
    """How it ended, as the runner says, and its console."""
    arch, unikernel = guest
    runner = plugins.make_runner("unikraft-qemu", options, ROOT / "docs")
    boot = Boot(arch, f"qemu-system-{arch}", str(unikernel), args, accel="tcg")
    runner.check(unikernel, boot, "")
    with subprocess.Popen(
        runner.launch(boot).argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as qemu:
        try:
            console, tender = qemu.communicate(timeout=seconds)
            status: int | None = qemu.returncode
        except subprocess.TimeoutExpired:
            qemu.kill()
            (console, tender), status = qemu.communicate(), None
    seen = texts.clean(console)
    found = runner.outcome(Ending(status, console=seen, tender=texts.clean(tender), arch=arch))
    return f"{found}, disputed" if found.disputed else str(found), seen


@pytest.mark.parametrize("mode", ENDS)
def test_every_end_is_told(guest: tuple[str, Path], mode: str) -> None:
    wanted = ENDS[mode][guest[0] == "aarch64"]
    if mode.startswith("die"):
        told, console = booted(guest, "return0", params=[f"ends.die={mode[3:]}"])
    else:
        told, console = booted(guest, mode)
    assert told == wanted, console[-2000:]


def test_a_stack_overflow_is_a_crash_whether_it_ends_or_not(guest: tuple[str, Path]) -> None:
    told, console = booted(guest, "overflow", seconds=5)
    assert told == {"x86_64": "crashed(page fault)", "aarch64": "crashed(EL1 sync trap)"}[guest[0]], console[-2000:]


def test_arguments_and_parameters_arrive_as_they_are_written(guest: tuple[str, Path]) -> None:
    args = ("a b", "q\"u'o\\te", "\\", '"', "'", "x,y", "--", "é")
    told, console = booted(guest, "return0", *args, params=["ends.word=two 'words' and \"quotes\"\\"])
    assert told == "exited(0)"
    assert "word=<two 'words' and \"quotes\"\\>\n" in console
    assert "".join(f"arg=<{each}>\n" for each in args) in console


def test_uktest_is_read_through_its_colours(guest: tuple[str, Path]) -> None:
    _, console = booted(guest, "return0")
    told = cases.told("uktest", console, ROOT / "docs")
    assert [(case.name, case.status) for case in told.cases] == [("sums.adds", "passed"), ("sums.fails", "failed")]
    assert not told.trouble
