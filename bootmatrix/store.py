"""A run on disk: `out/<run>/` with events.jsonl, results.json, the reports and every attempt's console."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bootmatrix import host
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.model import Run

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.console import Record, Watched

HEAD, TAIL = 256 << 10, 256 << 10  # bytes of a console that are kept


@dataclass(frozen=True)
class Consoles:
    """The files of one attempt, relative to the run's folder; empty where nothing was printed."""

    console: str
    tender: str


class Store:
    """Creates the run's folder; raises InfrastructureError if that is not possible."""

    def __init__(self, out: Path) -> None:
        self.id = _new_id()
        self.folder = out / self.id
        try:
            host.mark_as_cache(out)
            self.folder.mkdir()
        except OSError as error:
            raise InfrastructureError(
                Problem(
                    f"{self.folder} cannot be made: {error.strerror}",
                    remedy="choose another folder with --out",
                )
            ) from None
        self._lock = threading.Lock()
        self._events = (self.folder / "events.jsonl").open("a", encoding="utf-8")

    def event(self, kind: str, **details: Any) -> None:
        """Append one event; it is with the kernel when this returns."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": stamp, "monotonic": round(time.monotonic(), 4), "event": kind, **details})
        with self._lock:
            self._events.write(line + "\n")
            self._events.flush()

    def log(self, kind: str, name: str) -> Path:
        return self.folder / "logs" / f"{kind}-{name}.log"

    def keep_consoles(self, test: str, number: int, seen: Watched) -> Consoles:
        """Head and tail of what the guest and the tender printed."""
        folder = self.folder / "consoles" / test
        names = []
        for record, label in ((seen.console, "console"), (seen.tender, "tender")):
            if not record.total:
                names.append("")
                continue
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{number}.{label}.log"
            file.write_bytes(bounded(record))
            names.append(str(file.relative_to(self.folder)))
        return Consoles(*names)

    def finish(self, run: Run) -> Path:
        """Write results.json and let `latest` point here."""
        file = self.folder / "results.json"
        fresh = file.with_suffix(".new")
        text = json.dumps(asdict(run), indent=1, ensure_ascii=False)
        fresh.write_text(text, encoding="utf-8", errors="replace")  # a name on the command line may not be UTF-8
        fresh.replace(file)
        link = self.folder.parent / f".latest-{self.id}"
        link.symlink_to(self.id)
        link.replace(self.folder.parent / "latest")
        return file

    def close(self) -> None:
        self._events.close()


def bounded(record: Record) -> bytes:
    """Head and tail, with a line between them that says what was left out."""
    data = record.raw()
    cut = len(data) - HEAD - TAIL
    if cut <= 0:
        return data
    return data[:HEAD] + f"\n[bootmatrix: {cut:,} bytes are left out here]\n".encode() + data[-TAIL:]


def _new_id() -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{stamp}-{os.getpid():x}{os.urandom(2).hex()}"


def load(folder: Path) -> Run:
    """A run from its folder; raises UserError if there is none that can be read."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

    file = folder / "results.json"
    try:
        return TypeAdapter(Run).validate_json(file.read_bytes())
    except OSError as error:
        raise UserError(
            Problem(f"{file} cannot be read: {error.strerror}", remedy="name a folder that a run made")
        ) from None
    except ValidationError as error:
        raise UserError(Problem(f"{file} is no run's results: {error.errors()[0]['msg']}")) from None
