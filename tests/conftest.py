"""What this machine can do decides which tests run; in CI a missing engine or tool of ours is a failure, not a skip."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import warm

from bootmatrix import files
from bootmatrix.errors import InfrastructureError
from bootmatrix.places.containers import engine
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.containers.pool import Pool
from bootmatrix.toolchains import marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.toolchains.toolchain import Image

PROGRAMS = {
    "qemu": ("qemu-system-x86_64", "qemu-system-aarch64", "qemu-system-riscv64"),
    "solo5": ("solo5-hvt", "solo5-spt", "solo5-elftool"),
    "podman": ("podman",),
    "sshd": ("sshd", "ssh", "ssh-keygen"),
    "browser": ("chromium",),
    "npm": ("npm",),
    "influxdb": ("influxd",),
    "prometheus": ("prometheus", "prometheus-pushgateway", "promtool"),
    "compose": ("docker-compose",),
    "lcov": ("lcov", "genhtml"),
}
# What tests/tools.py installs: in CI its lack is a failure.
OURS = {"browser", "npm", "influxdb", "prometheus", "sshd", "compose", "lcov"}
ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """For all that our tests start, too: no setting of whoever runs them counts."""
    for name in [name for name in os.environ if name.startswith("BOOTMATRIX_")]:
        del os.environ[name]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its jobs in the background ignore Ctrl-C

    gc.disable()  # until all is imported, which leaves hardly any garbage


def pytest_collection_finish() -> None:
    """What is there now stays: no later collection need look at thousands of tests."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    warm.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons = {mark: _missing(mark) for mark in (*PROGRAMS, "docker", "postgresql")}
    for item in items:
        for mark, reason in reasons.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


def _missing(mark: str) -> str:
    if mark == "docker":
        return _no_engine()
    if mark == "postgresql":
        return "" if list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) else "no PostgreSQL below /usr/lib"
    absent = [program for program in PROGRAMS[mark] if not shutil.which(program)]
    if absent and mark in OURS and os.environ.get("CI"):
        raise pytest.UsageError(f"not on PATH: {', '.join(absent)}; tests/tools.py installs them")
    return f"not on PATH: {', '.join(absent)}" if absent else ""


def _no_engine() -> str:
    try:
        engine.client()
    except InfrastructureError as error:
        if os.environ.get("CI"):
            raise pytest.UsageError(str(error)) from None
        return str(error.problems[0].what)
    return ""


@pytest.fixture(scope="session", autouse=True)
def _no_marks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The images of this machine do not keep the marks of caches that only tests had."""
    yield
    ids = tmp_path_factory.getbasetemp().glob(f"*/cache/{marks.FILE}")
    gone = {file.read_text().strip() for file in ids if files.is_plain(file)}
    with contextlib.suppress(InfrastructureError), engine.speaking("its images cannot be listed"):
        found = [tag for each in engine.client().images() for tag in each.get("RepoTags") or ()] if gone else []
        for mark in marks.of(found):
            if mark.cache in gone:
                engine.client().remove_image(mark.tag)


@pytest.fixture(scope="session", autouse=True)
def _nothing_that_stays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Pytest removes the folders of tests some runs later, and fails where it meets what it cannot remove."""
    yield
    left = tmp_path_factory.getbasetemp()
    assert files.mounted_in(left) == []
    deep = ["find", "-P", str(left), "-mindepth", "200", "-print", "-quit"]
    assert subprocess.run(deep, capture_output=True, text=True, check=True).stdout == ""


@pytest.fixture(scope="session")
def debian_12() -> Image:
    """The x86_64 image of Debian 12, made if it is not there yet."""
    return made_image("x86_64")


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    """Containers with a label of this process's own."""
    with Pool(f"tests-{os.getpid()}", tmp_path / "boxes") as opened:
        yield opened


@pytest.fixture
def container_place(debian_12: Image, pool: Pool) -> ContainerPlace:
    return ContainerPlace(debian_12.tag, pool)


def made_image(arch: str) -> Image:
    import threading  # noqa: PLC0415

    from bootmatrix import plugins  # noqa: PLC0415
    from bootmatrix.model import Cell  # noqa: PLC0415
    from bootmatrix.toolchains import imagebuild, toolchain  # noqa: PLC0415

    image = toolchain.image_of(Cell("cell", {"os": "debian-12", "arch": arch}), plugins.images(ROOT))
    if not imagebuild.exists(image):
        imagebuild.make(image, ROOT / "out" / f"test-image-{arch}.log", threading.Event(), lambda _line: None)
    return image


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may see and fill: pytest's own are for this user alone."""
    with tempfile.TemporaryDirectory(prefix="bootmatrix-tests-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
