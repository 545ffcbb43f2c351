"""YAML as text values with their places, within bounds of size, depth and time."""

from __future__ import annotations

import os
import re
import resource
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, strategies as st

from bootmatrix.errors import Mark, UserError
from bootmatrix.matrix import document

if TYPE_CHECKING:
    from pathlib import Path


def data(text: str) -> Any:
    return document.parse(text, "m.yaml").data


def error(text: str) -> str:
    """The only message about a text; whatever the text, it costs little."""
    started, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError) as caught:
        document.parse(text, "m.yaml")
    assert time.process_time() - started < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 200_000
    (problem,) = caught.value.problems
    return str(problem)


def error_of_file(path: Path, raw: bytes) -> str:
    path.write_bytes(raw)
    with pytest.raises(UserError) as caught:
        document.load(path)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    "typed",
    ["no", "on", "True", "3.10", "12", "012", "0x10", "0o17", "1e3", "1_0", ".inf", "2024-01-01", "1:30", "=", "Null~"],
)
def test_a_plain_word_stays_what_was_typed(typed: str) -> None:
    assert data(f"a: [{typed}]") == {"a": [typed]}


@pytest.mark.parametrize("typed", ["~", "null", "Null", "NULL", ""])
def test_a_plain_null_is_none_and_a_quoted_one_a_text(typed: str) -> None:
    assert data(f"a: {typed}\nb: '{typed}'") == {"a": None, "b": typed}


def test_block_texts_and_escapes_are_texts() -> None:
    assert data('a: |\n  x\n  y\nb: >-\n  x\n  y\nc: "\\u00e9\\t"') == {"a": "x\ny\n", "b": "x y", "c": "é\t"}


def test_plain_tags_change_nothing() -> None:
    assert data("a: [!!int 3, !!str no, ! x]") == {"a": ["3", "no", "x"]}


def test_places_are_those_of_values_and_of_keys() -> None:
    found = document.parse("a:\n  - x\n  - b: é y\n    c: z\n", "m.yaml")
    assert found.where(("a", 1, "c")) == Mark("m.yaml", 4, 8)
    assert found.where(("a", 1, "c"), key=True) == Mark("m.yaml", 4, 5)
    assert found.where(("a", 0)) == Mark("m.yaml", 2, 5)


def test_the_place_of_what_is_missing_is_its_nearest_parents() -> None:
    found = document.parse("a:\n  - x\n", "m.yaml")
    assert found.where(("a", 7, "c")) == found.where(("a",)) == Mark("m.yaml", 2, 3)
    assert str(found.where(("zzz",))) == "m.yaml"


def test_an_alias_is_the_value_of_its_anchor() -> None:
    assert data("a: &x [1, {b: 2}]\nc: *x\n") == {"a": ["1", {"b": "2"}], "c": ["1", {"b": "2"}]}


def test_a_merge_key_adds_what_is_not_there_and_the_first_source_wins() -> None:
    merged = data("a: &a {p: 1, q: 1}\nb: &b {q: 2, r: 2}\nc: {r: 3, <<: [*a, *b]}\n")["c"]
    assert merged == {"r": "3", "p": "1", "q": "1"}


def test_merge_keys_nest() -> None:
    assert data("a: &a {p: 1}\nb: &b {<<: *a, q: 2}\nc: {<<: *b}\n")["c"] == {"q": "2", "p": "1"}


def test_every_duplicate_key_is_told_with_the_first_ones_line() -> None:
    with pytest.raises(UserError) as caught:
        document.parse("a: 1\nb: {c: 1, c: 2}\na: 2\n", "m.yaml")
    assert [str(p) for p in caught.value.problems] == [
        "m.yaml:2:11: duplicate key 'c'\n    it is first defined in line 2: remove one of them",
        "m.yaml:3:1: duplicate key 'a'\n    it is first defined in line 1: remove one of them",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "m.yaml: the file is empty"),
        ("# only a comment\n", "m.yaml: the file is empty"),
        ("~\n", "m.yaml: the file is empty"),
        ("a: 1\n---\nb: 1\n", "m.yaml:2:1: a second document starts here"),
        ("a:\n\tb: 1\n", "m.yaml:2:1: not YAML: while scanning for the next token, found character"),
        ("a: [1\nb: 2\n", "m.yaml:2:2: not YAML: while parsing a flow sequence"),
        ("a: 'x\n", "m.yaml:2:1: not YAML: while scanning a quoted scalar"),
        ("é: é\0\n", "m.yaml:1:5: not YAML: the character #x0000 is not allowed"),
        ("é: é\n# é\x07\n", "m.yaml:2:4: not YAML: the character #x0007 is not allowed"),
        ('a: ["b\\0"]', "m.yaml:1:5: a text has a NUL character"),
        ("a: *b\n", "m.yaml:1:4: the alias '*b' refers to an anchor that does not exist"),
        ("a: &x [*x]\n", "m.yaml:1:8: the alias '*x' refers to an anchor that does not exist"),
        ("a: &x {b: *x}\n", "m.yaml:1:11: the alias '*x' refers to an anchor that does not exist"),
        ("[a]: 1\n", "m.yaml:1:1: a key must be a plain word"),
        ("{? {a: b} : 1}\n", "m.yaml:1:4: a key must be a plain word"),
        ("~: 1\n", "m.yaml:1:1: a key must be a plain word"),
        ("a: !!python/name:os.system x\n", "m.yaml:1:4: the YAML tag 'tag:yaml.org,2002:python/name:os.system'"),
        ("a: !!set {x}\n", "m.yaml:1:4: the YAML tag 'tag:yaml.org,2002:set' is not supported"),
        ("a: &a [1]\nb: {<<: *a}\n", "m.yaml:1:8: '<<' can merge only mappings"),
        ("b: {<<: 1}\n", "m.yaml:1:9: '<<' can merge only mappings"),
        ("a: &a {}\nb: {<<: *a, <<: *a}\n", "m.yaml:2:13: duplicate key '<<'"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, message: str) -> None:
    assert error(text).startswith(message)


