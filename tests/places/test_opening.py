"""Places are opened by what they are of, and what depends on it is asked of them."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bootmatrix import host
from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.places import opening
from bootmatrix.places.containers import sight
from bootmatrix.places.hosts import HERE

if TYPE_CHECKING:
    from bootmatrix.places.opening import Places


@dataclass
class Image:
    tag: str


@pytest.fixture
def places(tmp_path: Path) -> Places:
    with opening.opened("tests", tmp_path / "boxes") as found:
        return found  # nothing is started here


def test_a_place_is_opened_once_and_named_by_its_image(places: Places) -> None:
    first, other, here = (places.of(image) for image in (Image("a:1"), Image("b:1"), None))
    assert [place.name for place in (first, other, here)] == ["a:1", "b:1", "this host"]
    assert places.of(Image("a:1")) is first
    assert places.of(None) is here


def test_places_on_one_machine_have_one_host(places: Places) -> None:
    assert {places.of(image).host.name for image in (Image("a:1"), None)} == {HERE.name}


def test_an_engine_is_needed_where_there_is_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    def trouble() -> None:
        raise InfrastructureError("no engine")

    monkeypatch.setattr(sight, "check", trouble)
    opening.check(Path(), [None, None])
    with pytest.raises(InfrastructureError, match="no engine"):
        opening.check(Path(), [None, Image("a:1")])


def test_what_a_places_identity_does_not_cover_is_named(places: Places) -> None:
    """A container's image speaks for its programs; on this host each is a file that may change."""
    assert places.of(Image("a:1")).uncovered("sh") is None
    found = places.of(None).uncovered("sh")
    assert found
    assert os.access(found, os.X_OK)
    assert places.of(None).uncovered("no-such-program") == Path("no-such-program")


def test_a_build_finds_its_programs_where_its_place_has_them(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/opt/here:/bin")
    assert places.of(None).search_path == ["/opt/here", "/bin"]
    assert "/opt/here" not in places.of(Image("a:1")).search_path
    assert "/bin" in places.of(Image("a:1")).search_path


def test_a_host_says_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "tender"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert HERE.program("tender") is None
    assert HERE.program("tender", str(tmp_path)) == str(program)
    assert HERE.has(str(program))
    assert not HERE.has(str(tmp_path / "none"))
    (tmp_path / "loop").symlink_to("loop")
    assert not HERE.has(str(tmp_path / "loop"))
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert HERE.machine == "aarch64"


def test_a_device_that_a_host_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "kvm_trouble", lambda: "no KVM today")
    assert HERE.lacks("kvm") == "no KVM today"
    monkeypatch.setattr(host, "kvm_trouble", lambda: "")
    assert HERE.lacks("kvm") == ""
    with pytest.raises(UserError, match=r"a device 'kvn'\n    did you mean 'kvm'"):
        HERE.lacks("kvn")
