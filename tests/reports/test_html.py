"""The page as a file: what it has, what it leaves out, and that nothing in it can be markup. tests/page/ opens it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reports.examples import (
    EVIL,
    ROOT,
    attempt,
    changed,
    demo,
    hostile,
    report,
    result,
    run,
    stored,
    with_console,
)
from reports.pages import data, entries, page

from bootmatrix.history import findings
from bootmatrix.history.findings import Night, Trend, Trends
from bootmatrix.model import SEVERITY, Case

if TYPE_CHECKING:
    from pathlib import Path


def numbers(packed: dict[str, Any]) -> list[int]:
    raw, width = base64.b64decode(packed["at"]), packed["width"]
    return [int.from_bytes(raw[at : at + width], "little") for at in range(0, len(raw), width)]


def texts(column: dict[str, Any]) -> list[str]:
    return [["", *column["values"]][number] for number in numbers(column)]


def test_all_results_are_in_its_columns_and_its_chunks(tmp_path: Path) -> None:
    made = demo(tmp_path)
    text = page(made, tmp_path)
    head, columns = data(text, "data"), data(text, "columns")
    assert head["keys"] == ["compiler", "os", "arch", "backend", "test"]
    assert [head["severity"][rank] for rank in numbers(columns["verdicts"])] == [r.verdict for r in made.results]
    ids = zip(texts(columns["cells"]), texts(columns["names"]), strict=True)
    assert [f"{cell}/{name}" for cell, name in ids] == [r.id for r in made.results]
    assert texts(columns["keys"][3]) == [r.axes["backend"] for r in made.results]
    assert head["counts"] == [made.counts().get(verdict, 0) for verdict in SEVERITY]
    plain = [json.loads(line) for line in made.results.texts()]  # type: ignore[attr-defined]
    assert [entry[0] for entry in entries(text)] == plain


def test_wide_columns(tmp_path: Path) -> None:
    made = run(*(result(test=f"t{number}") for number in range(300)))
    columns = data(page(made, tmp_path), "columns")
    assert columns["names"]["width"] == 2
    assert texts(columns["names"]) == [each.test for each in made.results]


def test_it_asks_for_no_other_file(tmp_path: Path) -> None:
    text = page(demo(tmp_path), tmp_path)
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert set(re.findall(r'(?:src|href|action)="([^"#][^"]*)"', outside)) == set(
        re.findall(r'rel="icon" href="(data:image/svg\+xml,[^"]*)"', text)
    )
    assert "url(" not in text
    assert "@import" not in text


def test_its_policy_has_the_hashes_of_its_script_and_style(tmp_path: Path) -> None:
    text = page(demo(tmp_path), tmp_path)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    for name in ("script", "style"):
        (source,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert rules[f"{name}-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"


def test_no_two_scripts_declare_one_name() -> None:
    """They are one script in the page, where the later would take the earlier's place."""
    texts = [file.read_text() for file in (ROOT / "reports/_page").glob("*.js")]
    names = [
        name for text in texts for name in re.findall(r"^(?:async )?(?:function|const|let) (\w+)", text, re.MULTILINE)
    ]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_nothing_that_a_guest_words_is_markup(tmp_path: Path) -> None:
    plain = page(run(result("failed")), tmp_path)
    changed(tmp_path, EVIL, EVIL)
    every_one = [hostile(tmp_path, verdict) for verdict in SEVERITY]
    evil = run(
        *every_one, command=EVIL, branch=EVIL, commit=EVIL, host={EVIL: EVIL}, axes=("compiler", EVIL), version=EVIL
    )
    text = page(stored(replace(evil, id=f"run {EVIL}", started=EVIL), tmp_path), tmp_path)

    def tags(of: str) -> set[str]:
        outside = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", of, flags=re.DOTALL)
        return set(re.findall(r"<[a-zA-Z]+", outside))

    assert tags(text) == tags(plain)
    for name in ("data", "columns"):
        raw = text.partition(f'id="{name}">')[2].partition("</script>")[0]
        assert raw.isascii()
        assert not re.search("[<>&]", raw)
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u2028\u2029\x00-\x08\x1b]", text)


def test_of_very_many_cases_those_that_failed_stay(tmp_path: Path) -> None:
    cases = [Case(f"case {number}", "passed", "x" * 20) for number in range(5000)] + [Case("last", "failed", "why")]
    made = result("failed", attempts=(attempt(1, "failed", cases=tuple(cases)),))
    shown = entries(page(run(made), tmp_path))[0][0]["attempts"][0]
    assert shown["cases"][0] == {"name": "last", "status": "failed", "message": "why"}
    assert len(shown["cases"]) == 500
    assert shown["cases_left"] == 4501


