"""Programs that stand in a boot's network: how each ends is told as it was, whatever it prints."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from support import come_to, script, scripted, write_matrix

from bootmatrix.boots import boot, worlds
from bootmatrix.matrix import load
from bootmatrix.places import devices
from bootmatrix.places.here import apart
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.planning import plan
from bootmatrix.runs.store import Store

if TYPE_CHECKING:
    from pathlib import Path

MUCH = "head -c 3000000 /dev/zero | tr '\\0' x; echo"


@pytest.fixture(autouse=True)
def _here() -> None:
    if trouble := devices.trouble("tun") or apart.trouble():
        pytest.skip(trouble)


def asked(folder: Path, **command: Any) -> tuple[str, str]:
    """The verdict on a guest beside which such a program stands, and its reason."""
    check = {"command": command, "within": "1 min"}
    guest = {**script("exec sleep 1000"), "nets": {"s": "lan"}, "checks": [check], "timeout": "2 min"}
    matrix = {**scripted({"backend": ["command"]}, t=guest), "nets": {"lan": None}}
    (step,) = plan.make(load.load(write_matrix(folder, matrix)), (), "host").boots
    with contextlib.closing(Store(folder / "out", "run", 1)) as store:
        found = come_to(boot.Booter(store), step, LocalPlace())
    return found.verdict, found.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kill -SEGV $$", "sh was ended by SIGSEGV; its output ends with nothing"),
        ("echo x; trap '' TERM; kill -KILL $$", "sh was ended by SIGKILL; its output ends with 'x'"),
        ("exit 139", "sh ended with status 139 instead of 0; its output ends with nothing"),
    ],
)
def test_how_a_program_ends_is_told(text: str, said: str, tmp_path: Path) -> None:
    verdict, reason = asked(tmp_path, run=["sh", "-c", text])
    assert (verdict, said in reason) == ("failed", True), reason


def test_a_program_that_prints_much_goes_on_and_the_first_of_it_is_kept(tmp_path: Path) -> None:
    marks = f"echo first; {MUCH}; touch {tmp_path}/end"
    assert asked(tmp_path, run=["sh", "-c", marks], output="first")[0] == "passed"
    assert (tmp_path / "end").exists()


def test_a_program_that_prints_without_end_is_ended_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worlds, "FLOOD", 2 << 20)
    verdict, reason = asked(tmp_path, run=["yes"])
    assert (verdict, "yes was ended, for it printed more than 2 MiB" in reason) == ("failed", True), reason
