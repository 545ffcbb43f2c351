"""Marks beside a key say what it means: forgetting one is told, and a key is added in one place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import pytest

import bootmatrix as package
from bootmatrix.matrix.keys import meaning
from bootmatrix.matrix.keys.marks import AsWritten, Expression, Filled, Merged, NotInPass, PlugIn, Replaced, Short
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.matrix.keys.values import Day, HostPath, Listed, Memory, Text, Whole

ROOT = Path(package.__file__).resolve().parents[1]


class Unmarked(pydantic.BaseModel):
    address: str = ""
    port: int = 0


class Marked(pydantic.BaseModel):
    address: Annotated[str, Filled()] = ""
    comment: Annotated[str, AsWritten()] = ""


class Late(pydantic.BaseModel):
    address: Annotated[str, Filled(late=True)] = ""


def key(kind: Any) -> meaning.Key:
    """What a key of that type means."""
    return meaning.of(pydantic.create_model("Keys", name=(kind, ...)))["name"]


TELLS = {
    "a text": (str, "Keys.name holds texts: mark it as Filled\\(\\) or AsWritten"),
    "a text or nothing": (str | None, "holds texts"),
    "a checked text": (HostPath, "holds texts"),
    "a list": (Annotated[list[Text], Listed()], "holds texts"),
    "anything": (Any, "holds texts"),
    "a type that is not known": (Annotated[tuple[int, ...], NotInPass()], "holds texts"),
    "a mapping of texts": (Annotated[dict[str, str], Merged()], "holds texts"),
    "texts in a mapping": (Annotated[Unmarked, Merged()], "Keys.name.address holds texts"),
    "texts in a list of mappings": (Annotated[list[Unmarked], NotInPass()], "Keys.name.address holds texts"),
    "both of two": (Annotated[str, Filled(), AsWritten()], "either Filled\\(\\) or AsWritten"),
    "anything filled": (Annotated[dict[str, Any], Merged(), Filled()], "of typing.Any nothing can be filled in"),
    "a tuple filled": (Annotated[tuple[str, ...], Filled()], "nothing can be filled in"),
    "a mapping": (Annotated[dict[str, int], AsWritten()], "one of Merged\\(\\), Replaced"),
    "a model": (Annotated[Unmarked, AsWritten()], "one of Merged\\(\\), Replaced"),
    "a mapping or nothing": (Annotated[dict[str, int] | None, NotInPass()], "one of Merged\\(\\), Replaced"),
    "merged and replaced": (Annotated[dict[str, int], Merged(), Replaced()], "one of Merged\\(\\), Replaced"),
    "a merged list": (Annotated[list[int], Merged()], "and nothing else"),
    "a merged nothing": (Annotated[dict[str, int] | None, Merged()], "cannot be Merged"),
    "a part that is filled later": (Annotated[Late, Merged()], "only a test's own key is filled in at each attempt"),
}


@pytest.mark.parametrize(("kind", "what"), TELLS.values(), ids=TELLS)
def test_a_key_that_leaves_its_meaning_open_is_told(kind: Any, what: str) -> None:
    with pytest.raises(TypeError, match=what):
        key(kind)


CLEAR = {
    "a number": int,
    "a truth": bool,
    "a checked number": Whole,
    "a size": Memory,
    "a day": Day,
    "a time or nothing": float | None,
    "a choice": Literal["skip", "error"],
    "a list of choices": list[Literal["a"]],
}


@pytest.mark.parametrize("kind", CLEAR.values(), ids=CLEAR)
def test_what_holds_no_text_needs_no_mark(kind: Any) -> None:
    assert key(kind) == meaning.Key(
        "name", texts=None, late=False, merged=False, layered=False, in_pass=True, plug_in=""
    )


def test_marks_are_read_wherever_they_stand_in_a_type() -> None:
    assert key(Annotated[str, Filled(late=True)]).late
    assert key(Annotated[Annotated[str, Filled()] | None, NotInPass()]).texts == meaning.Texts(filled=True)
    assert key(Annotated[Annotated[str, PlugIn("runners")] | None, AsWritten()]).plug_in == "runners"
    assert not key(Annotated[str, AsWritten(), NotInPass()]).in_pass
    expressions = key(Annotated[list[Annotated[str, Expression()]], Filled()]).texts
    assert expressions == meaning.Texts(filled=True, items=meaning.Texts(filled=True, expression=True))


def test_the_nearest_mark_counts() -> None:
    inner = (("address", "address", meaning.Texts(filled=True)),)
    assert key(Annotated[Marked, Merged()]).texts == meaning.Texts(keys=inner)
    assert key(Annotated[Marked, Merged(), AsWritten()]).texts == meaning.Texts(keys=inner)
    assert key(Annotated[Marked, Merged(), Filled()]).texts == meaning.Texts(filled=True, keys=inner)
    assert key(Annotated[Unmarked, Merged(), AsWritten()]).texts is None


def test_a_mapping_that_may_be_written_shortly_has_texts_there() -> None:
    texts = key(Annotated[Annotated[Marked, Short("address")] | None, Replaced()]).texts
    assert texts
    assert texts.short == meaning.Texts(filled=True)
    untouched = key(Annotated[Annotated[Marked, Short("comment")] | None, Replaced()]).texts
    assert untouched
    assert untouched.short is None


# What some keys mean beyond the usual: nothing filled in, replaced by a later layer, a part of what a pass depends on.
USUAL: dict[str, object] = {
    "texts": None,
    "late": False,
    "merged": False,
    "layered": False,
    "in_pass": True,
    "plug_in": "",
}
MEANINGS: dict[str, dict[str, object]] = {
    "memory": USUAL,
    "expected_failure": USUAL,
    "args": {"late": True, "merged": False, "in_pass": True},
    "files": {"late": True, "merged": True, "in_pass": True, "few": {"output"}},
    "blocks": {"late": True, "merged": True, "in_pass": True, "also": {"disk"}},
    "checks": {"late": False, "merged": False, "in_pass": True},
    "ready": {"late": False, "merged": False, "in_pass": True},
    "expect": {"late": False, "merged": True, "in_pass": True},
    "metrics": {**USUAL, "merged": True},
    "nets": {**USUAL, "merged": True},
    "labels": {"late": False, "merged": True, "in_pass": False, "told": True},
    "runner": {**USUAL, "merged": True, "in_pass": False},
    "retry": {**USUAL, "merged": True, "in_pass": False},
    "build": {**USUAL, "in_pass": False},
    "skip": {**USUAL, "in_pass": False},
    "requires": {**USUAL, "in_pass": False},
    "resources": {"late": False, "in_pass": False},
    "cases": {**USUAL, "plug_in": "protocols"},
    "guests": {**USUAL, "layered": True, "in_pass": False},
}


def test_every_key_of_a_test_has_one_meaning() -> None:
    found = meaning.of(TestFields)
    assert found.keys() == TestFields.model_fields.keys()
    filled = {"args", "expect", "resources", "files", "blocks", "checks", "ready", "labels"}
    assert {name for name in MEANINGS if found[name].texts} == filled
    for name, what in MEANINGS.items():
        assert {field: getattr(found[name], field) for field in what} == what, name


NEW = """\
    hints: Annotated[dict[str, Text], Merged(), Filled(), NotInPass(), Told()] = Field({}, description="Its hints.")
    disk: Annotated[Text, Filled()] = Field("", description="Its disk.")
