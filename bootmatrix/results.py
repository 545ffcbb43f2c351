"""A run's results as JSON texts, one a line: written at once, read back one by one, never all in memory."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, overload

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from bootmatrix import files
from bootmatrix.errors import Problem, UserError, printable
from bootmatrix.model import Result, Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST = 64 << 20  # bytes that are read at once, where results have no lines of their own
LINE = 16 << 20  # bytes of a line, and of what stands before the results: JSON takes a hundred times as many, once read
OPENING, CLOSING = b' "results": [\n', b" ]\n}\n"  # the lines before and after the results in results.json
NAMES = re.compile(rb'\{"cell":"([^"\\]*)","test":"([^"\\]*)"')  # how a text of encode() begins, if it has no escapes


@functools.cache
def _codec() -> TypeAdapter[Result]:
    return TypeAdapter(Result)


@functools.cache
def _run_codec() -> TypeAdapter[Run]:
    return TypeAdapter(Run)


def encode(result: Result) -> str:
    """A result as JSON: ASCII without a line's end, so that its length is its bytes.

    What no UTF-8 has becomes `?`. ValueError if a field is not of its type, as a plug-in's may be.
    """
    try:
        text = _codec().dump_json(result, warnings="error")
        if b"null" in text:  # in a reason, or for a None, which is no warning
            decode(text)
    except PydanticSerializationError:  # a lone surrogate, or a mapping that is no dict
        raw = json.dumps(result, default=_plain, ensure_ascii=False).encode("utf-8", "replace")
        text = _codec().dump_json(decode(raw))
    return text.decode() if text.isascii() else json.dumps(json.loads(text), separators=(",", ":"))


def decode(line: str | bytes) -> Result:
    """The result whose text this is; fields that we do not know are left out.

    ValueError if it is none, or one that no run of ours comes to: a name that no folder can have, no such verdict or
    outcome, no possible time, size or number.
    """
    return _codec().validate_json(line)


class Stored(Sequence[Result]):
    """Results that lie in a file, their texts at `offsets` and `lengths` in bytes; read, in this order, when asked for.

    The file is open only while it is read. UserError if it cannot be, or has something else there.
    """

    def __init__(self, file: Path, offsets: array[int], lengths: array[int]) -> None:
        self.file, self.offsets, self.lengths = file, offsets, lengths

    def __len__(self) -> int:
        return len(self.offsets)

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> Stored: ...
    def __getitem__(self, index: int | slice) -> Result | Stored:
        if isinstance(index, slice):
            return Stored(self.file, self.offsets[index], self.lengths[index])
        at = range(len(self))[index]
        return next(iter(self[at : at + 1]))

    def __iter__(self) -> Iterator[Result]:
        with _told(self.file):
            for text in self.texts():
                try:
                    yield decode(text)
                except ValidationError as error:
                    raise ValueError(f"{_named(text)}: {_said(error)}") from None

    def texts(self) -> Iterator[bytes]:
        with _told(self.file), files.opened(self.file, below=self.file.parent) as file:
            for offset, length in zip(self.offsets, self.lengths, strict=True):
                text = os.pread(file.fileno(), length, offset)  # in any order: a buffer would be filled in vain
                if len(text) < length:
                    raise ValueError("it is cut off")
                yield text

    def names(self) -> Iterator[tuple[str, str]]:
        """Cell and test of each, mostly without decoding the rest."""
        with _told(self.file):
            for text in self.texts():
                found = NAMES.match(text)
                yield (found[1].decode(), found[2].decode()) if found else _names(decode(text))


def names(results: Sequence[Result]) -> Iterator[tuple[str, str]]:
    """Cell and test of each result."""
    return results.names() if isinstance(results, Stored) else map(_names, results)


def _names(result: Result) -> tuple[str, str]:
    return result.cell, result.test


def write(run: Run, target: Path) -> None:
    """A run as results.json, a line for each result. What was Stored in `target` itself must be opened anew."""
    head = {field.name: getattr(run, field.name) for field in fields(run) if field.name != "results"}
    text = json.dumps(head, indent=1, ensure_ascii=False, default=_plain).removesuffix("\n}") + ",\n"
    with files.replaced(target) as file:
        file.write(text.encode("utf-8", "replace") + OPENING)  # a name on the command line may not be UTF-8
        before = b""
        for result in run.results.texts() if isinstance(run.results, Stored) else map(encode, run.results):
            file.write(before + (result if isinstance(result, bytes) else result.encode()))
            before = b",\n"
        file.write((b"\n" if before else b"") + CLOSING)


def load(file: Path) -> Run:
    """A run from its results.json, all in memory; UserError if that cannot be read or is none."""
    run = open_run(file)
    return replace(run, results=tuple(run.results))


def open_run(file: Path, *, strict: bool = False) -> Run:
    """A run whose results stay in its results.json, if that is as `write` made it; else they are all read here.

    `strict`: what `write` has not made is refused, and no more memory is wanted than for a line.
    """
    with _told(file):
        with io.BufferedReader(files.opened(file, below=file.parent), 1 << 18) as opened:
            found = _scan(opened)
        if not found and strict:
            raise ValueError("it does not have one line for each result")
        if not found:
            text = files.read(file, LARGEST, below=file.parent)
            run = _run_codec().validate_json(text)
            return replace(run, results=tuple(run.results))
        head, offsets, lengths = found
        run = _run_codec().validate_json(head + OPENING + CLOSING)
    return replace(run, results=Stored(file, offsets, lengths))


def _scan(file: BinaryIO) -> tuple[bytes, array[int], array[int]] | None:
    """What stands before the results, and where each of them is; None if they do not have a line each."""
    head = bytearray()
    while (line := file.readline(LINE)) != OPENING:
        head += line
        if not line or len(head) >= LINE:
            return None
    at, last = len(head) + len(OPENING), False
    offsets, lengths = array("q"), array("q")
    while (line := file.readline(LINE)).startswith(b"{") and not last and line.endswith((b"},\n", b"}\n")):
        last = line.endswith(b"}\n")
        offsets.append(at)
        lengths.append(len(line) - len(b"\n" if last else b",\n"))
        at += len(line)
    whole = line + file.read(len(CLOSING)) == CLOSING and (last or not offsets)  # `line` is the first that is no result
    return (bytes(head), offsets, lengths) if whole else None


def _named(text: bytes) -> str:
    """Which result it is, for a message."""
    found = NAMES.match(text)
    name = f"{found[1].decode(errors='replace')}/{found[2].decode(errors='replace')}" if found else text[:80].decode()
    return f"the result of '{printable(name, 100)}'"


def _said(error: ValidationError) -> str:
    """Where in a value its first fault is, and what is possible there."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def _plain(value: object) -> Any:
    """What JSON has no form for: dataclasses and mappings as objects, all else as texts."""
    if is_dataclass(value):
        return vars(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


@contextlib.contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            Problem(f"{file} cannot be read: {error.strerror}", remedy="name a folder that a run made")
        ) from None
    except ValueError as error:
        what = _said(error) if isinstance(error, ValidationError) else str(error)
        raise UserError(Problem(f"{file} does not hold the results of a run: {what}")) from None
