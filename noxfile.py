"""The project's jobs: `nox -s matrix`, `nox -s tests`, `nox -s lint`. Each does all of its own set-up."""

import os
import shutil
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True
os.environ.pop("PYTHONPATH", None)  # where README's command keeps nox itself: no business of the sessions
GROUPS = nox.project.load_toml("pyproject.toml")


@nox.session
def matrix(session: nox.Session) -> None:
    """Boot the project's own matrix: a container for each toolchain, real boots, out/latest/junit.xml."""
    session.install("-e", ".")
    session.run("bootmatrix", "setup", "--yes")
    session.run("bootmatrix", "run", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Test the built wheel, with real containers and real boots."""
    session.install("build", "hatchling", *nox.project.dependency_groups(GROUPS, "test"))
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--no-isolation", silent=True)
    (wheel,) = map(str, Path("dist").glob("*.whl"))
    session.install(wheel)
    session.install("--force-reinstall", "--no-deps", wheel)  # the same version may have other content
    session.run("bootmatrix", "setup", "--yes", "--host-tools")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and types."""
    session.install("-e", ".", *nox.project.dependency_groups(GROUPS, "lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
