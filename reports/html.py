"""A page to look at, in one file that asks for no other: the matrix as a grid, each test, and what changed.

The page's own sources lie in `_page/`. All that a run says travels as data, which the page's script puts into the
document as text: nothing that a guest prints can become markup or script.
"""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import jinja2
from markupsafe import Markup

from bootmatrix import model, texts
from bootmatrix.history import findings
from bootmatrix.model import GOOD_VERDICTS, SEVERITY, VERDICTS
from bootmatrix.quantities import human_time

from . import _texts
from ._page import assets, changed, covered, details, table

if TYPE_CHECKING:
    from bootmatrix.history.findings import Changes, Trends
    from bootmatrix.model import Run

HERE = Path(__file__).resolve().parent / "_page"
BUDGET = 16 << 20  # bytes of consoles in the page, before they are packed
TITLE = 200  # characters
UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}  # json.dumps has escaped U+2028 and its like


@dataclass(frozen=True)
class Report(model.Report):
    filename: ClassVar[str] = "index.html"
    shows: ClassVar[tuple[str, ...]] = ("trends", "changes")

    def write(self, run: Run, folder: Path, target: Path) -> None:
        trends, changes = findings.trends(folder), findings.changes(folder)
        tests = table.of(run)
        parts = details.Details(folder.resolve(), tests.rooms(BUDGET), trends)
        values = {
            "line": texts.line,
            "run": run,
            "facts": list(_facts(run)),
            "style": assets.style(),
            "script": assets.script(),
            "data": _json(_head(run, tests, folder, target, trends, changes)),
            "tests": _json(tests.columns()),
            "chunks": parts.chunks(run.results, tests.verdicts),
        }
        with _texts.written(target) as file:
            for text in _template().generate(values):
                file.write(text)


@functools.cache
def _template() -> jinja2.Template:
    """A run writes its page twice."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html.jinja")


def _facts(run: Run) -> list[tuple[str, str]]:
    """What stands in the page's head, named; what is not known is left out."""
    host = ", ".join(text for key in ("name", "os", "machine") if (text := run.host.get(key, "")))
    facts = {
        "Commit": run.commit[:12],
        "Branch": run.branch,
        "Took": human_time(run.seconds),
        "Host": host or ", ".join(f"{key} {text}" for key, text in run.host.items()),
        "bootmatrix": run.version,
        "Command": run.command,
    }
    return [(name, texts.line(text, TITLE)) for name, text in facts.items() if text]


def _head(
    run: Run, tests: table.Table, folder: Path, target: Path, trends: Trends | None, changes: Changes | None
) -> dict[str, Any]:
    """All that the page knows but its tests."""
    return {
        "run": run.id,
        "severity": SEVERITY,
        "good": [verdict for verdict in VERDICTS if verdict in GOOD_VERDICTS],
        "counts": tests.counts(),
        "keys": tests.key_names(),
        "axes": [key for key in tests.key_names() if key in run.axes],
        "files": _files(folder, target),
        "groups": tests.groups.plain(folder.resolve()),
        "nights": [asdict(night) for night in trends.nights] if trends else [],
        "changes": changed.plain(changes) if changes else None,
        "coverage": covered.plain(run, folder),
        "pairs": tests.pairs.plain(),
        "budget": BUDGET,
    }


def _files(folder: Path, target: Path) -> str | None:
    """From the page to the run's folder, as the start of a path; None if the page lies elsewhere."""
    folder, place = folder.resolve(), target.resolve().parent
    if not folder.is_relative_to(place):
        return None
    between = folder.relative_to(place).as_posix()
    return "" if between == "." else f"{between}/"


def _json(value: Any) -> Markup:
    """ASCII that can stand in any element."""
    return Markup(json.dumps(value, separators=(",", ":")).translate(UNSAFE))  # noqa: S704  # nothing is left that is markup
