"""The devices of this host that a job may be handed, each by the name that a runner calls it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bootmatrix import host
from bootmatrix.errors import Problem, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable

KVM = "kvm"


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
    return Device(host.kvm_node(), "/dev/kvm", host.kvm_group())


def _kvm_trouble() -> str:
    return host.kvm_trouble()


KINDS = {KVM: _Kind(_kvm_trouble, _kvm)}
