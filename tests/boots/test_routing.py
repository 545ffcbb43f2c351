"""Where a test boots: in its own place, or in a box."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from support import write_matrix

from bootmatrix import host
from bootmatrix.boots.preparing import Preparer
from bootmatrix.boots.routing import Router
from bootmatrix.boots.tenders import Unavailable
from bootmatrix.matrix import load
from bootmatrix.model import Tender
from bootmatrix.places.boxes.place import BoxHost
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.planning import plan
from bootmatrix.toolchains.toolchain import Image

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.hosts import Host
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep

ELSE = {"runner": {"command": ["true"]}, "unikernel": "it"}
TROUBLE = "no KVM today"


@dataclass
class Boxes:
    """Places on this host that say that they are in a box, and what they were asked for."""

    host: Host = field(default_factory=lambda: BoxHost("box-kvm"))
    asked: list[str] = field(default_factory=list)

    def of(self, accelerator: str, step: BootStep) -> Place:
        self.asked.append(f"{accelerator} for {step.id}")
        place = LocalPlace()
        place.host, place.name = self.host, "a box"
        return place


@pytest.fixture
def no_kvm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "kvm_trouble", lambda: TROUBLE)


@pytest.fixture
def kvm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "kvm_trouble", lambda: "")


def step_of(folder: Path, arch: str = "x86_64", accel: str = "kvm", **test: Any) -> BootStep:
    """Of a tender that can run on these accelerators."""
    (folder / "it").touch()
    matrix = {"axes": {"arch": [arch], "backend": ["command"]}, "tests": {"t": {**ELSE, **test}}}
    (step,) = plan.make(load.load(write_matrix(folder, matrix)), (), "host").boots
    tender = Tender("true", tuple(accel.split()), automatic=" " in accel)
    return replace(step, image=Image("an-os", folder, (), "tag"), tender=tender)


def routed(step: BootStep, boxes: Boxes, asked: str = "") -> tuple[str, str, str]:
    """The place's name, and what is told of the accelerator and why."""
    prepared, place = Router(Preparer(), boxes.of, asked).prepare(step, step.fields, LocalPlace())
    choice = prepared[0].choice
    return place.name, choice.told, choice.reason


@pytest.mark.usefixtures("kvm")
@pytest.mark.parametrize(("said", "asked"), [({}, ""), ({"box": "never"}, ""), ({"box": "always"}, "auto")])
def test_what_this_host_has_is_taken(tmp_path: Path, said: dict[str, str], asked: str) -> None:
    boxes = Boxes()
    assert routed(step_of(tmp_path, **said), boxes, asked)[1] == "kvm"
    assert boxes.asked == []


@pytest.mark.usefixtures("no_kvm")
def test_what_it_lacks_a_box_brings_and_the_result_says_why(tmp_path: Path) -> None:
    step, boxes = step_of(tmp_path), Boxes()
    assert routed(step, boxes) == ("a box", "kvm in a box", TROUBLE)
    assert boxes.asked == [f"kvm for {step.id}"]


@pytest.mark.usefixtures("kvm")
@pytest.mark.parametrize(("said", "asked"), [({"box": "always"}, ""), ({}, "always"), ({"box": "never"}, "always")])
def test_a_box_is_taken_where_it_is_asked_for(tmp_path: Path, said: dict[str, str], asked: str) -> None:
    assert routed(step_of(tmp_path, **said), Boxes(), asked) == ("a box", "kvm in a box", "asked for a box")


@pytest.mark.usefixtures("no_kvm")
@pytest.mark.parametrize(("said", "asked"), [({"box": "never"}, ""), ({}, "never")])
def test_without_a_box_it_is_not_booted(tmp_path: Path, said: dict[str, str], asked: str) -> None:
    boxes = Boxes()
    with pytest.raises(Unavailable, match=f"^{TROUBLE}$"):
        routed(step_of(tmp_path, **said), boxes, asked)
    assert boxes.asked == []


@pytest.mark.usefixtures("no_kvm")
def test_what_can_do_without_needs_no_box(tmp_path: Path) -> None:
    boxes = Boxes()
    place, told, _ = routed(step_of(tmp_path, accel="kvm tcg"), boxes)
    assert (place, told, boxes.asked) == (LocalPlace().name, "tcg", [])


@pytest.mark.usefixtures("kvm")
def test_what_needs_nothing_is_in_no_box_whatever_is_asked(tmp_path: Path) -> None:
    boxes = Boxes()
    assert routed(step_of(tmp_path, accel=""), boxes, "always")[1] == ""
    assert boxes.asked == []


@pytest.mark.usefixtures("no_kvm")
def test_a_box_is_of_no_use_to_another_architecture(tmp_path: Path) -> None:
    boxes = Boxes()
    with pytest.raises(Unavailable, match="not aarch64"):
        routed(step_of(tmp_path, arch="aarch64"), boxes)
    assert boxes.asked == []


@pytest.mark.usefixtures("no_kvm")
def test_without_images_there_is_no_box(tmp_path: Path) -> None:
    boxes = Boxes()
    with pytest.raises(Unavailable, match=f"{TROUBLE}; a box could bring it.* --engine docker"):
        routed(replace(step_of(tmp_path), image=None), boxes)
    assert boxes.asked == []


@pytest.mark.usefixtures("no_kvm")
def test_a_box_that_lacks_it_too_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="has no kvm"):
        routed(step_of(tmp_path), Boxes(BoxHost("box-xen")))
