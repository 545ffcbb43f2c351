"""The project's jobs: `nox -s matrix`, `tests`, `lint`, `conformance` or `bench`. Each does all of its own set-up."""

import json
import os
import shutil
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "uv|virtualenv"  # uv, where it is, installs in a fifth of the time
GROUPS = nox.project.load_toml("pyproject.toml")


def _alone(session: nox.Session) -> None:
    """Keep out the folder from which README's command runs nox itself."""
    session.env["PYTHONPATH"] = ""
    session.env["UV_COMPILE_BYTECODE"] = "1"  # once, as pip does, and not in each process that a test starts


@nox.session
def matrix(session: nox.Session) -> None:
    """Boot the project's own matrix: a container for each toolchain, real boots, out/latest/junit.xml."""
    _alone(session)
    session.install("-e", ".")
    session.run("bootmatrix", "setup", "--yes")
    session.run("bootmatrix", "run", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Test the built wheel, with real containers and real boots."""
    _alone(session)
    session.env["PYTHONDONTWRITEBYTECODE"] = ""  # pytest's workers use each other's bytecode of the tests
    session.install(*nox.project.dependency_groups(GROUPS, "test"))
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--no-isolation", silent=True)
    (wheel,) = map(str, Path("dist").glob("*.whl"))
    session.install(wheel)
    session.install("--force-reinstall", "--no-deps", wheel)  # the same version may have other content
    session.run("bootmatrix", "setup", "--yes", "--host-tools")
    session.run("python", "tests/tools.py")
    workers = (os.cpu_count() or 1) + 1  # tests wait for boots more than they compute
    session.run("pytest", f"--numprocesses={workers}", "--dist=worksteal", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and types, of the page's script and style, too, and that nothing is unused."""
    _alone(session)
    session.env["UV_COMPILE_BYTECODE"] = "0"  # each of these programs is started once
    session.install("-e", ".", *nox.project.dependency_groups(GROUPS, "lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("vulture")
    session.run("vulture", "bootmatrix", "runners", "reports")  # nor used by the tests alone
    _lint_page(session)
    session.run("mypy")


def _lint_page(session: nox.Session) -> None:
    """The sources for their format; a written page for names that no file of it has, or that none uses."""
    session.run("python", "tests/tools.py", "npm")
    packages = json.loads(Path("package.json").read_text())["dependencies"]
    node = Path(session.virtualenv.location, "node")
    npm = ["npm", "install", "--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
    wanted = [f"{name}@{version}" for name, version in packages.items()]
    session.run(*npm, "--silent", f"--prefix={node}", *wanted, external=True)
    biome = str(node / "node_modules/.bin/biome")
    session.run(biome, "check", "--error-on-warnings", "reports/_page", external=True)
    page = Path(session.create_tmp(), "page")
    session.run("python", "tests/page/demo.py", str(page), silent=True)
    session.run(biome, "lint", "--error-on-warnings", str(page / "index.html"), external=True)


@nox.session
def conformance(session: nox.Session) -> None:
    """Hold every runner that ships to the truth, and write what was found into docs/conformance.md."""
    _alone(session)
    session.install("-e", ".")
    session.run("bootmatrix", "setup", "--yes")
    found, page = Path(session.create_tmp(), "table.md"), Path("docs/conformance.md")
    with found.open("w") as table:
        session.run("bootmatrix", "conformance", "--all", "--format", "markdown", stdout=table, stderr=None)
    before, words, rest = page.read_text().partition("says what it needs.\n")
    _, title, after = rest.partition("\n## A kit")
    page.write_text(f"{before}{words}\n{found.read_text()}{title}{after}")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what docs/benchmarks.md lists, each figure against something of this machine: out/benchmarks.json."""
    _alone(session)
    session.install("-e", ".")
    session.run("bootmatrix", "setup", "--yes")
    session.run("python", "-m", "benchmarks", *session.posargs)
