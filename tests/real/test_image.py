"""Images in a real engine: what fails is told as what it is, and the log is bounded in messages."""

from __future__ import annotations

import gc
import threading
import time
from typing import TYPE_CHECKING

import pytest

from bootmatrix import host
from bootmatrix.errors import BootmatrixError, InfrastructureError, UserError
from bootmatrix.places.containers import engine
from bootmatrix.toolchains import imagebuild
from bootmatrix.toolchains.toolchain import Image

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker


def failed(debian_12: Image, folder: Path, run: str) -> BootmatrixError:
    """How the making of an image fails whose Dockerfile runs this."""
    (folder / "mine").mkdir()
    (folder / "mine" / "Dockerfile").write_text(f"FROM {debian_12.tag}\nRUN {run}\n")
    image = Image("mine", folder / "mine", (), "localhost/bootmatrix/tests-never-made:1")
    with pytest.raises(BootmatrixError) as told:
        imagebuild.make(image, folder / "image.log", threading.Event(), lambda _line: None)
    return told.value


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("the reason", UserError),
        ("cp: error writing 'x': No space left on device", InfrastructureError),
        ("write /x: disk quota exceeded", InfrastructureError),
        ("Temporary failure resolving", InfrastructureError),
    ],
)
def test_a_full_disk_and_a_network_are_the_infrastructures(
    debian_12: Image, tmp_path: Path, said: str, kind: type[BootmatrixError]
) -> None:
    error = failed(debian_12, tmp_path, f'echo "{said}" && exit 3')
    assert type(error) is kind
    assert said in str(error)


def test_a_line_of_megabytes_makes_no_long_message(debian_12: Image, tmp_path: Path) -> None:
    error = failed(debian_12, tmp_path, "head -c 3000000 /dev/zero | tr '\\\\0' x; echo; echo the reason; exit 3")
    assert "the reason" in str(error)
    assert len(str(error)) < 20_000


def test_a_context_that_cannot_be_read_is_named(debian_12: Image, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "Dockerfile").symlink_to("/dev/zero")
    image = Image("mine", tmp_path / "mine", (), debian_12.tag)
    with pytest.raises(UserError, match="Dockerfile cannot be read"):
        imagebuild.make(image, tmp_path / "image.log", threading.Event(), lambda _line: None)


def test_what_eats_all_memory_is_ended(debian_12: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "SHARE", (64 << 20) / host.memory())
    assert "returned a non-zero code: 137" in str(failed(debian_12, tmp_path, "exec tail /dev/zero"))


def test_what_never_ends_but_goes_on_talking_is_ended(
    debian_12: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imagebuild, "LONGEST", 0.5)
    error = failed(debian_12, tmp_path, "while echo still here; do sleep 0.1; done; echo never-made")
    assert "the image mine was not built within 0.50 s" in str(error)
    until = time.monotonic() + 60
    while any("never-made" in each["Command"] for each in engine.client().containers()):
        assert time.monotonic() < until, "the engine goes on with it"
    gc.collect()  # a connection that was left open is told now, and fails this test
