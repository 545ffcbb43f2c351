"""What a guest, a tender or a matrix words stays text, all of it can be seen, and none of it misleads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from page.conftest import until, watched, written
from reports.examples import EVIL, attempt, changed, hostile, result, run, stored, with_console

from bootmatrix.model import VERDICTS
from bootmatrix.texts import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)></pre><!--<style>*{display:none}</style>"
BIDI = "\u202egnp.exe\u202c \u2066isolated\u2069 \u200bzero\u00adwidth"
CONTROLS = "nul\0 bell\a back\b\b csi\x9b1m del\x7f"
LINK = "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07"
OTHERS = f"\x1b]0;title\x07{LINK}\x1b[2J\x1b[10;10H\x1b(0\x1bc\x1b[?25l\x1b[5n\x1bP1$q\x1b\\"
DARK = "\x1b[48;2;1;2;3;38;2;4;5;6mdark on dark\x1b[m"
COLOURS = f"\x1b[31mred\x1b[0m \x1b[1;38;5;208mbold\x1b[22;39m {DARK} \x1b[8mconcealed\x1b[0m"
CONSOLE = (
    f"{MARKUP}\n{BIDI}\n{CONTROLS}\n{OTHERS}\n{COLOURS}\n\x1b[38;5;999mx\x1b[38;2mx\x1b[;;;mx\x1b[999999999999mx\x1b"
)
ACTIVE = "script, img, iframe, object, embed, base, form, style, link"
NODES = f"[...document.querySelectorAll('{ACTIVE}')].map((e) => e.outerHTML.slice(0, 60))"
UNSEEN = r"document.body.innerText.match(/(?!\n|\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu)"
UNSEEN_NAMES = r"""[...document.querySelectorAll("[title], [aria-label]")]
  .map((e) => (e.title + e.ariaLabel).match(/[\p{Cc}\p{Cf}]/u)).filter((x) => x)"""
INK = """(e) => { const style = getComputedStyle(e);
  return [style.color, style.backgroundColor].map((colour) => colour.match(/\\d+/g).map(Number)); }"""
OWNED = """() => { const element = document.createElement("script"); element.textContent = "window.owned = 1";
  const told = (done) => (event) => done([event.violatedDirective, window.owned]);
  return new Promise((done) => {
    document.addEventListener("securitypolicyviolation", told(done)); document.body.append(element); }); }"""


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """All is hostile, and the first test of the list has such a console."""
    folder = tmp_path_factory.mktemp("hostile")
    changed(folder, EVIL, EVIL)
    evil = with_console(result("contradicted", test="worst", attempts=(attempt(1, "failed"),)), folder, CONSOLE)
    every = [evil, *(replace(hostile(folder, verdict), test=f"{verdict} {EVIL}") for verdict in VERDICTS)]
    made = run(*every, command=EVIL, branch=EVIL, commit=EVIL, host={EVIL: EVIL}, axes=("compiler", EVIL))
    with watched(browser) as shown:
        yield shown(written(stored(made, folder), folder))


def console(page: Page) -> str:
    page.locator("#list a").first.click()
    page.locator("#panel[open] .attempt[open] .console").wait_for()
    return page.locator("#panel .attempt[open] .console").inner_text()


def test_markup_stays_text(page: Page) -> None:
    own = page.evaluate(NODES)
    assert MARKUP in console(page)
    assert page.evaluate(NODES) == own, "nothing that it printed became an element"


def test_every_test_can_be_opened_and_adds_no_element_of_the_guests(page: Page) -> None:
    own = page.evaluate(NODES)
    for index in range(page.evaluate("list.rows.length")):
        page.evaluate(f"go({{ test: idOf(list.rows[{index}]) }})")
        until(
            page,
            f"byId('panel').open && panel.row === list.rows[{index}] && document.activeElement.id === 'panel-title'",
        )
        assert page.evaluate(NODES) == own
        hrefs = page.evaluate("[...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))")
        assert {href[:2] for href in hrefs} <= {"#", "#t", "#f", "./"}


def test_what_cannot_be_seen_is_made_visible(page: Page) -> None:
    shown = console(page)
    assert "⟨U+202E⟩gnp.exe⟨U+202C⟩ ⟨U+2066⟩isolated⟨U+2069⟩ ⟨U+200B⟩zero⟨U+00AD⟩width" in shown
    assert "nul⟨U+0000⟩ bell⟨U+0007⟩ back⟨U+0008⟩⟨U+0008⟩ csi⟨U+009B⟩1m del⟨U+007F⟩" in shown
    assert page.locator("#panel .console .odd", has_text="U+202E").count() == 1
    direction = "(e) => [getComputedStyle(e).direction, getComputedStyle(e.firstChild).unicodeBidi]"
    assert page.locator("#panel .console").evaluate(direction) == ["ltr", "bidi-override"]


def test_only_colours_and_weights_are_followed(page: Page) -> None:
    shown = console(page)
    assert "\n" + "link1$q" + "\n" in shown, "titles, links, cursors and replies are dropped"
    assert shown.endswith("red bold dark on dark concealed\nxxxx")
    assert "\x1b" not in shown
    assert page.locator("#panel .console span.bold").inner_text() == "bold"


HIDING = (
    "\x1b]0;FAIL: one\nFAIL: two\x07",
    "\x1b]0;FAIL: one\r\nFAIL: two\x1b\\",
    "\x1bPFAIL: one\nFAIL: two\x1b\\",
    "\x1b_FAIL: one FAIL: two\x1b\\",
)
INKED = "(text) => { const all = document.createElement('p'); all.append(...inkedAll(text).flat()); return all; }"


@pytest.mark.parametrize("text", HIDING)
def test_what_the_judge_reads_is_shown(page: Page, text: str) -> None:
    """A terminal would hide these lines, but the verdict knows them."""
    shown = page.evaluate(f"(text) => ({INKED})(text).textContent", text)
    assert [line for line in ("FAIL: one", "FAIL: two") if line in clean(text.encode())] == ["FAIL: one", "FAIL: two"]
    assert [line for line in ("FAIL: one", "FAIL: two") if line in shown] == ["FAIL: one", "FAIL: two"]


@pytest.mark.parametrize(
    ("code", "style", "name"),
    [
        ("38:2::255:120:60", "color: rgb(255, 120, 60);", None),
        ("38:2:255:120:60", "color: rgb(255, 120, 60);", None),
        ("38:5:231", "color: rgb(255, 255, 255);", None),
        ("1;4:3", None, "bold underline"),
        ("3;58;5;1", None, "italic"),
        ("3;58;2;1;4;9", None, "italic"),
        ("3;58:2::1:4:9", None, "italic"),
    ],
)
def test_colours_are_read_in_both_notations(page: Page, code: str, style: str | None, name: str | None) -> None:
    """With semicolons, and with the colons of ITU-T T.416."""
    span = f"(text) => (({{ style, className }}) => [style.cssText, className])(({INKED})(text).querySelector('span'))"
    assert page.evaluate(span, f"\x1b[{code}mx") == [style or "", name or ""]


def test_guests_cannot_write_what_nobody_can_read(page: Page) -> None:
    console(page)
    text = page.locator("#panel .console span", has_text="dark on dark").last
    colours = text.evaluate(INK)
    assert colours[1] == [1, 2, 3]
    assert page.evaluate("([one, other]) => contrast(one, other)", colours) >= 4.5


def test_nothing_unseen_stands_anywhere(page: Page) -> None:
    assert page.evaluate(UNSEEN) is None
    for index in range(1, 6):
        page.evaluate(f"go({{ test: idOf(list.rows[{index}]) }})")
        until(page, f"panel.row === list.rows[{index}] && document.activeElement.id === 'panel-title'")
        assert page.evaluate(UNSEEN) is None
        assert page.evaluate(UNSEEN_NAMES) == []


def test_its_policy_allows_no_script_but_its_own(demo_page: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(demo_page.as_uri())
    policy = page.locator("meta[http-equiv]").get_attribute("content") or ""
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert page.evaluate(OWNED) == ["script-src-elem", None]
    page.close()
