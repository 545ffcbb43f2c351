"""Placeholders of tests: each must name something, where it stands."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest
from bootmatrix.matrix import filling, template
from bootmatrix.matrix.keys.blocks import MOST
from bootmatrix.matrix.keys.guests import Guest
from bootmatrix.matrix.keys.schema import TestFields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.guests import GuestFields
    from bootmatrix.matrix.keys.meaning import Key
    from bootmatrix.matrix.problems import Problems
    from bootmatrix.model import Runner


@dataclass(frozen=True)
class Layer:
    """A layer of a test as it stands in the file, and its place there; `guest` is which of its guests it is for alone,
    empty if it is for all.
    """

    path: Path_
    raw: Mapping[str, Any]
    guest: str = ""

    @property
    def model(self) -> type[GuestFields]:
        """What has its keys."""
        return Guest if self.guest else TestFields


def layers(raw: Any, path: Path_) -> Iterator[Layer]:
    """Those of a test, the ones of its guests after those that they are in."""
    for here, layer in _of_test(raw, path):
        yield Layer(here, layer)
        guests = layer.get("guests")
        for name, each in guests.items() if isinstance(guests, dict) else ():
            if isinstance(each, dict):
                yield Layer((*here, "guests", str(name)), each, str(name))


def _of_test(raw: Any, path: Path_) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    if isinstance(raw, dict):
        yield path, raw
        when = raw.get("when")
        for index, layer in enumerate(when if isinstance(when, list) else []):
            if isinstance(layer, dict):
                yield (*path, "when", index), layer


class Known:
    """The placeholders of the test at `path`, or of the defaults: `names`, and what it has at each attempt. With a
    `guest` those that are known to it, else those that any guest of the test has.
    """

    def __init__(self, problems: Problems, names: set[str], path: Path_, guest: str = "") -> None:
        self.problems, self.names, self.path, self.guest = problems, names, path, guest

    def to(self, guest: str) -> Known:
        """Those of one guest; of all if the name is empty."""
        return Known(self.problems, self.names, self.path, guest) if guest else self

    @functools.cached_property
    def early(self) -> set[str]:
        """With those of its interfaces, and of those of other guests."""
        found: set[str] = set()
        for guest in dict.fromkeys(each.guest for each in self._every if each.guest):
            found.add(template.GUEST)
            found |= {f"{template.GUESTS}{guest}.{word}" for word in self.to(guest).of_nets}
        return self.names | self.of_nets | found

    @functools.cached_property
    def of_nets(self) -> set[str]:
        return {f"{template.NET}{name}.{word}" for name, _ in self._entries("nets") for word in template.OF_NET}

    @functools.cached_property
    def late(self) -> set[str]:
        """With those that are known at an attempt only: of the defaults those that any test has."""
        builds = len(self.problems.mapping("builds")) == 1 or any(layer.get("build") for layer in self._layers)
        names = self.early if builds else self.early - {template.OUTPUT}
        return {*names, *(template.FILES + name for name, _ in self._entries("files"))}

    @functools.cached_property
    def disks(self) -> set[str]:
        """Those of its disks."""
        entries = self._entries("blocks")
        counts = {name: str(disk.get("count")) for name, disk in entries if isinstance(disk, dict) and "count" in disk}
        many = (f"{name}{n}" for name, text in counts.items() if text.isdecimal() for n in range(min(int(text), MOST)))
        return {template.BLOCKS + name for name in (*(name for name, _ in entries if name not in counts), *many)}

    @property
    def _layers(self) -> list[Mapping[str, Any]]:
        return [each.raw for each in self._every if not self.guest or each.guest in {"", self.guest}]

    @functools.cached_property
    def _every(self) -> list[Layer]:
        tests = [*self.problems.mapping("tests").values()]
        mine = tests if self.path == ("defaults",) else [self.problems.raw(*map(str, self.path))]
        return [layer for raw in (self.problems.raw("defaults"), *mine) for layer in layers(raw, ())]

    def _entries(self, key: str) -> list[tuple[str, Any]]:
        """What the layers have in a mapping, valid or not."""
        found = (layer.get(key) for layer in self._layers)
        return [(str(name), each) for given in found if isinstance(given, dict) for name, each in given.items()]

    def check(self, layer: Layer) -> None:
        """Say which placeholders of a layer mean nothing."""
        for place, text, key in filling.written(layer.model, layer.raw):
            self._check_text(text, self._of(key), (*layer.path, *place))

    def _of(self, key: Key) -> set[str]:
        """Those that a key has."""
        early = self.early - template.LATE
        if key.few:
            return early | (self.late & key.few)
        return self.late | key.also if key.late else early

    def check_options(self, runner: Runner, options: Mapping[str, Any], here: Path_) -> None:
        """The same for a runner's options."""
        known = self.late | self.disks | template.OF_OPTIONS
        for option in runner.filled:
            words = options.get(option)
            if isinstance(words, str) and "{" in words:
                self._check_text(words, known, (*here, "runner", option))
            for index, word in enumerate(words if isinstance(words, list) else ()):
                if isinstance(word, str) and "{" in word:
                    also = {"args"} if word == "{args}" else set()
                    self._check_text(word, known | also, (*here, "runner", option, index))

    def _check_text(self, text: str, known: set[str], place: Path_) -> None:
        for unknown in sorted(template.names(text) - known if "{" in text else ()):
            remedy = f"{suggest(unknown, known)}; {{{{{unknown}}}}} stands for itself"
            self.problems.say(f"the placeholder {{{unknown}}} {_lacks(unknown)}", place, remedy)


def _lacks(name: str) -> str:
    if name.startswith(template.FILES):
        return "names none of the test's `files`"
    if name.startswith(template.BLOCKS):
        return "names none of the test's `blocks`"
    if name.startswith(template.GUESTS):
        return "names none of the test's `guests`, or no interface of it"
    if name.startswith(template.NET):
        return "names none of the test's `nets`"
    return "names no axis or parameter"
