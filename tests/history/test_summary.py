"""What is said of the changes to people: bounded, in order, and harmless whatever a guest wrote."""

from __future__ import annotations

from histories import night
from support import outside_code

from bootmatrix.history import markdown, summary
from bootmatrix.history.findings import KINDS, Change, ChangeKind, Changes
from bootmatrix.markdown import COMMENT

TONIGHT = night(9)
HOSTILE = "\x1b[2J `@user` <img src=x> [a](b) ::error::x\n# title | \u202e 😀"


def made(*changes: Change, notes: tuple[str, ...] = ()) -> Changes:
    return Changes("main", (night(1), night(2)), changes, notes)


def many(count: int) -> Changes:
    long = HOSTILE * 40
    return made(*(Change(kind, f"cell/{n}{HOSTILE}", f"{n} {long}", TONIGHT) for kind in KINDS for n in range(count)))


def text(changes: Changes) -> str:
    return "\n".join(line for line, _ in summary.lines(TONIGHT, changes))


def test_every_kind_has_a_title_and_a_style() -> None:
    assert set(summary.TITLES) == set(summary.STYLES) == set(KINDS)


def test_each_kind_is_told_in_order_with_its_numbers() -> None:
    failed = Change(ChangeKind.NEW_FAILURE, "c/a", "failed: why [passed in r0008]", TONIGHT, (0.25, 0.125, 0.5))
    slow = Change(ChangeKind.WORSE, "c/b", "boot_time: 1 s → 2 s (+100.0%)", night(5), None, "boot_time", 1, 2, "s")
    said = text(made(failed, slow, notes=("a note",)))
    assert said == (
        "r0009 (0000000000) against the last 2 runs of main, since r0001 (0000000000)\n"
        "\n1 new failure\n  c/a\n"
        "      failed: why [passed in r0008]; flaky or failed in 25% of the runs (95%: 12% to 50%)\n"
        "\n1 measure became worse\n  c/b\n"
        "      boot_time: 1 s → 2 s (+100.0%), since r0005 (0000000000)\n"
        "\na note"
    )


def test_what_is_the_same_of_several_tests_is_said_once_the_most_first() -> None:
    alone = Change(ChangeKind.NEW_FAILURE, "c/z", "failed: other", TONIGHT)
    same = [Change(ChangeKind.NEW_FAILURE, f"c/{n}", "failed: why", TONIGHT) for n in range(7)]
    told = "\n8 new failures\n  c/0, c/1, c/2, c/3, c/4 … (7 tests)\n      failed: why\n  c/z\n"
    assert told in text(made(alone, *same))
    assert "- `c/0, c/1, c/2, c/3, c/4 … (7 tests)`\n  `failed: why`" in markdown.text(TONIGHT, made(alone, *same))


def test_nothing_is_said_as_such() -> None:
    assert text(made()).endswith("\nnothing has changed")
    assert "Nothing has changed." in markdown.text(TONIGHT, made())
    assert "no earlier run of main" in text(Changes("main", (), ()))


def test_long_lists_are_bounded_and_counted() -> None:
    said = text(many(1000))
    assert said.count("… and 980 more") == len(KINDS)
    assert len(list(summary.lines(TONIGHT, many(1000)))) < len(KINDS) * (summary.SHOWN * 2 + 4)


def test_markdown_fits_into_an_issue() -> None:
    said = markdown.text(TONIGHT, many(1000))
    assert len(said.encode()) <= COMMENT
    assert "1,000 new failures" in said
    assert said.endswith("… and more, in changes.json\n")


def test_no_text_of_a_guest_is_more_than_a_text_in_markdown() -> None:
    changes = made(Change(ChangeKind.NEW_FAILURE, f"cell/{HOSTILE}", HOSTILE, TONIGHT), notes=(HOSTILE,))
    outside = outside_code(markdown.text(TONIGHT, changes))
    assert outside.split() == ["-", "###", "1", "new", "failure", "-"]
