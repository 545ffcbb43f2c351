"""How a guest of Solo5's Xen target ended: its bindings' words have the status, and Xen must agree."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from elves import ABI, MANIFEST, elf, note
from runners.tenders import BANNER, CRASHED, TRAP, called

from bootmatrix import plugins
from bootmatrix.model import Boot, Ending, Outcome, Rejected, Runner
from bootmatrix.texts import clean
from runners import xl

ROOT = Path(__file__).parents[2]
ABORTED = "about to abort\nSolo5: solo5_abort() called\n"
BOOT = Boot("x86_64", "xl", "/u/x", folder="/job/b1")


def make(**options: object) -> Runner:
    return plugins.make_runner("solo5-xen", options, ROOT / "docs")


def outcome(code: int, console: str, **options: object) -> Outcome:
    text = clean((BANNER + console).replace("\n", "\r\n").encode())
    return make(**options).outcome(Ending(0, "", console=text, tender=xl.ended(code), arch="x86_64"))


@pytest.mark.parametrize(
    ("code", "console", "wanted"),
    [
        (0, called(0), "exited(0)"),
        (0, called(1), "exited(1)"),
        (0, called(256), "exited(256)"),
        (3, called(255), "exited(255)"),
        (3, called(-1), "exited(255)"),
        (3, ABORTED, "aborted"),
        (3, TRAP, CRASHED),
        (3, "Solo5: ABORT: xen/console.c:97: Assertion `rc == 0' failed\n", "aborted"),
        (0, "SUCCESS\n", "exited(unknown)"),
        (3, "SUCCESS\n", "crashed(domain crash)"),
        (1, "SUCCESS\n", "crashed(reset)"),
    ],
)
def test_the_bindings_words_tell_what_xen_does_not(code: int, console: str, wanted: str) -> None:
    found = outcome(code, console)
    assert (str(found), found.disputed) == (wanted, "")


@pytest.mark.parametrize(
    ("code", "console", "wanted"),
    [
        (3, called(0), "crashed(domain crash)"),
        (1, called(0), "crashed(reset)"),
        (0, called(255), "exited(unknown)"),
        (0, ABORTED, "exited(unknown)"),
        (0, TRAP, "exited(unknown)"),
        (0, called(0) + called(1), "exited(1)"),
        (3, called(0) + TRAP, CRASHED),
    ],
)
def test_a_lie_about_its_own_end_is_disputed(code: int, console: str, wanted: str) -> None:
    found = outcome(code, console)
    assert str(found) == wanted
    assert found.disputed


@pytest.mark.parametrize(
    ("code", "console", "wanted"),
    [
        (0, "SUCCESS\n", "exited(unknown)"),
        (0, called(0), "exited(unknown)"),
        (3, "SUCCESS\n", "crashed(domain crash)"),
        (3, "Solo5: ABORT: x.c:1: no\n", "aborted"),
    ],
)
def test_of_a_quiet_one_xen_tells_what_it_can(code: int, console: str, wanted: str) -> None:
    assert str(outcome(code, console, quiet=True)) == wanted


@pytest.mark.parametrize(("args", "words"), [(("--solo5:quiet",), "hides how"), (("x" * 8192,), "8,192 bytes")])
def test_arguments_that_hide_the_end_or_would_not_arrive_are_refused(
    tmp_path: Path, args: tuple[str, ...], words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        make().check(_unikernel(tmp_path, 6), Boot("x86_64", "xl", "/u/x", args), "")


def test_another_target_is_refused(tmp_path: Path) -> None:
    make().check(_unikernel(tmp_path, 6), BOOT, "")
    with pytest.raises(Rejected, match="is built for virtio, not for xen"):
        make().check(_unikernel(tmp_path, 3), BOOT, "")


def test_a_file_that_has_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has not changed for a while is read once; a later state of it is another."""
    monkeypatch.setattr(time, "time_ns", lambda now=time.time_ns: now() + 10**10)
    file = _unikernel(tmp_path, 6)
    before = file.stat().st_ctime_ns
    make().check(file, BOOT, "")
    while file.stat().st_ctime_ns == before:
        _unikernel(tmp_path, 3)
    with pytest.raises(Rejected, match="is built for virtio, not for xen"):
        make().check(file, BOOT, "")


def test_devices_of_a_manifest_which_nothing_can_acquire_are_refused(tmp_path: Path) -> None:
    devices = struct.pack("<II", 1, 1) + struct.pack("<68sI32x", b"storage", 1)
    with pytest.raises(Rejected, match=r"declares the devices BLOCK_BASIC 'storage', but the Xen bindings .* have no"):
        make().check(_unikernel(tmp_path, 6, devices), BOOT, "")


def _unikernel(folder: Path, target: int, manifest: bytes = b"") -> Path:
    file = folder / "u.xen"
    notes = [(ABI, note(target.to_bytes(4, "little") + (1).to_bytes(4, "little")))]
    file.write_bytes(elf([*notes, *([(MANIFEST, note(manifest, 8))] if manifest else [])]))
    return file
