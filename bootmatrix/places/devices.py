"""The devices of this host that a job may be handed, each by the name that a runner calls it by."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bootmatrix import host
from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.places import nodes

if TYPE_CHECKING:
    from collections.abc import Callable

KVM, TUN, VIF = "kvm", "tun", "vif"
TUN_NODE = "/dev/net/tun"


@dataclass(frozen=True)
class Device:
    """A device of this host, its name inside, and the group that may open it, 0 if that is no group's right."""

    source: str
    inside: str
    group: int = 0


class _Kind(NamedTuple):
    """`trouble` says why it cannot be used here, empty if it can; `made` is what is handed in."""

    trouble: Callable[[], str]
    made: Callable[[], Device]


def of(name: str) -> Device:
    """Raises UserError if there is no such device."""
    return _kind(name).made()


def trouble(name: str) -> str:
    """Why a boot cannot have it, empty if it can. Raises UserError if there is no such device."""
    return _kind(name).trouble()


def _kind(name: str) -> _Kind:
    if name not in KINDS:
        raise UserError(Problem(f"a boot cannot be given a device '{name}'", remedy=suggest(name, KINDS)))
    return KINDS[name]


def _kvm() -> Device:
    return Device(nodes.handed(host.KVM), "/dev/kvm", nodes.group(host.KVM))


def _kvm_trouble() -> str:
    return host.kvm_trouble()


def _tun() -> Device:
    """Everybody may open it: only its own taps are given to who does so."""
    node = Path(TUN_NODE)
    return Device(nodes.handed(node, others=True), TUN_NODE, nodes.group(node))


def _tun_trouble() -> str:
    """It must open here, too: the kernel makes its driver ready when it is first opened."""
    try:
        os.close(os.open(TUN_NODE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        remedy = f"chmod 0666 {TUN_NODE}" if isinstance(error, PermissionError) else "modprobe tun"
        return f"{TUN_NODE} cannot be opened ({error.strerror}), and only QEMU has networks without it: {remedy}"
    return ""


def _vif() -> Device:
    raise UserError(Problem(_vif_trouble()))


def _vif_trouble() -> str:
    return "the frames of a guest on Xen are carried to its networks in a box only: with `box: always`"


KINDS = {KVM: _Kind(_kvm_trouble, _kvm), TUN: _Kind(_tun_trouble, _tun), VIF: _Kind(_vif_trouble, _vif)}
