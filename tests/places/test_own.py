"""Files that a job gets of its own: they arrive, nobody else sees them, and no name or link leads anywhere."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support import run_job

from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.places import own
from bootmatrix.places.containers import engine, settings
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.places.place import Place

EVERY = bytes(range(256))


def said(place: Place, script: str, given: Mapping[str, bytes]) -> bytes:
    folder = place.folder()
    job = Job(("sh", "-c", script, "sh", folder), "test", folder=folder, files=given)
    _, console, tender = run_job(place, job)
    return console + tender


def left(tmp_path: Path) -> list[Path]:
    """What is there of anybody's own files when all jobs have ended."""
    return [*tmp_path.glob("bootmatrix-*"), *tmp_path.glob(f"boxes/*/{own.NAME}")]


def containers(place: Place) -> list[str]:
    run = place.pool.run if isinstance(place, ContainerPlace) else ""
    return [each["Id"] for each in engine.client().containers(filters={"label": f"{settings.LABEL}={run}"})]


def test_they_arrive_and_are_gone_afterwards(place: Place, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        found = said(place, 'ls -A "$1"; cat "$1/config" "$1/-a b"', {"config": EVERY, "-a b": b"second"})
    finally:
        os.umask(before)
    assert found == b"-a b\nconfig\n" + EVERY + b"second"
    assert left(tmp_path) == []


def test_they_can_only_be_read(place: Place) -> None:
    if isinstance(place, LocalPlace) and not os.getuid():
        assert said(place, 'stat -c %a "$1" "$1/config"', {"config": b"mine"}) == b"555\n444\n"  # root may do all
        return
    script = 'cd "$1"; (echo more >>config; rm -f config; touch more; mv config other) 2>/dev/null; ls; cat config'
    assert said(place, script, {"config": b"mine"}) == b"config\nmine"


def test_the_next_boot_sees_only_its_own(place: Place, request: pytest.FixtureRequest) -> None:
    look = 'ls -A "$1" 2>/dev/null; cat "$1"/* 2>/dev/null'
    warm = "warm" in request.node.name
    assert said(place, look, {"first": b"1\n"}) == b"first\n1\n"
    before = containers(place) if warm else []
    assert said(place, look, {"second": b"2\n"}) == b"second\n2\n"
    assert said(place, look, {}) == b""
    assert said(place, look, {"first": b"3\n"}) == b"first\n3\n"
    if warm:
        assert len(before) == 1
        assert containers(place) == before, "they were all in one container"


def test_they_are_nothing_by_which_containers_differ() -> None:
    job = Job(("true",), "test")
    assert replace(job, folder="/own", files={"a": b""}).room == job.room


NAMES = ["", ".", "..", "a/b", "../x", "/x", "a\0b", "a\nb", "\x1b[2J", "x" * 256, "é" * 128, "\udcff", "\ud800"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="which is not a valid file name"):
        own.lay(tmp_path / "own", {"good": b"", name: b"bad"})
    assert list(tmp_path.iterdir()) == []


def test_a_place_refuses_it_before_anything_runs(place: Place, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'\.\./x', which is not a valid file name"):
        said(place, "echo it ran", {"../x": b"bad"})
    assert left(tmp_path) == []
    assert said(place, 'cat "$1/x"', {"x": b"the next"}) == b"the next"


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "own"
    victim.mkdir()
    link.symlink_to(victim)
    with pytest.raises(InfrastructureError, match="exists already"):
        own.lay(link, {"a": b"bad"})
    assert list(victim.iterdir()) == []


@pytest.mark.parametrize("swap", ['ln -s "$2" "$1"', 'mkdir "$1"; ln -s "$2" "$1/a"', ': >"$1"', ":"])
def test_nothing_is_removed_through_a_link(tmp_path: Path, swap: str) -> None:
    """A boot on this host has the rights of its caller."""
    victim = tmp_path / "victim"
    (victim / "deep").mkdir(parents=True)
    victim.chmod(0o750)
    place = LocalPlace(tmp_path)
    folder = place.folder()
    script = f'chmod 700 "$1"; rm -rf "$1"; {swap}'
    run_job(place, Job(("sh", "-c", script, "sh", folder, str(victim)), "test", folder=folder, files={"a": b"x"}))
    assert not os.path.lexists(folder)
    assert (victim / "deep").is_dir()
    assert victim.stat().st_mode & 0o777 == 0o750
