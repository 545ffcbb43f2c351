"""Both ways of rendering a sandbox read the whole of it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from docker import APIClient

from bootmatrix.places.containers import engine, settings
from bootmatrix.places.containers.sandbox import Sandbox
from bootmatrix.places.devices import Device
from bootmatrix.places.place import Mount

if TYPE_CHECKING:
    from collections.abc import Iterator

KVM = Device("/dev/kvm", "/dev/kvm", 36)
BARE = Sandbox(
    image="a",
    user="1:1",
    workdir="/a",
    env={},
    mounts=(),
    tmpfs={},
    devices=(),
    limits={},
    memory=0,
    processes=1,
    network="",
    ipc="",
    sysctls={},
    read_only=False,
)
OTHER: dict[str, Any] = {
    "image": "other-image",
    "user": "7:8",
    "workdir": "/other",
    "env": {"OTHER": "1"},
    "mounts": (Mount(Path("/other"), "/inside", writable=False),),
    "tmpfs": {"/other": "size=4k"},
    "devices": (KVM,),
    "limits": {"nofile": 77},
    "memory": 77 << 20,
    "processes": 77,
    "network": "none",
    "ipc": "none",
    "sysctls": {"kernel.shmmni": "0"},
    "read_only": True,
    "capabilities": ("NET_ADMIN",),
}
"""Another value of each field: a new one needs its line here, and goes into both renderings."""


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rendering asks an engine for nothing but the version of its API."""
    client = APIClient(version="1.41")
    monkeypatch.setattr(engine, "client", lambda: client)
    monkeypatch.setattr(engine, "cli", lambda: ["docker"])
    yield
    client.close()


def test_each_field_has_another_value_here() -> None:
    assert {field.name for field in fields(Sandbox)} == set(OTHER)


@pytest.mark.parametrize("name", OTHER)
def test_both_renderings_read_each_field(name: str) -> None:
    other = replace(BARE, **{name: OTHER[name]})
    assert settings.arguments(other, ("true",), "run", kept=True) != settings.arguments(
        BARE, ("true",), "run", kept=True
    )
    assert settings.command(other, (), ("true",)) != settings.command(BARE, (), ("true",))


def test_a_device_comes_with_its_group_in_both() -> None:
    other = replace(BARE, devices=(KVM,))
    assert settings.arguments(other, (), "run", kept=True)["host_config"]["GroupAdd"] == ["36"]
    assert "--group-add=36" in settings.command(other, (), ())
