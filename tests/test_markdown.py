"""Markdown around texts of strangers, as a reader of CommonMark with GitHub's tables takes it."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given, strategies as st
from markdown_it import MarkdownIt

from bootmatrix import markdown

READER = MarkdownIt("commonmark").enable("table")
ANY = st.text(st.characters() | st.sampled_from("`|<>[]()*_@#&\\\n\x1b~:"))


def inline(source: str) -> list[tuple[str, str]]:
    return [(each.type, each.content) for token in READER.parse(source) for each in token.children or ()]


@given(ANY)
@example("`")
@example("``a`` | `")
def test_code_is_nothing_but_code(text: str) -> None:
    code = markdown.code(text)
    assert [kind for kind, _ in inline(f"x {code} y") if kind != "text"] == ["code_inline"] * bool(code)


@pytest.mark.parametrize("text", ["a `tick`", "``", "@user <b> [a](b) #1", "two words"])
def test_code_shows_its_text_as_it_is(text: str) -> None:
    assert ("code_inline", text) in inline(f"- {markdown.code(text)}")


@given(ANY, ANY)
def test_a_table_keeps_its_cells(one: str, other: str) -> None:
    source = markdown.header(["a", "b"]) + markdown.row([markdown.cell(one), markdown.plain(other)])
    kinds = [token.type for token in READER.parse(source)]
    assert kinds.count("td_open") == kinds.count("th_open") == 2
    assert {kind for kind, _ in inline(source)} <= {"text", "code_inline"}


@pytest.mark.parametrize("text", ["1.00 s → 31 s (+5.0%)", "a, b: c = d?", "no"])
def test_what_is_harmless_stays_plain(text: str) -> None:
    assert markdown.plain(text) == text


@pytest.mark.parametrize("text", ["see https://e.org", "www.e.org", "@user", "#1", "a_b`c", "<b>", "*x*", "a|b"])
def test_what_is_not_is_code(text: str) -> None:
    assert markdown.plain(text) == markdown.cell(text)
    assert markdown.plain(text).startswith("`")


@given(ANY)
def test_within_html_no_text_is_a_tag_or_an_entity_of_its_own(text: str) -> None:
    assert not set("<>`[]@*#") & set(markdown.within_html(text).replace("&#", ""))


@given(ANY)
def test_a_block_ends_where_it_ends(text: str) -> None:
    assert [token.type for token in READER.parse(markdown.block(text) + "\nafter\n")][:2] == ["fence", "paragraph_open"]


def test_paper_takes_whole_blocks_only() -> None:
    file = io.StringIO()
    paper = markdown.Paper(file, 10)
    assert paper.offer(["€", "€€", "€€€", "x"]) == 2
    assert paper.offer(["x", "x"], 0.5) == 0
    assert paper.offer(["x", "x"]) == 1
    assert file.getvalue() == "€€€x"


def test_a_comment_ends_where_github_would_cut_it() -> None:
    assert markdown.comment(["one", "two"], ", elsewhere") == "one\ntwo\n"
    said = markdown.comment(("€" * 100 for _ in range(1000)), ", elsewhere")
    assert len(said.encode()) <= markdown.COMMENT
    assert said.endswith("€\n\n… and more, elsewhere\n")
