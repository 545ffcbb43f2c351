"""A YAML file as plain text values, each with its place in the file.

Every scalar stays the text that the user typed (`no`, `3.10` and `12` are no booleans or numbers here);
the schema decides what a text means. Size, depth and aliases are bounded before anything is built.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bootmatrix import files
from bootmatrix.errors import Mark, Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1 << 20
MAX_DEPTH = 40
MAX_NODES = 100_000
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where the wheel has it: ten times faster
NULLS = {"", "~", "null", "Null", "NULL"}
BOM = "\ufeff"
NOT_YAML = re.compile("[\0-\x08\v\f\x0e-\x1f\x7f-\x84\x86-\x9f]|[\ud800-\udfff]|[\ufeff]|[\ufffe\uffff]")
ODD_REMEDY = 'remove it, or write it as an escape in "…"; where many follow, save the file as UTF-8'
CORE_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map")}

Path_ = tuple[str | int, ...]


@dataclass
class Node:
    """One YAML node; `pairs` of a mapping, `items` of a sequence, else `text` (None for a null)."""

    mark: Mark
    text: str | None = None
    items: list[Node] | None = None
    pairs: list[tuple[Node, Node]] | None = None
    size: int = 1
    depth: int = 1
    anchor: str | None = None
    key: Node | None = field(default=None, repr=False)  # while building: the key that waits for its value


class Document:
    """The file's value as dicts, lists, texts and None, and where each of them stands."""

    def __init__(self, name: str, root: Node) -> None:
        self.name = name
        self._keys: dict[Path_, Mark] = {}
        self._values: dict[Path_, Mark] = {(): Mark(name)}
        self._problems: list[Problem] = []
        self.data = self._plain(root, ())
        if self._problems:
            raise UserError(*self._problems)

    def where(self, path: Path_, *, key: bool = False) -> Mark:
        """The place of a value, or of its key; the nearest parent's where the path does not exist."""
        path = self._written(path)
        for end in range(len(path), 0, -1):
            found = (self._keys.get(path[:end]) if key else None) or self._values.get(path[:end])
            if found:
                return found
        return Mark(self.name)

    def at(self, path: Path_) -> Any:
        """What stands at a path of mappings, valid or not; None if there is nothing."""
        found = self.data
        for part in path:
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def _written(self, path: Path_) -> Path_:
        """A list's only entry may be written without the list: then its index 0 names nothing."""
        written: Path_ = ()
        for part in path:
            if part != 0 or (*written, 0) in self._values:
                written = (*written, part)
        return written

    def _plain(self, node: Node, path: Path_) -> Any:
        self._values[path] = node.mark
        if node.items is not None:
            return [self._plain(item, (*path, index)) for index, item in enumerate(node.items)]
        if node.pairs is not None:
            return self._mapping(node, path)
        return node.text

    def _mapping(self, node: Node, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        first: dict[str, Mark] = {}
        merged: list[tuple[Node, Node]] = []
        for key, value in node.pairs or []:
            name = key.text or ""
            if name in first:
                remedy = f"it is first defined in line {first[name].line}: remove one of them"
                self._problems.append(Problem(f"duplicate key '{name}'", key.mark, remedy))
                continue
            first[name] = key.mark
            if name == "<<":
                merged.extend(self._merged(value))
            else:
                self._keep(result, key, value, path)
        for key, value in merged:
            if (key.text or "") not in result:
                self._keep(result, key, value, path)
        return result

    def _keep(self, result: dict[str, Any], key: Node, value: Node, path: Path_) -> None:
        name = key.text or ""
        self._keys[(*path, name)] = key.mark
        result[name] = self._plain(value, (*path, name))

    def _merged(self, value: Node) -> Iterator[tuple[Node, Node]]:
        """The pairs that a merge key (`<<`, https://yaml.org/type/merge.html) brings."""
        for source in [value] if value.items is None else value.items:
            if source.pairs is None:
                self._problems.append(Problem("'<<' can merge only mappings", source.mark, "write `<<: *anchor`"))
            for key, inner in source.pairs or []:
                if key.text != "<<":
                    yield key, inner
            for key, inner in source.pairs or []:
                if key.text == "<<":
                    yield from self._merged(inner)


def load(path: Path) -> Document:
    """Read `path`, at most 1 MiB; raises UserError with the place of what cannot be read."""
    return parse(_read(path), path.name)


def parse(text: str, name: str) -> Document:
    odd = NOT_YAML.search(text)
    if odd:
        what = f"not YAML: the character #x{ord(odd[0]):04x} is not allowed"
        raise UserError(Problem(what, _place(name, text[: odd.start()]), ODD_REMEDY))
    try:
        root = _Builder(name).build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = _mark(name, mark)
        what = ", ".join(part for part in (error.context, error.problem) if part)
        if "nesting" in what:  # libyaml's own limit, of 1000 levels since 0.2.6, is met where it reads ahead
            raise _too_deep(where) from None
        raise UserError(Problem(f"not YAML: {what}", where, _yaml_remedy(what))) from None
    return Document(name, root)


def of(data: object, name: str) -> Document:
    """Mappings, lists and texts that no one wrote into a file: all of it is at the place `name`."""
    return Document(name, _node(data, Mark(name)))


def _node(data: object, mark: Mark) -> Node:
    if isinstance(data, dict):
        return Node(mark, pairs=[(Node(mark, str(key)), _node(value, mark)) for key, value in data.items()])
    if isinstance(data, (list, tuple)):
        return Node(mark, items=[_node(item, mark) for item in data])
    return Node(mark, None if data is None else str(data))


def _mark(name: str, mark: yaml.Mark | Any) -> Mark:
    return Mark(name, mark.line + 1, mark.column + 1) if mark else Mark(name)


def _place(name: str, before: str) -> Mark:
    return Mark(name, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _read(path: Path) -> str:
    raw = _bytes(path)
    if len(raw) > MAX_BYTES:
        what = f"the file is larger than {MAX_BYTES >> 20} MiB ({path.stat().st_size:,} bytes)"
        raise UserError(Problem(what, Mark(path.name), "a matrix is a page or two: is this the right file?"))
    try:
        return raw.decode().removeprefix(BOM)
    except UnicodeDecodeError as error:
        where = _place(path.name, raw[: error.start].decode().removeprefix(BOM))
        raise UserError(Problem(f"not UTF-8: byte 0x{raw[error.start]:02x}", where, "save the file as UTF-8")) from None


def _bytes(path: Path) -> bytes:
    """A file's first bytes, one more than a matrix may have; never waits for a pipe's other end."""
    try:
        with files.opened(path, below=Path("/")) as file:  # links are followed: the user named it
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        if path.is_symlink():
            what = f"{path} is a link to '{path.readlink()}', which does not exist"
            raise UserError(Problem(what, remedy="make that file, or name another with `-f FILE`")) from None
        remedy = "`bootmatrix init` writes one; `-f FILE` and `-C DIR` look elsewhere"
        raise UserError(Problem(f"{path} does not exist", remedy=remedy)) from None
    except OSError as error:
        if error.errno == errno.EINVAL:
            what = f"{path} is not a regular file"
            raise UserError(Problem(what, remedy="name a YAML file with `-f FILE`")) from None
        raise UserError(Problem(f"{path} cannot be read: {error.strerror}")) from None


def _too_deep(where: Mark) -> UserError:
    return UserError(Problem(f"nested deeper than {MAX_DEPTH} levels", where, "flatten the file"))


def _yaml_remedy(what: str) -> str:
    if "cannot start any token" in what:
        return "indent with blanks, never with tabs, and quote a text that starts with @, ` or %"
    if "undefined alias" in what:
        return "define the anchor (&name) before its alias (*name)"
    return ""


class _Builder:
    """Builds the nodes from the parser's events with a stack of its own: no recursion, however deep the file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stack: list[Node] = []
        self.anchors: dict[str, Node] = {}
        self.root: Node | None = None

    def build(self, text: str) -> Node:
        for event in yaml.parse(text, Loader=LOADER):
            self._take(event)
        if self.root is None or (self.root.text is None and self.root.pairs is None and self.root.items is None):
            raise UserError(Problem("the file is empty", Mark(self.name), "`bootmatrix init` writes a first matrix"))
        return self.root

    def _take(self, event: yaml.Event) -> None:
        mark = _mark(self.name, event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise UserError(
                Problem("a second document starts here", mark, "a matrix is one document: remove the `---`")
            )
        if isinstance(event, yaml.NodeEvent):
            self._check_tag(event, mark)
        if isinstance(event, yaml.ScalarEvent):
            self._check_text(event.value, mark)
            null = event.implicit[0] and event.style in (None, "") and event.value in NULLS
            self._add(Node(mark, None if null else event.value, anchor=event.anchor))
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._aliased(str(event.anchor), mark), alias=mark)
        elif isinstance(event, yaml.MappingStartEvent):
            self._push(Node(mark, pairs=[], anchor=event.anchor))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._push(Node(mark, items=[], anchor=event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._add(self.stack.pop())

    def _check_text(self, text: str, mark: Mark) -> None:
        if "\0" in text:
            raise UserError(Problem("a text has a NUL character, which no program can be given", mark, "remove it"))

    def _check_tag(self, event: yaml.NodeEvent, mark: Mark) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!") and tag not in CORE_TAGS:
            raise UserError(
                Problem(f"the YAML tag '{tag}' is not supported", mark, "remove it: plain values are enough")
            )

    def _aliased(self, anchor: str, mark: Mark) -> Node:
        if anchor not in self.anchors:
            remedy = "define the anchor (&name) before its alias (*name), and not around it"
            raise UserError(Problem(f"the alias '*{anchor}' refers to an anchor that does not exist", mark, remedy))
        return self.anchors[anchor]

    def _push(self, node: Node) -> None:
        self.stack.append(node)
        if len(self.stack) > MAX_DEPTH:
            raise _too_deep(node.mark)

    def _add(self, node: Node, alias: Mark | None = None) -> None:
        if node.anchor and not alias:
            self.anchors[node.anchor] = node
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.size += node.size
        parent.depth = max(parent.depth, node.depth + 1)
        if parent.size > MAX_NODES or len(self.stack) + node.depth > MAX_DEPTH + 1:
            what = f"the file expands to more than {MAX_NODES:,} nodes or {MAX_DEPTH} levels"
            raise UserError(Problem(what, alias or node.mark, "a matrix needs a few hundred: use fewer aliases"))
        self._attach(parent, node, alias)

    def _attach(self, parent: Node, node: Node, alias: Mark | None) -> None:
        if parent.items is not None:
            parent.items.append(node)
        elif parent.key is None:
            if node.items is not None or node.pairs is not None or node.text is None:
                raise UserError(Problem("a key must be a plain word", alias or node.mark, "quote it if it is one"))
            parent.key = node
        else:
            assert parent.pairs is not None  # noqa: S101
            parent.pairs.append((parent.key, node))
            parent.key = None
