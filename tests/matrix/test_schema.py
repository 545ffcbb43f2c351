"""The JSON Schema, as an editor sees a matrix: YAML's own numbers and booleans."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bootmatrix import plugins
from bootmatrix.commands.init import FIRST
from bootmatrix.errors import UserError
from bootmatrix.matrix import document, load
from bootmatrix.matrix.keys.schema import json_schema

ROOT = Path(__file__).resolve().parents[2]
SMALL: dict[str, Any] = {"axes": {"backend": ["qemu"], "ocaml": [4.14, "5.3"]}, "tests": {"t": {"cpus": 2}}}
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


class EditorLoader(yaml.SafeLoader):
    """YAML 1.2, as editors read it: `on` is a word there, and a key of ours."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":bool")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
EditorLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def small(*path: str, **changes: object) -> dict[str, Any]:
    """The small matrix with changes at a path."""
    whole = copy.deepcopy(SMALL)
    part = whole
    for name in path:
        part = part.setdefault(name, {})
    part.update(changes)
    return whole


def test_it_is_a_valid_schema_of_its_draft() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json_schema()["title"] == "bootmatrix matrix.yaml"
    json.dumps(json_schema())


@pytest.mark.parametrize("text", [(ROOT / "matrix.yaml").read_text(), FIRST], ids=["our own", "init's"])
def test_it_accepts_a_whole_matrix(text: str) -> None:
    VALIDATOR.validate(json.loads(json.dumps(yaml.load(text, EditorLoader))))  # noqa: S506  # a SafeLoader


BOTH_ACCEPT = [
    SMALL,
    small("tests", t=None),
    small(**{"x-mine": [1, 2]}),
    small("tests", "t", expect={"outcome": "crashed", "console": "x"}),
    small("tests", "t", expect={"outcome": ["crashed", "hung"], "console": ["x", {"regex": "y"}, {"text": "z"}]}),
    small("tests", "t", expect={"console_not": {"regex": "y"}}),
    small("tests", "t", skip_rejected="x"),
    small("tests", "t", skip_rejected=["x", {"regex": "y"}], cases="kvm-unit-tests-status"),
    small("tests", "t", retry={"attempts": 3, "on": "hung", "wait": 0}),
    small("tests", "t", retry={"on": ["hung", "crashed"], "wait": "2 s"}),
    small("tests", "t", only={"ocaml": 4.14}),
    small("tests", "t", only=[{"ocaml": [4.14]}, {"backend": "q*"}]),
    small("tests", "t", timeout=30, idle_timeout=None, memory="1 GiB", skip=None),
    small("tests", "t", params={"n": [1, 2.5, True]}, args=[1, True], exit_codes={"1": "passed"}),
    small("tests", "t", **{"expected-failure": "not yet done"}),
    small("builds", b={"run": "make", "env": {"A": 1}, "network": True}),
    small(exclude=[{"ocaml": 4.14}], include=[{"ocaml": [6], "k": True}]),
    small(defaults={"when": [{"match": {"backend": "qemu"}, "runner": {"accel": "tcg"}}]}),
]

BOTH_REJECT = [
    [],
    {},
    small(excludes=[]),
    small(axes=[]),
    small(axes={}),
    small(axes={"a": []}),
    small(axes={"a": "x"}),
    small(axes={"a": [None]}),
    small(tests={}),
    small(tests=["t"]),
    small(tests={"t": "hello"}),
    small("tests", "t", timeot="3 s"),
    small("tests", "t", cpus="two"),
    small("tests", "t", cpus=0),
    small("tests", "t", args="x"),
    small("tests", "t", skip="no"),
    small("tests", "t", unavailable="fail"),
    small("tests", "t", skip_rejected=[{}]),
    small("tests", "t", cases=["tap"]),
    small("tests", "t", expect={"consle": "x"}),
    small("tests", "t", expect="crashed"),
    small("tests", "t", expect={"outcome": []}),
    small("tests", "t", expect={"console": [{"regx": "x"}]}),
    small("tests", "t", expect={"console": [{}]}),
    small("tests", "t", retry=3),
    small("tests", "t", retry={"on": "hang"}),
    small("tests", "t", when={"match": {}}),
    small("tests", "t", when=[{"cpus": 2}]),
    small("tests", "t", memory=64),
    small("tests", "t", runner="kvm"),
    small("builds", b={}),
    small("builds", b={"run": []}),
    small(exclude={"ocaml": 4.14}),
    small(exclude=[{"ocaml": []}]),
]


def loads(matrix: object, file: Path) -> bool:
    """Whether the loader takes it, from YAML as it would be typed."""
    text = yaml.safe_dump(matrix, sort_keys=False)
    try:
        load.from_document(document.parse(text, "matrix.yaml"), file)
    except UserError:
        return False
    return True


@pytest.mark.parametrize("matrix", BOTH_ACCEPT, ids=repr)
def test_what_the_loader_takes_the_schema_takes(matrix: object, tmp_path: Path) -> None:
    assert loads(matrix, tmp_path / "matrix.yaml")
    VALIDATOR.validate(matrix)


@pytest.mark.parametrize("matrix", BOTH_REJECT, ids=repr)
def test_what_the_loader_refuses_the_schema_refuses(matrix: object, tmp_path: Path) -> None:
    assert not loads(matrix, tmp_path / "matrix.yaml")
    assert not VALIDATOR.is_valid(matrix)


def test_an_editor_offers_our_protocols_and_takes_the_projects_own(tmp_path: Path) -> None:
    own = small("tests", "t", cases="own")
    VALIDATOR.validate(own)
    assert not loads(own, tmp_path / "matrix.yaml")
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols/own.py").write_text("")
    assert loads(own, tmp_path / "matrix.yaml")
    offered = json_schema()["$defs"]["Test"]["properties"]["cases"]["anyOf"][0]
    assert offered == {"enum": plugins.builtin_names("protocols")}


def test_every_key_says_what_it_is_for() -> None:
    models = [json_schema(), *json_schema()["$defs"].values()]
    for model in models:
        for name, field in model.get("properties", {}).items():
            assert {"description", "$ref"} & field.keys() or name in ("regex", "text"), name