def test_of_very_many_cases_of_a_guest_too(tmp_path: Path) -> None:
    cases = tuple(Case(f"case {number}", "passed", "x" * 20) for number in range(5000))
    guest = attempt(1, "failed", cases=cases)
    shown = entries(page(run(result("failed", attempts=(replace(guest, guests={"a": guest}),))), tmp_path))[0][0]
    (alone,) = shown["attempts"][0]["guests"].values()
    assert (len(alone["cases"]), alone["cases_left"]) == (500, 4500)


def test_trends_stand_with_their_tests(tmp_path: Path) -> None:
    made = run(result("failed", test="a"), result(test="b"))
    night = Night("run", "2026-11-23T23:06:15Z", "c0ffee", "main")
    trend = Trend(("passed", "", "failed"), {"boot_time": (0.5, None, 0.25)})
    findings.write(Trends((night,) * 3, {made.results[0].id: trend}), tmp_path)
    text = page(made, tmp_path)
    wanted = {
        "verdicts": [SEVERITY.index("passed"), None, SEVERITY.index("failed")],
        "series": {"boot_time": [0.5, None, 0.25]},
    }
    assert [trend for _, _, trend, _ in entries(text)] == [wanted, None]
    assert [each["commit"] for each in data(text, "data")["nights"]] == ["c0ffee"] * 3


def test_reasons_are_grouped_with_the_ends_of_their_consoles(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(5000))
    long = with_console(result("failed", test="long"), tmp_path, text)
    made = run(result(), long, result("failed", test="other"), result("skipped", test="skipped"))
    found = data(page(made, tmp_path), "data")["groups"]
    assert numbers(found["at"]) == [1, 1, 2], "one for each that did not simply pass"
    failed, skipped = found["told"]
    assert (failed["verdict"], failed["where"], failed["repro"]) == ("failed", ["ci/matrix.yaml:7:3"], long.repro)
    lines = [f"line {number}" for number in range(4988, 5000)]
    assert failed["end"] == {"text": "\n".join(lines), "whole": False}
    assert failed["file"] == long.attempts[-1].console
    assert (skipped["reason"], skipped["end"], skipped["file"]) == ("this host has no /dev/kvm", None, "")
    assert found["left"] == dict.fromkeys(("failed", "quarantined", "undecided", "flaky", "skipped"), 0)


def test_of_too_many_reasons_it_says_how_many_tests_are_left(tmp_path: Path) -> None:
    made = run(*(result("failed", test=f"t{number}", reason=f"{number}") for number in range(130)))
    found = data(page(made, tmp_path), "data")["groups"]
    assert (len(found["told"]), found["left"]["failed"]) == (100, 30)
    assert sorted(numbers(found["at"])) == [0] * 30 + list(range(1, 101))


def test_a_reason_has_the_places_of_its_tests(tmp_path: Path) -> None:
    places = [f"matrix.yaml:{line}:3" for line in (9, 12, 9, 15, 18, 21)]
    made = run(
        *(result("error", test=f"t{at}", where=where) for at, where in enumerate(places)), result("error", where="")
    )
    (group,) = data(page(made, tmp_path), "data")["groups"]["told"]
    assert group["where"] == ["matrix.yaml:9:3", "matrix.yaml:12:3", "matrix.yaml:15:3", "matrix.yaml:18:3"]


def test_what_changed_is_grouped_and_bounded(tmp_path: Path) -> None:
    night = Night("run", "2026-11-23T23:06:15Z", "c0ffee", "main")
    many = [
        findings.Change(findings.ChangeKind.STILL_FAILING, f"cell/t{number}", "no end within 30 s", night)
        for number in range(1500)
    ]
    other = findings.Change(findings.ChangeKind.STILL_FAILING, "cell/other", "panicked", night)
    findings.write(findings.Changes("main", (night,), (other, *many)), tmp_path)
    (kind,) = data(page(run(result()), tmp_path), "data")["changes"]["kinds"]
    assert (kind["title"], kind["rest"]) == ("1,501 still failing", 0)
    assert [(group["said"].partition(",")[0], group["count"]) for group in kind["groups"]] == [
        ("no end within 30 s", 1500),
        ("panicked", 1),
    ]
    assert [len(group["tests"]) for group in kind["groups"]] == [1000, 0]


def test_where_the_files_are_seen_from_the_page(tmp_path: Path) -> None:
    folder, other = tmp_path / "out/run 1", tmp_path / "other"
    folder.mkdir(parents=True)
    other.mkdir()
    for target, wanted in ((folder / "a.html", ""), (tmp_path / "b.html", "out/run 1/"), (other / "c.html", None)):
        report("html").write(run(result()), folder, target)
        assert data(target.read_text(), "data")["files"] == wanted


def test_interrupted_and_partial_runs_say_so(tmp_path: Path) -> None:
    whole = page(run(result()), tmp_path)
    assert "interrupted" not in whole.partition("<main>")[0].partition("<body>")[2]
    assert "<strong>interrupted</strong>" in page(run(result(), interrupted=True), tmp_path)
    assert "took only some of the tests" in page(run(result(), partial=True), tmp_path)
