"""Placeholders of tests: each must name something, where it stands."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest
from bootmatrix.matrix import filling, template
from bootmatrix.matrix.blocks import MOST
from bootmatrix.matrix.schema import TestFields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.meaning import Key
    from bootmatrix.matrix.problems import Problems
    from bootmatrix.model import Runner


def layers(raw: Any, path: Path_) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    """The layers of a test as it stands in the file, and the place of each."""
    if isinstance(raw, dict):
        yield path, raw
        when = raw.get("when")
        for index, layer in enumerate(when if isinstance(when, list) else []):
            if isinstance(layer, dict):
                yield (*path, "when", index), layer


class Known:
    """The placeholders of the test at `path`, or of the defaults: `names`, and what it has at each attempt."""

    def __init__(self, problems: Problems, names: set[str], path: Path_) -> None:
        self.problems, self.names, self.path = problems, names, path

    @functools.cached_property
    def early(self) -> set[str]:
        """With those of its interfaces."""
        return self.names | {f"net.{name}.{word}" for name, _ in self._entries("nets") for word in template.OF_NET}

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

    @functools.cached_property
    def _layers(self) -> list[Mapping[str, Any]]:
        tests = [*self.problems.mapping("tests").values()]
        mine = tests if self.path == ("defaults",) else [self.problems.raw(*map(str, self.path))]
        return [layer for raw in (self.problems.raw("defaults"), *mine) for _, layer in layers(raw, ())]

    def _entries(self, key: str) -> list[tuple[str, Any]]:
        """What the layers have in a mapping, valid or not."""
        found = (layer.get(key) for layer in self._layers)
        return [(str(name), each) for given in found if isinstance(given, dict) for name, each in given.items()]

    def check(self, layer: Mapping[str, Any], here: Path_) -> None:
        """Say which placeholders of a layer mean nothing."""
        for place, text, key in filling.written(TestFields, layer):
            self._check_text(text, self._of(key), (*here, *place))

    def _of(self, key: Key) -> set[str]:
        """Those that a key has."""
        early = self.early - template.LATE
        if key.few:
            return early | (self.late & key.few)
        return self.late | key.also if key.late else early

    def check_options(self, runner: Runner, options: Mapping[str, Any], here: Path_) -> None:
        """The same for a runner's options."""
        for option in runner.filled:
            words = options.get(option)
            for index, word in enumerate(words if isinstance(words, list) else ()):
                if isinstance(word, str) and "{" in word:
                    known = self.late | self.disks | template.OF_OPTIONS | ({"args"} if word == "{args}" else set())
                    self._check_text(word, known, (*here, "runner", option, index))

    def _check_text(self, text: str, known: set[str], place: Path_) -> None:
        for unknown in sorted(template.names(text) - known if "{" in text else ()):
            remedy = f"{suggest(unknown, known)}; {{{{{unknown}}}}} stands for itself"
            self.problems.say(f"the placeholder {{{unknown}}} {_lacks(unknown)}", place, remedy)


def _lacks(name: str) -> str:
    if name.startswith(template.FILES):
        return "names none of the test's `files`"
    if name.startswith(template.BLOCKS):
        return "names none of the test's `blocks`"
    if name.startswith("net."):
        return "names none of the test's `nets`"
    return "names no axis or parameter"
