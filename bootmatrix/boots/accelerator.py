"""Which accelerator a boot uses: KVM counts as usable only after a guest has booted on it."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import files, host, keys, texts
from bootmatrix.boots import starvation
from bootmatrix.boots.tenders import Found, Unavailable
from bootmatrix.errors import printable
from bootmatrix.places import devices
from bootmatrix.places.place import Job
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.watch import watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.model import Probe, Runner, Tender
    from bootmatrix.places.place import Place
    from bootmatrix.watching.watch import Watched

LARGEST = 1 << 20  # bytes of what probes found
NATIVE = {"kvm": "KVM", "xen": "Xen"}  # they run guests of the machine's own architecture
TRACED = ("runstate_set", "qemu_system_", "memory_region_")  # how the lines of QEMU's trace begin


@dataclass(frozen=True)
class Choice:
    """The accelerator's name (empty where a tender needs none), and why it was chosen; `boxed` if it is in a box."""

    name: str = ""
    reason: str = ""
    boxed: bool = False

    @property
    def told(self) -> str:
        """What it is to people, and to whoever compares times: in a box all takes longer."""
        return f"{self.name} in a box" if self.boxed else self.name


class Unaccelerated(Unavailable):
    """None of the accelerators that a tender can run on works in a place, of which this is the first."""

    def __init__(self, why: str, accelerator: str) -> None:
        super().__init__(why)
        self.accelerator = accelerator


class Accelerators:
    """Chooses, probing each place and tender once; what a probe found is kept until this host boots again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file = host.cache() / "probes.json"
        self._known: dict[str, str] = {}
        self._useless: set[str] = set()
        self._load()

    def may_use_kvm(self, place: Place, tender: Tender, arch: str) -> bool:
        """Whether a boot may come to run on KVM, by what is known without a probe."""
        if "kvm" not in tender.accelerators or arch != place.host.machine or place.host.trouble("kvm"):
            return False
        return not (tender.automatic and place.name in self._useless)

    def choose(self, place: Place, runner: Runner, tender: Tender, found: Found, arch: str) -> Choice:
        """The first accelerator that works; raises Unavailable if none does, or if the wanted one does not."""
        if not tender.accelerators:
            return Choice()
        troubles: list[str] = []
        for name in tender.accelerators:
            trouble = self._trouble(place, runner, found, arch, name)
            if not trouble:
                return Choice(name, "; ".join(troubles) or _praise(name, runner.probe(arch, name)))
            troubles.append(trouble)
            if not tender.automatic:
                break
        raise Unaccelerated("; ".join(troubles), tender.accelerators[0])

    def lacking(self, place: Place, tender: Tender, arch: str) -> Unaccelerated | None:
        """What `choose` would raise, by what is known without a probe and without the tender."""
        if tender.automatic or not tender.accelerators:
            return None
        name = tender.accelerators[0]
        trouble = self._missing(place, arch, name)
        return Unaccelerated(trouble, name) if trouble else None

    def _missing(self, place: Place, arch: str, name: str) -> str:
        if name in NATIVE and arch != place.host.machine:
            return f"{NATIVE[name]} runs {place.host.machine} guests here, not {arch}"
        return place.host.trouble(name)

    def _trouble(self, place: Place, runner: Runner, found: Found, arch: str, name: str) -> str:
        """Why an accelerator cannot be used; empty if it can."""
        if trouble := self._missing(place, arch, name):
            return trouble
        probe = runner.probe(arch, name)
        if name not in NATIVE or probe is None:
            return ""
        key = keys.of(place.host.boot_id, place.name, found.program, found.version, probe.argv)
        with self._lock:  # one probe at a time: two at once could starve each other
            if key not in self._known:
                self._known[key] = _boot(place, found, probe, runner.noise)
                self._useless |= {place.name} if self._known[key] else set()
                self._save()
        return self._known[key]

    def _load(self) -> None:
        """What is spoilt is not known, and costs a probe."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            kept = json.loads(files.read(self._file, LARGEST, below=host.cache()))
            if isinstance(kept, dict) and kept.get("boot") == host.boot_id():
                self._known, self._useless = _texts(kept.get("probes")), {*_texts(kept.get("useless"))}

    def _save(self) -> None:
        """A disk that is full only loses what the probe found."""
        kept = {"boot": host.boot_id(), "probes": self._known, "useless": dict.fromkeys(sorted(self._useless), "")}
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            files.write(self._file, json.dumps(kept, indent=1))


def _texts(found: object) -> dict[str, str]:
    """What of a mapping is texts."""
    pairs = found.items() if isinstance(found, dict) else ()
    return {key: printable(text) for key, text in pairs if isinstance(text, str)}


def _praise(name: str, probe: Probe | None) -> str:
    if name != "kvm":
        return ""
    return "a test guest booted on KVM" if probe else "/dev/kvm can create a virtual machine"


def _boot(place: Place, found: Found, probe: Probe, noise: str) -> str:
    """Boot the probe; why it failed, empty if it did not."""
    folder = place.folder()
    paths = {f"{{{name}}}": f"{folder}/{name}" for name in probe.files}
    argv = (found.program, *(paths.get(word, word) for word in probe.argv[1:]))
    files = {name: _bytes(content, paths) for name, content in probe.files.items()}
    job = Job(argv, "KVM probe", mounts=found.mounts, devices=(devices.KVM,), folder=folder, files=files)
    seen = starvation.unhurried(lambda seconds: _watched(place, job, seconds, noise), probe.seconds)
    if seen.stopped:
        return f"/dev/kvm opens, but a test guest did not finish on it within {seen.seconds:.0f} s"
    assert seen.exit is not None  # noqa: S101
    shown = probe.console in texts.clean(seen.console.raw())
    if seen.exit.status == probe.status and shown:
        return ""
    words = [line for line in texts.clean(seen.tender.raw()).splitlines() if not line.startswith(TRACED)]
    how = seen.exit.signal or f"status {seen.exit.status}{'' if shown else ', nothing printed'}"
    return (
        f"/dev/kvm opens, but a test guest does not boot on it ({how}: {words[0].strip() if words else 'no message'})"
    )


def _watched(place: Place, job: Job, seconds: float, noise: str) -> Watched:
    with place.start(job) as process:
        return watch(process, Limits(seconds, 1 << 20, noise=noise), threading.Event())


def _bytes(content: bytes | str, paths: Mapping[str, str]) -> bytes:
    """What a file holds: in a text, paths stand for the names of other files."""
    if isinstance(content, bytes):
        return content
    for name, path in paths.items():
        content = content.replace(name, path)
    return content.encode()
