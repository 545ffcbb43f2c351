"""Which of a matrix's hosts over SSH answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bootmatrix import host, trust
from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.matrix import load
from bootmatrix.matrix.keys import hosts
from bootmatrix.places.remote.link import Link
from bootmatrix.places.remote.place import RemotePlace
from bootmatrix.quantities import human_size
from bootmatrix.upkeep.finding import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model.remote import Remote


def findings(file: Path) -> list[Finding]:
    """One for each, all asked at once; none without a matrix, or with one that is wrong, which is for others to say."""
    try:
        matrix = load.load(file) if file.is_file() else None
    except UserError:
        return []
    if not matrix or not matrix.hosts:
        return []
    known = list(hosts.remotes(matrix.hosts, ()).values())
    if not trust.is_lasting(matrix.root):
        why, remedy = "not asked: its repository is not trusted", trust.remedy(matrix.root)
        return [Finding(f"host {each.name}", "note", why, remedy) for each in known]
    with ThreadPoolExecutor(len(known)) as asked:
        return list(asked.map(_finding, known))


def _finding(remote: Remote) -> Finding:
    place = RemotePlace(Link(remote, threading.Event(), host.scratch(), patience=lambda: 0.0))
    try:
        there = place.host
        words = f"answers over SSH: {there.kind}, {human_size(there.memory)} free"
        return Finding(f"host {remote.name}", "ok", words)
    except InfrastructureError as error:
        return Finding(f"host {remote.name}", "note", error.problems[0].what, error.problems[0].remedy)
    finally:
        place.close()
