"""The project's jobs: `nox -s matrix`, `nox -s tests`, `nox -s lint`. Each does all of its own set-up."""

import shutil
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True
ROOT = Path(__file__).parent
PACKAGES = ["qemu-system-x86", "qemu-system-arm", "qemu-system-misc", "gcc", "clang", "lld", "make"]
CROSS = ["gcc-aarch64-linux-gnu", "gcc-riscv64-linux-gnu"]


@nox.session
def matrix(session: nox.Session) -> None:
    """Boot the project's own matrix: containers for each toolchain, real boots, out/latest/junit.xml."""
    session.install("-e", ".")
    session.run("bootmatrix", "setup", "--yes")
    session.run("bootmatrix", "run", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Test the built wheel, with real containers and real boots."""
    groups = nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "test")
    session.install("build", "hatchling", *groups)
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--no-isolation", silent=True)
    (wheel,) = (ROOT / "dist").glob("*.whl")
    session.install("--force-reinstall", "--no-deps", str(wheel))
    session.install(str(wheel))
    session.run("bootmatrix", "setup", "--yes", "--for-tests")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style, the formatting and the types."""
    session.install("-e", ".", *nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