"""
BEFORE = "    retry: Annotated["
LAYERS = """
axes: {backend: [qemu]}
defaults: {hints: {a: 'tap-{arch}', b: '{{b}}'}}
tests:
  t:
    unikernel: matrix.yaml
    disk: DISK
    when: [{match: {backend: qemu}, hints: {b: 'x{test}', c: C}}]
"""
LOOK = """
import json, sys
from pathlib import Path
from bootmatrix.errors import UserError
from bootmatrix.boots.results import untried
from bootmatrix.matrix import load
from bootmatrix.matrix.keys import schema
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.planning import plan
from bootmatrix.runs.passes import Keys
found = {"schema": schema.json_schema()["$defs"]["Test"]["properties"]["hints"]["description"], "keys": []}
for name in sys.argv[1:]:
    try:
        (step,) = plan.make(load.load(Path(name)), (), "host").boots
    except UserError as error:
        found["error"] = str(error)
        continue
    found["keys"].append(Keys().of(step, step.fields, LocalPlace()))
    found["hints"] = step.fields.hints
    found["told"] = untried(step, "skipped", "").labels
print(json.dumps(found))
"""


def copied(folder: Path, added: str) -> Path:
    """The program with keys that are added in one place."""
    shutil.copytree(ROOT / "bootmatrix", folder / "bootmatrix", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("runners", "reports", "images"):
        if (ROOT / name).is_dir():  # else they lie in the package
            (folder / name).symlink_to(ROOT / name)
    file = folder / "bootmatrix/matrix/keys/schema.py"
    before, after = file.read_text().split(BEFORE)
    file.write_text(f"{before}{added}{BEFORE}{after}")
    return folder


def run(program: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(program), "BOOTMATRIX_CACHE": str(program / "cache")}
    return subprocess.run([sys.executable, "-P", *args], cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_a_key_is_added_in_one_place(tmp_path: Path) -> None:
    texts = {
        "first": LAYERS.replace("DISK", "d").replace("C}", "c}"),
        "other-hints": LAYERS.replace("DISK", "d").replace("C}", "d}"),
        "other-disk": LAYERS.replace("DISK", "e").replace("C}", "c}"),
        "unknown": LAYERS.replace("DISK", "d").replace("C}", "'{nonsense}'}"),
    }
    (tmp_path / "matrix.yaml").write_text("a unikernel")
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    done = run(copied(tmp_path / "copy", NEW), "-c", LOOK, *(f"{name}.yaml" for name in texts), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["schema"] == "Its hints. Layers merge key by key. Placeholders are filled in."
    assert found["hints"]["b"] == found["told"]["b"] == "xt"
    assert found["hints"]["a"].startswith("tap-")
    assert found["hints"]["a"] != "tap-{arch}"
    first, other_hints, other_disk = found["keys"]
    assert first == other_hints != other_disk
    assert found["error"].startswith("unknown.yaml:8:62: the placeholder {nonsense} names no axis or parameter")


def test_a_key_without_its_marks_stops_the_program(tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text("axes: {backend: [qemu]}\ntests: {t: {}}\n")
    program = copied(tmp_path / "copy", '    disk: Text = Field("", description="Its disk.")\n')
    done = run(program, "-m", "bootmatrix", "list", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "TestFields.disk holds texts: mark it as Filled() or AsWritten()" in done.stderr
