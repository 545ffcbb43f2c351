"""docs/matrix.md names each key of a matrix, what it may have and its default, and nothing else."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_args

import pydantic
import pytest
from docs.pages import PAGES, rows, section

from bootmatrix import model, plugins, quantities
from bootmatrix.matrix import document, template
from bootmatrix.matrix.expanding import cells
from bootmatrix.matrix.keys import hosts, meaning, parts, schema, values
from bootmatrix.matrix.rules import tests

SECTIONS = {
    "MatrixFile": "The file",
    "Host": "Hosts",
    "Ssh": "Hosts",
    "Build": "Builds",
    "TestFields": "Tests",
    "Defaults": "Tests",
    "Test": "Tests",
    "When": "Tests",
    "Expect": "expect",
    "Pattern": "expect",
    "Retry": "retry",
    "Metric": "metrics",
    "Quarantined": "Quarantine",
}
MODELS: dict[str, type[pydantic.BaseModel]] = {
    name: kind
    for name, kind in {**vars(parts), **vars(schema), **vars(hosts)}.items()
    if inspect.isclass(kind)
    and issubclass(kind, parts.Strict)
    and kind.__module__ in {parts.__name__, schema.__name__, hosts.__name__}
    and kind is not parts.Strict
}
WORDS = {"build": "the only build", "axes": "all but `backend"}  # what a default of none means


def keys(kind: type[pydantic.BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in kind.model_fields.items() if not field.exclude}


@pytest.mark.parametrize("title", sorted(set(SECTIONS.values())))
def test_every_key_of_the_matrix_is_documented_and_no_other(title: str) -> None:
    assert set(SECTIONS) == set(MODELS)
    wanted = {key for name, where in SECTIONS.items() if where == title for key in keys(MODELS[name])}
    assert set(rows(section("docs/matrix.md", title), "key")) == wanted


@pytest.mark.parametrize("name", sorted(MODELS))
def test_defaults_of_the_matrix_are_the_documented_ones(name: str) -> None:
    for key, field in keys(MODELS[name]).items():
        cell = rows(section("docs/matrix.md", SECTIONS[name]), "key")[key][2].strip("`")
        default = "required" if field.is_required() else field.get_default()
        if isinstance(default, float):
            assert (0.0 if cell == "0" else quantities.seconds(cell)) == default, key
        elif isinstance(default, int) and default >= model.MIB:
            assert quantities.size(cell) == default, key
        elif not isinstance(default, pydantic.BaseModel):
            shown = default[0] if isinstance(default, list) and default else default
            words = WORDS.get(key, "none") if shown in (None, [], {}, "") else str(shown)
            assert cell in {words, words.lower()}, key


CHOICES: list[tuple[str, str, Any]] = [
    ("metrics", "better", parts.Metric.model_fields["better"].annotation),
    ("metrics", "take", parts.Metric.model_fields["take"].annotation),
    ("retry", "on", values.RetryOn),
    ("Tests", "unavailable", schema.TestFields.model_fields["unavailable"].annotation),
]


@pytest.mark.parametrize(("title", "key", "kind"), CHOICES, ids=lambda value: str(value)[:12])
def test_choices_of_the_matrix_are_documented(title: str, key: str, kind: Any) -> None:
    choices = {word for part in (kind, *get_args(kind)) for word in get_args(part) if isinstance(word, str)}
    row = rows(section("docs/matrix.md", title), "key")[key]
    assert set(re.findall(r"`([^`]+)`", row[1])) == choices


def test_the_protocols_that_a_matrix_may_name_are_documented() -> None:
    row = rows(section("docs/matrix.md", "Tests"), "key")["cases"]
    assert set(re.findall(r"`([^`/]+)`", row[1])) == set(plugins.builtin_names("protocols"))


def named(title: str, begin: str, end: str) -> list[str]:
    """The keys that a sentence of a section names."""
    return re.findall(r"`([a-z_-]+)`", section("docs/matrix.md", title).partition(begin)[2].partition(end)[0])


def test_what_the_marks_of_keys_mean_is_documented() -> None:
    found = {key.alias: key for key in meaning.of(schema.TestFields).values()}
    merged = [name for name, key in found.items() if key.merged or key.layered]
    assert named("How layers merge", "But ", "merge key by key") == merged
    nothing = [name for name, field in keys(schema.TestFields).items() if type(None) in get_args(field.annotation)]
    assert named("How layers merge", "`~` takes", ".") == nothing
    filled = [name for name, key in found.items() if key.texts]
    assert sorted(named("Placeholders", "is filled in ", ";")) == sorted(filled)
    late = [name for name, key in found.items() if key.late and not key.few]
    said = rows(section("docs/matrix.md", "Placeholders"), "placeholder")["{attempt}"][1].partition(" and ")[0]
    assert re.findall(r"`(\w+)`", said) == late
    known = {
        *template.BUILTIN,
        *template.OF_OPTIONS,
        *(name for key in found.values() for name in key.also),
    }
    assert set(rows(section("docs/matrix.md", "Placeholders"), "placeholder")) >= {f"{{{n}}}" for n in known}


def test_what_a_pass_does_not_depend_on_is_documented() -> None:
    aside = {key.alias for key in meaning.of(schema.TestFields).values() if not key.in_pass}
    said = PAGES["docs/scheduling.md"].read_text().partition("It does not depend on")[2].partition(".")[0]
    in_another_form = {"build", "runner", "guests"}  # the files, its options, and what guests have
    assert set(re.findall(r"`([a-z_]+)`", said)) == aside - in_another_form


def test_limits_of_the_matrix_are_documented() -> None:
    said = section("docs/matrix.md", "Limits")
    numbers = (cells.MAX_CELLS, tests.MAX_BOOTS, document.MAX_NODES)
    shown = [f"{document.MAX_BYTES >> 20} MiB", f"{document.MAX_DEPTH} levels", *(f"{number:,}" for number in numbers)]
    assert [text for text in shown if text not in said] == []
