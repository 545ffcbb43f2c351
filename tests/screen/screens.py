"""A clock that stands still, a small terminal that obeys what is written to it, and screens that write there."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console

from bootmatrix.model import Attempt, Outcome, Result, Run, Verdict
from bootmatrix.screen.contract import Shape
from bootmatrix.screen.live import LiveScreen
from bootmatrix.screen.pen import Pen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

OBEYED = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")
AXES = {
    "compiler": ["gcc", "clang"],
    "os": ["debian-12", "debian-13"],
    "arch": ["x86_64", "aarch64", "riscv64"],
    "backend": ["qemu", "solo5-hvt", "solo5-spt", "solo5-virtio"],
}


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Terminal(io.StringIO):
    """Understands what the painter writes, and nothing else; breaks lines anew when it becomes narrower."""

    width: int = 80
    height: int = 24
    rows: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    wraps: bool = True
    widest: int = 0

    def write(self, text: str) -> int:
        at = 0
        while at < len(text):
            found = OBEYED.match(text, at)
            assert found, f"no terminal should see {text[at : at + 10]!r}"
            at = found.end()
            if found[3]:
                self._obey(found[1] + found[3], found[2])
            elif found[0] == "\r":
                self.column = 0
            elif found[0] == "\n":
                self.row, self.column = self.row + 1, 0
                self.rows += [""] * (self.row + 1 - len(self.rows))
            else:
                self._print(found[0])
        return len(text)

    def _obey(self, letter: str, number: str) -> None:
        line = self.rows[self.row]
        match letter:
            case "A":
                self.row = max(self.top, self.row - int(number or 1))
            case "K":
                self.rows[self.row] = "" if number == "2" else line[: self.column]
            case "J":
                self.rows[self.row] = line[: self.column]
                del self.rows[self.row + 1 :]
            case "?h" | "?l":
                self.wraps = self.wraps if number != "7" else letter == "?h"
            case "m":
                pass
            case _:
                raise AssertionError(letter)

    def _print(self, text: str) -> None:
        assert text.isprintable(), repr(text)
        line = self.rows[self.row].ljust(self.column)
        written = line[: self.column] + text
        self.rows[self.row] = written + line[len(written) :]
        self.column += len(text)
        if not self.wraps:
            self.widest = max(self.widest, cell_len(written))  # behind it an older line may stand until it is erased

    @property
    def top(self) -> int:
        """The first line that is not in the history."""
        return max(0, len(self.rows) - self.height)

    def resize(self, width: int, height: int) -> None:
        below = len(self.rows) - self.row
        assert below == 1, "the cursor waits in the last line"
        self.rows = [part for row in self.rows for part in (re.findall(f".{{1,{width}}}", row) or [""])]
        self.width, self.height = width, height
        self.row, self.column = len(self.rows) - 1, len(self.rows[-1])

    def text(self) -> str:
        """All that was ever written and is still there."""
        return "\n".join(row.rstrip() for row in self.rows)

    def visible(self) -> str:
        return "\n".join(row.rstrip() for row in self.rows[self.top :])


@contextlib.contextmanager
def by_hand(_draw: Callable[[], None]) -> Iterator[None]:
    yield


@dataclass
class Live:
    """A live screen on such a terminal; its frames are drawn by hand."""

    terminal: Terminal
    clock: Clock
    screen: LiveScreen
    console: Console

    def draw(self) -> str:
        self.screen.draw()
        return self.terminal.visible()

    def resize(self, width: int, height: int) -> str:
        self.terminal.resize(width, height)
        self.console.size = (width, height)
        self.draw()
        return self.draw()


def live(
    width: int = 80, height: int = 24, *, verbose: bool = False, failing: Collection[Verdict] = (), colours: bool = True
) -> Live:
    terminal, clock = Terminal(width=width, height=height), Clock()
    console = Console(file=terminal, force_terminal=True, width=width, height=height, no_color=not colours, _environ={})
    pen = Pen(console)
    screen = LiveScreen(pen, verbose=verbose, failing=failing, clock=clock, beat=by_hand)
    return Live(terminal, clock, screen, console)


def plain_pen(*, github: bool = False) -> tuple[Pen, io.StringIO]:
    file = io.StringIO()
    return Pen(Console(file=file, width=80, _environ={}), github=github), file


def shape(axes: Mapping[str, Sequence[str]] | None = None, tests: int = 12) -> Shape:
    """The product of the axes; without any, the 24 cells of a usual matrix."""
    chosen = AXES if axes is None else axes
    cells = {"-".join(values): dict(zip(chosen, values, strict=True)) for values in itertools.product(*chosen.values())}
    if axes is None:
        cells = {name: cell for name, cell in cells.items() if cell["arch"] == "x86_64" or cell["backend"] == "qemu"}
    return Shape(chosen, cells, dict.fromkeys(cells, tests), tests * len(cells))


def result(
    name: str = "gcc-debian-12-x86_64-qemu/hello", verdict: str = "passed", reason: str = "", **more: str
) -> Result:
    cell, _, test = name.partition("/")
    attempts = (Attempt(1, Verdict(verdict), reason, Outcome("exited", "0"), "", 0.15, "tcg"),)
    made = Result(cell, test, Verdict(verdict), reason, 0.15, attempts=attempts, repro=f"bootmatrix repro {name}")
    return replace(made, **more)  # type: ignore[arg-type]


def run(*results: Result, interrupted: bool = False) -> Run:
    return Run("now", "", 25.0, "0", "bootmatrix run", {}, results, interrupted)


def unknown() -> float | None:
    """What is left, where nothing is known."""
    return None


ONE = shape({"compiler": ["gcc", "clang"]}, 3)


def tail(text: str, lines: int) -> list[str]:
    return text.rstrip().splitlines()[-lines:]