def bomb() -> str:
    lines = ["x0: &x0 [l, l, l, l, l, l, l, l, l, l]"]
    lines += [f"x{i + 1}: &x{i + 1} [{', '.join([f'*x{i}'] * 10)}]" for i in range(30)]
    return "\n".join(lines)


def merge_bomb() -> str:
    lines = [f"x0: &x0 {{{', '.join(f'k{i}: v' for i in range(50))}}}"]
    lines += [f"x{i + 1}: &x{i + 1} {{<<: [{', '.join([f'*x{i}'] * 10)}]}}" for i in range(30)]
    return "\n".join(lines)


def merge_chain() -> str:
    return "x0: &x0 {k: v}\n" + "".join(f"x{i + 1}: &x{i + 1} {{<<: *x{i}, k{i}: v}}\n" for i in range(20_000))


@pytest.mark.parametrize("text", [bomb(), merge_bomb(), merge_chain()], ids=["aliases", "merges", "chain"])
def test_a_file_that_unfolds_without_end_is_stopped(text: str) -> None:
    assert "the file expands to more than 100,000 nodes or 40 levels" in error(text)


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 200_000, "a: " + "{b: " * 200_000, "- " * 200_000, "".join(" " * i + "a:\n" for i in range(900))],
    ids=["lists", "mappings", "dashes", "block"],
)
def test_a_deep_file_is_stopped(text: str) -> None:
    assert "nested deeper than 40 levels" in error(text)


def test_forty_levels_are_possible() -> None:
    assert data("[" * 40 + "]" * 40)
    assert error("[" * 41 + "]" * 41).startswith("m.yaml:1:41: nested deeper than 40 levels")


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_the_parsers_own_limit_is_told_as_ours(monkeypatch: pytest.MonkeyPatch, loader: str) -> None:
    if hasattr(yaml, loader):
        monkeypatch.setattr(document, "LOADER", getattr(yaml, loader))
    assert re.match(r"m\.yaml:2:\d+: nested deeper than 40 levels\n    flatten the file$", error("a:\n " + "[" * 2000))


def test_a_long_key_or_value_makes_no_long_message() -> None:
    assert len(error(f"? {'k' * 500_000}\n: 1\n? {'k' * 500_000}\n: 1\n")) < 1000
    assert len(error(f"a: !{'t' * 500_000} 1\n")) < 1000


def test_control_characters_never_reach_the_terminal() -> None:
    assert error('"\\e[31m\\n": 1\n"\\e[31m\\n": 2\n').startswith("m.yaml:2:1: duplicate key '\\x1b[31m\\n'\n")


def test_a_byte_order_mark_and_foreign_line_ends_change_no_place(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    for raw in (b"a: 1\nb: x\n", b"\xef\xbb\xbfa: 1\nb: x\n", b"a: 1\r\nb: x\r\n", b"a: 1\rb: x\r"):
        file.write_bytes(raw)
        found = document.load(file)
        assert found.data == {"a": "1", "b": "x"}
        assert found.where(("b",)) == Mark("m.yaml", 2, 4)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("a: é".encode("utf-16"), "m.yaml:1:1: not UTF-8: byte 0xff"),
        ("a: b\n".encode("utf-16-le"), "m.yaml:1:2: not YAML: the character #x0000"),
        ("a: b\n".encode("utf-32"), "m.yaml:1:1: not UTF-8: byte 0xff"),
        ("a: 1\né: é".encode() + b"\xff\n", "m.yaml:2:5: not UTF-8: byte 0xff"),
        (b"\xef\xbb\xbfa: \xe9\n", "m.yaml:1:4: not UTF-8: byte 0xe9"),
        (b"a: \xed\xa0\x80", "m.yaml:1:4: not UTF-8: byte 0xed"),
    ],
)
def test_what_is_not_utf_8_is_told_with_its_place(tmp_path: Path, raw: bytes, message: str) -> None:
    assert error_of_file(tmp_path / "m.yaml", raw).startswith(message)


def test_a_file_of_100_mb_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    with file.open("wb") as made:
        made.truncate(100 << 20)
    with pytest.raises(UserError, match=r"m\.yaml: the file is larger than 1 MiB \(104,857,600 bytes\)"):
        document.load(file)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe is not a regular file"):
        document.load(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "is not a regular file"),
        ("absent.yaml", "absent.yaml does not exist"),
        ("file/m.yaml", "m.yaml cannot be read: Not a directory"),
        ("x" * 300, "cannot be read: File name too long"),
        ("dangling", "dangling is a link to 'nowhere', which does not exist"),
        ("loop", "loop cannot be read: Too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_is_told(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError) as caught:
        document.load(tmp_path / name)
    assert message in str(caught.value)


@given(st.text(st.sampled_from("abé: \n\t-[]{}*&!|>'\"#?,%@`~<\\0\x00\x07\r\u2028🐫"), max_size=60))
def test_any_text_is_read_or_told(text: str) -> None:
    assert isinstance(read_or_told(text), (dict, list, str))


def read_or_told(text: str) -> object:
    try:
        return document.parse(text, "m.yaml").data
    except UserError as told:
        return all(str(problem).startswith("m.yaml") for problem in told.problems) and "told"
