"""What was found, as a table for people, for docs, and for programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bootmatrix import markdown, texts
from bootmatrix.conformance.findings import Status
from bootmatrix.here import near

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.conformance.capabilities import Capability
    from bootmatrix.conformance.findings import Finding
    from bootmatrix.conformance.holding import Held

NAME, STATUS = 16, 12  # widths
NOTE = 600  # characters of a reason in a table


def text(held: Held) -> Iterator[str]:
    """A column as lines, each capability one; the last counts them. One line where all was left for one reason."""
    name = f"{held.column.backend} on {held.column.arch}"
    untried = {each.words for each in held.found if each.status == Status.NOT_RUN}
    if len(untried) == 1 and all(each.status in {Status.NOT_RUN, Status.IMPOSSIBLE} for each in held.found):
        yield f"{name}: not run: {texts.line(untried.pop(), NOTE)}"
        return
    for each in held.found:
        yield f"  {each.capability:{NAME}}{each.status:{STATUS}}{texts.line(each.words, NOTE)}".rstrip()
        if each.console:
            yield f"{'':{NAME + STATUS + 2}}{near(each.console)}"
    yield f"{name}: {counted(held.found)}"


def counted(found: Sequence[Finding]) -> str:
    tally = Counter(each.status for each in found)
    return ", ".join(f"{tally[status]} {status}" for status in Status if tally[status])


def of_markdown(every: Sequence[Held], wanted: Sequence[Capability]) -> Iterator[str]:
    """A row for each capability, a column for each backend and architecture, and below them why not all is proven."""
    numbers: dict[str, int] = {}
    rows = [_row(number, capability, every, numbers) for number, capability in enumerate(wanted)]
    yield markdown.header(["capability", *(f"{each.column.backend} {each.column.arch}" for each in every)])
    yield from rows
    yield "\n" if numbers else ""
    yield from (f"{number}. {markdown.plain(words, NOTE)}\n" for words, number in numbers.items())


def _row(number: int, capability: Capability, every: Sequence[Held], numbers: dict[str, int]) -> str:
    return markdown.row([f"`{capability.name}`", *(_cell(each.found[number], numbers) for each in every)])


def _cell(found: Finding, numbers: dict[str, int]) -> str:
    """The status, and the number of the words that say why."""
    if found.status == Status.PROVEN:
        return str(found.status)
    shown = f"**{found.status}**" if found.status == Status.WRONG else str(found.status)
    return f"{shown} ({numbers.setdefault(found.words, len(numbers) + 1)})"


def of_json(every: Sequence[Held]) -> str:
    rows: list[dict[str, Any]] = [
        {
            "backend": each.column.backend,
            "arch": each.column.arch,
            "capabilities": [_plain(found) for found in each.found],
        }
        for each in every
    ]
    return json.dumps(rows, indent=1) + "\n"


def _plain(found: Finding) -> dict[str, Any]:
    return {key: value for key, value in asdict(found).items() if key not in {"failed", "ours"}}
