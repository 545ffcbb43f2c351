"""Unikraft's command line: what is written arrives, and what would not is refused before the boot."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from bootmatrix import plugins
from bootmatrix.model import Rejected

plugins.names("runners", Path(__file__).parents[2] / "docs")
plugins.make_runner("unikraft-qemu", {}, Path(__file__).parents[2] / "docs")
line = importlib.import_module("bootmatrix.runners._unikraft_line")
WORD = st.text(st.sampled_from("ab.=-'\"\\ \t\r\n\v\f,é[]"), min_size=1)


def read(text: str, *, escapes: bool = True) -> list[str]:
    """The words that Unikraft's parser makes of a command line; before 0.14 it knew no backslash."""
    words: list[str] = []
    word, quote, begun, index = "", "", False, 0
    while index < len(text):
        letter = text[index]
        following = text[index + 1 : index + 2]
        index += 1
        if escapes and letter == "\\" and quote != "'" and following:
            kept = quote and following not in '"\\'
            word, begun, index = word + (letter if kept else "") + following, True, index + 1
        elif letter in "'\"" and quote in ("", letter):
            quote = "" if quote else letter
        elif letter in " \t\r\n\v" and not quote:
            words, word, begun = words + [word] * begun, "", False
        else:
            word, begun = word + letter, True
    return words + [word] * begun


@given(st.lists(WORD))
@example(["a b", "q\"u'o\\te", "\\", '"', "'", "\\'\"", " "])
def test_any_words_arrive_as_they_are_written(args: list[str]) -> None:
    given_args = [each for each in args if each != "--"]
    assert read("name " + line.arguments("name", (), given_args)) == ["name", *given_args]


@given(st.lists(WORD.filter(lambda word: not ("'" in word and ('"' in word or "\\" in word)))))
def test_a_parser_without_escapes_reads_all_that_need_none(args: list[str]) -> None:
    assert read(" ".join(map(line.quoted, args)), escapes=False) == args


@given(st.lists(WORD.map(lambda word: f"lib.name={word.strip('[]')}")), st.lists(WORD))
def test_parameters_stand_before_the_arguments(params: list[str], args: list[str]) -> None:
    given_args = [each for each in args if each != "--"]
    stop = ["--"] if params else []
    assert read(line.arguments("name", params, given_args)) == [*params, *stop, *given_args]


@pytest.mark.parametrize(
    ("params", "args", "wanted"),
    [
        ((), (), ""),
        (("netdev.ip=10.0.2.15/24:10.0.2.2:::",), (), "netdev.ip=10.0.2.15/24:10.0.2.2::: --"),
        (("random.seed=[", "1", "2", "]"), ("x",), "random.seed=[ 1 2 ] -- x"),
        (("random.seed=[1", "2]"), ("x",), "random.seed=[1 2] -- x"),
        (("debug.on",), ("a", "--", "b"), "debug.on -- a -- b"),
        ((), ("--", "b"), "-- b"),
    ],
)
def test_a_line_is_what_unikraft_expects(params: tuple[str, ...], args: tuple[str, ...], wanted: str) -> None:
    assert line.arguments("name", params, args) == wanted


@pytest.mark.parametrize(
    ("params", "args", "what"),
    [
        ((), ("a", ""), "one of the boot arguments is empty"),
        ((), ("a", "--", "b"), "'--' stands among the boot arguments"),
        (("",), (), "`params` has an empty word"),
        (("verbose",), (), "'verbose' in `params` is no library parameter"),
        (("--",), (), "'--' in `params` is no library parameter"),
        (("netdev=x.y",), (), "'netdev=x.y' in `params` is no library parameter"),
        (("vfs.fstab=[", "a"), (), "a list in `params` has no end"),
        ((), ("x" * 4091,), "the command line has 4,096 bytes"),
        ((), ("é" * 2046,), "the command line has 4,097 bytes"),
        ((), ("x",) * 60, "the command line has 60 words"),
        (("a.b=c",) * 30, ("x",) * 29, "the command line has 60 words"),
    ],
)
def test_what_would_be_dropped_without_a_word_is_refused(
    params: tuple[str, ...], args: tuple[str, ...], what: str
) -> None:
    with pytest.raises(Rejected) as refused:
        line.arguments("name", params, args)
    assert str(refused.value).startswith(what)
    assert refused.value.remedy


def test_a_kernel_may_be_built_for_more() -> None:
    assert line.arguments("name", (), ("x" * 4090,))
    assert line.arguments("name", (), ("x",) * 59)
    assert line.arguments("name", (), ("x" * 5000,), 8192)
    assert line.arguments("name", (), ("x",) * 100, most=101)


@pytest.mark.parametrize("path", ["/a b", "/a'b", '/a"b', "/a\\b", "/a\tb"])
def test_a_path_that_would_not_be_one_word_is_refused(path: str) -> None:
    line.check_path("/build/hello_qemu-x86_64")
    with pytest.raises(Rejected):
        line.check_path(path)
