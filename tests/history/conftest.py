"""Databases of each kind, for the tests of the history."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from histories import result, run
from sqlalchemy import create_engine, text

from bootmatrix.history.database import History, opened

if TYPE_CHECKING:
    from collections.abc import Iterator


PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server of our own, reached through a socket in a folder: it does not start as root."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL's server programs are not here")
    with tempfile.TemporaryDirectory(prefix="bootmatrix-") as name:  # pytest's own is closed to other users
        folder, user = Path(name), list[str]()
        if os.getuid() == 0:
            shutil.chown(folder, "nobody")
            user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        data = folder / "data"

        def call(program: str, *args: str) -> None:
            subprocess.run([*user, str(PROGRAMS[0] / program), "-D", str(data), *args], check=True, cwd=folder)

        call("initdb", "-U", "us", "-A", "trust", "-N")
        settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield f"host={folder}&user=us"
        finally:
            call("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "history.sqlite")
    at = request.getfixturevalue("server")
    name = f"t{abs(hash(request.node.nodeid))}"
    engine = create_engine(f"postgresql+psycopg:///postgres?{at}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"postgresql+psycopg:///{name}?{at}"


@pytest.fixture
def past(url: str, tmp_path: Path) -> Iterator[History]:
    with opened(tmp_path, url) as history:
        yield history


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("two-runs") / "history.sqlite"
    with opened(place.parent, str(place)) as past:
        for number in (1, 2):
            past.record(run(number, result(), result("gone"), *(result(f"t{at}") for at in range(200))))
    return place


@pytest.fixture
def file(two_runs: Path, tmp_path: Path) -> Path:
    """A history of two runs."""
    return Path(shutil.copy(two_runs, tmp_path / "history.sqlite"))


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    place = tmp_path / "elsewhere/victim"
    place.parent.mkdir()
    place.write_bytes(b"as it was\n" * 100)
    return place
