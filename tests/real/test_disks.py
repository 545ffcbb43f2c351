"""Disks of real guests: what one writes is there afterwards, and no other boot sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import solo5
from support import bootmatrix, write_matrix

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [pytest.mark.solo5, pytest.mark.qemu]
WRITTEN = {"contains": ["written by the guest", {"regex": "by the (guest|host)"}]}
IMAGE = b"an image of the user's".ljust(8192, b".")
ONLY = {"backend": ["solo5-hvt", "solo5-spt"]}


def reads(begins: str, size: int, sector: int = 512, **keys: Any) -> dict[str, Any]:
    shown = [f"bytes: {size} sector: {sector}", f"begins: [{begins}]", "SUCCESS"]
    return {"expect": {"console": shown}, **keys}


TESTS: Mapping[str, dict[str, Any]] = {
    "zeros": reads("", 1 << 20, blocks={"storage": {"size": "1 MiB", "expect": WRITTEN}}),
    "image": reads("an image of the user", 8192, blocks={"storage": {"file": "image", "expect": WRITTEN}}),
    "image-again": reads("an image of the user", 8192, blocks={"storage": {"file": "image"}}),
    "longer": reads("an image of the user", 1 << 30, blocks={"storage": {"file": "image", "size": "1 GiB"}}),
    "sectors": reads("", 1 << 20, 4096, only=ONLY, blocks={"storage": {"size": "1 MiB", "sector": 4096}}),
    "no-disk": {},
    "two-disks": {"blocks": {"storage": "1 MiB", "other": "1 MiB"}},
    "misaligned": {
        "only": ONLY,
        "blocks": {"storage": {"size": "6 KiB", "sector": 4096}},
        "expect": {"outcome": "rejected", "tender": "Backing storage size must be block aligned"},
    },
    "odd": {
        "only": ONLY,
        "blocks": {"storage": {"size": "1563 B", "sector": 521}},
        "expect": {"outcome": "rejected", "tender": "Block size must be a multiple of 2"},
    },
    "told-before": {"only": ONLY, "blocks": {"storage": {"size": "6 KiB", "sector": 4096}}},
    "wrong": reads("", 8192, blocks={"storage": {"size": "8 KiB", "expect": {"contains": "never written"}}}),
}
ERRORS = {
    "no-disk": "declares the devices BLOCK_BASIC 'storage', but nothing attaches them",
    "two-disks": "declares no BLOCK_BASIC 'other', which the test gives it",
    "told-before": "which is no multiple of its sectors of 4,096",
}


@pytest.fixture(scope="module")
def unikernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return solo5.make(tmp_path_factory.mktemp("disk"), Path(__file__).with_name("disk.c"), storage="BLOCK_BASIC")


@pytest.mark.parametrize(
    ("engine", "backends"),
    [
        ("host", ["solo5-spt"]),
        pytest.param("docker", ["solo5-hvt", "solo5-spt", "solo5-virtio"], marks=pytest.mark.docker),
    ],
)
def test_guests_have_disks_of_their_own(tmp_path: Path, unikernels: Path, engine: str, backends: list[str]) -> None:
    for abi in solo5.ABIS:
        (tmp_path / f"disk.{abi}").write_bytes((unikernels / f"disk.{abi}").read_bytes())
    (tmp_path / "image").write_bytes(IMAGE)
    plain = {"unikernel": "disk.{format}", "runner": {"prefix": "/usr/local"}}
    tests = {name: {**plain, **keys} for name, keys in TESTS.items()}
    write_matrix(tmp_path, {"axes": {"backend": backends}, "defaults": {"timeout": "60 s"}, "tests": tests})
    done = bootmatrix("run", "--engine", engine, cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    report = tmp_path / "out/latest/results.json"
    assert report.exists(), done.stderr
    for result in json.loads(report.read_text())["results"]:
        _check(result, tmp_path / "out/latest")
    assert (tmp_path / "image").read_bytes() == IMAGE


def _check(result: dict[str, Any], run: Path) -> None:
    name, verdict, reason = result["test"], result["verdict"], result["reason"]
    if verdict == "skipped":
        assert result["axes"]["backend"] == "solo5-hvt", reason  # without a KVM that works
    elif name == "wrong":
        assert (verdict, "the disk 'storage' does not hold 'never written'" in reason) == ("failed", True)
        kept = (run / result["attempts"][0]["files"][-1]).read_bytes()
        assert (len(kept), kept[512:532], kept[7680:7700]) == (8192, b"written by the guest", b"written by the guest")
    else:
        assert verdict == ("error" if name in ERRORS else "passed"), (name, reason)
        assert ERRORS.get(name, "") in reason
