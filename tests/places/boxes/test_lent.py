"""What a box can be shown of this host, and where that is not possible."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from places.boxes.boxed import ROOT, RUN

from bootmatrix import plugins
from bootmatrix.boots.tenders import Tenders, Unavailable
from bootmatrix.errors import Fatal
from bootmatrix.model import MIB, Tender
from bootmatrix.places.boxes import roots
from bootmatrix.places.containers import engine

if TYPE_CHECKING:
    from bootmatrix.places.boxes.place import BoxPlace

pytestmark = pytest.mark.docker

FULL = r"roots cannot be written: No space left on device \(the disk mounted at"
PACKS = """
import sys
from bootmatrix import host
from bootmatrix.errors import Fatal
from bootmatrix.places.boxes import roots
from bootmatrix.places.containers.pool import Pool
run, image, box = sys.argv[1:]
with Pool(run, host.cache() / "pool") as pool:
    try:
        roots.of(image, box, pool)
    except Fatal as error:
        print(error, "and left", list(roots.folder().iterdir()))
"""


def test_a_prefix_that_no_box_can_show_keeps_a_test_out_of_it(place: BoxPlace) -> None:
    """Nothing of a box is asked for it: it is no failure of the infrastructure, which would be tried again."""
    with tempfile.TemporaryDirectory(dir="/tmp") as prefix:  # where a boot has its scratch folder
        (Path(prefix) / "bin").mkdir()
        shutil.copy("/bin/true", f"{prefix}/bin/tender")
        runner = plugins.make_runner("command", {"command": ["tender"]}, ROOT)
        with pytest.raises(Unavailable, match="in a box nothing of the host can be mounted at /tmp"):
            Tenders().find(place, runner, Tender("tender", prefix=prefix), None)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_full_before_a_root_is_packed_is_told(place: BoxPlace, tmp_path: Path) -> None:
    """Neither the engine nor the image has anything to do with it."""
    mounted = f'mount -t tmpfs -o size={MIB} tmpfs "$1" && shift && exec "$@"'
    apart = ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted, "sh", str(tmp_path)]
    words = [sys.executable, "-c", PACKS, RUN, place.image, place.machines.box]
    env = {**os.environ, "BOOTMATRIX_CACHE": str(tmp_path)}
    done = subprocess.run([*apart, *words], env=env, capture_output=True, text=True, timeout=300, check=False)
    assert re.search(FULL, done.stdout), done.stdout + done.stderr
    assert "and left []" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_full_while_a_root_is_packed_is_told(
    place: BoxPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine has to see that disk: it is mounted where everybody does."""
    size = MIB + unpacked(place.image)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(tmp_path)], check=True)
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path))
    try:
        with pytest.raises(Fatal, match=FULL):
            roots.of(place.image, place.machines.box, place.machines.pool)
        assert not list(roots.folder().iterdir())
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def unpacked(image: str) -> int:
    """Bytes of its files, as the engine hands them out."""
    made = engine.client().create_container(image=image, command=["true"])["Id"]
    try:
        return sum(map(len, engine.client(patient=True).export(made)))
    finally:
        engine.remove(made)
