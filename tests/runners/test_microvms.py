"""A run with Firecracker and with Cloud Hypervisor, of which our stand-ins are on PATH."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import microvms
import pytest
from support import bootmatrix, write_matrix

from bootmatrix import host

if TYPE_CHECKING:
    from pathlib import Path

BACKENDS = ["firecracker", "cloud-hypervisor"]


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """A PATH with both."""
    if trouble := host.kvm_trouble():
        pytest.skip(trouble)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BACKENDS:
        (folder / name).symlink_to(microvms.FAKES[name])
    return f"{folder}:{os.environ['PATH']}"


def told(tmp_path: Path, path: str, tests: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """By backend and test: the verdict and the reason."""
    for end in ("reset", "triple", "off"):
        microvms.guest(tmp_path, "SUCCESS\n", end, shows=True)
    axes = {"arch": ["x86_64"], "backend": BACKENDS}
    write_matrix(tmp_path, {"axes": axes, "defaults": {"memory": "16 MiB"}, "tests": tests})
    cache = str(tmp_path / "cache")
    bootmatrix("run", "--engine", "host", cwd=tmp_path, PATH=path, TMPDIR=str(tmp_path), BOOTMATRIX_CACHE=cache)
    report = json.loads((tmp_path / "out" / "latest" / "report.json").read_text())
    return {
        f"{result['axes']['backend']}/{result['test']}": (result["verdict"], result["reason"])
        for result in report["results"]
    }


def test_guests_are_launched_and_judged(tmp_path: Path, programs: str) -> None:
    (tmp_path / "disk").write_bytes(bytes(1024))
    seen = told(
        tmp_path,
        programs,
        {
            "shown": {
                "unikernel": "reset.elf",
                "args": ["one", "two  blanks"],
                "files": {"ram": "disk"},
                "blocks": {"data": "1 MiB"},
                "runner": {"initrd": "{files.ram}", "options": []},
                "expect": {"console": "one two  blanks"},
                "when": [{"match": {"backend": "cloud-hypervisor"}, "runner": {"on_reset": "exited"}}],
            },
            "plain": {"unikernel": "reset.elf"},
            "triple": {"unikernel": "triple.elf", "expect": {"console": "SUCCESS"}},
            "refused": {"unikernel": "disk"},
        },
    )
    crashed = "crashed(triple fault) instead of exited(0), but the console shows all that is expected"
    for backend in BACKENDS:
        assert seen[f"{backend}/shown"][0] == "passed", seen
        assert seen[f"{backend}/triple"] == ("contradicted", crashed)
        verdict, reason = seen[f"{backend}/refused"]
        assert (verdict, "Elf" in reason or "bzImage" in reason) == ("error", True), seen
    verdict, reason = seen["firecracker/plain"]
    assert (verdict, reason.partition(":")[0]) == ("contradicted", "it is unknown how the guest ended")
    assert seen["cloud-hypervisor/plain"] == ("failed", "crashed(reset) instead of exited(0)")


def test_a_host_without_them_skips_their_tests(tmp_path: Path) -> None:
    plain = os.pathsep.join(each for each in os.environ["PATH"].split(os.pathsep) if not _has_one(each))
    seen = told(tmp_path, plain, {"plain": {"unikernel": "reset.elf"}})
    for backend in BACKENDS:
        assert seen[f"{backend}/plain"][0] == "skipped", seen
        assert backend in seen[f"{backend}/plain"][1]


def _has_one(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in BACKENDS)  # noqa: PTH118  # as PATH has it
