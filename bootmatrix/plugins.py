"""The three folders of plug-ins: a project's own `runners/`, `reports/` and `images/` first, then ours."""

from __future__ import annotations

import functools
import importlib
import sys
import traceback
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from bootmatrix import model
from bootmatrix.errors import Mark, Problem, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from bootmatrix.model import Report, Runner

CONTRACTS = {"runners": model.Runner, "reports": model.Report}
HERE = Path(__file__).resolve().parent


def builtin(kind: str) -> Path:
    """Our own folder: inside the package once installed, beside it in a checkout."""
    installed = HERE / kind
    return installed if installed.is_dir() else HERE.parent / kind


def folders(kind: str, root: Path) -> list[Path]:
    own = (root / kind).resolve()
    return [folder for folder in dict.fromkeys((own, builtin(kind).resolve())) if folder.is_dir()]


def names(kind: str, root: Path) -> list[str]:
    """What may be written in matrix.yaml: the stems of modules (`_` as `-`)."""
    stems = {file.stem for folder in folders(kind, root) for file in folder.glob("*.py")}
    return sorted(stem.replace("_", "-") for stem in stems if not stem.startswith("_"))


def images(root: Path) -> dict[str, Path]:
    """The folder of each OS; a project's own comes before ours."""
    found = [file.parent for folder in folders("images", root) for file in sorted(folder.glob("*/Dockerfile"))]
    return {folder.name: folder for folder in reversed(found)}


def load(kind: str, name: str, root: Path) -> Any:
    """The module `<kind>/<name>.py`; raises UserError if there is none, or if it cannot be imported."""
    if name not in names(kind, root):
        raise UserError(Problem(f"there is no {kind[:-1]} '{name}'", remedy=suggest(name, names(kind, root))))
    package = _package(kind, root)
    try:
        return importlib.import_module(f"{package.__name__}.{name.replace('-', '_')}")
    except (Exception, SystemExit) as error:
        what = f"{kind}/{name.replace('-', '_')}.py cannot be imported: {type(error).__name__}: {error}"
        raise UserError(Problem(what, remedy=f"raised at {raised_at(error)}")) from error


def raised_at(error: BaseException) -> str:
    """The place in a plug-in's source, or in what that called."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{where.filename}:{where.lineno}"


@functools.cache
def _class(folder: str, name: str, root: Path) -> type[Any]:
    """The class that meets the contract of its folder."""
    contract: type[Any] = CONTRACTS[folder]
    module = load(folder, name, root)
    kind = getattr(module, contract.__name__, None)
    if not (isinstance(kind, type) and issubclass(kind, contract)):
        word = contract.__name__
        raise UserError(Problem(f"{module.__file__} has no `class {word}(model.{word})`"))
    if missing := ", ".join(sorted(getattr(kind, "__abstractmethods__", ()))):
        raise UserError(Problem(f"the class {kind.__name__} of {module.__file__} lacks {missing}"))
    return kind


def make_runner(backend: str, options: Mapping[str, Any], root: Path) -> Runner:
    """The backend's runner with its options; UserError whose problems' `where` holds the option's name."""
    made: Runner = _made(_class("runners", backend, root), options)
    return made


def make_report(name: str, options: Mapping[str, Any], root: Path) -> Report:
    """The format's report with its options; UserError as for runners."""
    made: Report = _made(_class("reports", name, root), options)
    return made


def _made(kind: type[Any], options: Mapping[str, Any]) -> Any:
    if not is_dataclass(kind) and not options:
        return kind()
    known = [option.name for option in fields(kind)] if is_dataclass(kind) else []
    unknown = [key for key in options if key not in known]
    if unknown:
        remedy = {key: suggest(key, known) or "it has no options" for key in unknown}
        raise UserError(*(Problem(f"unknown option '{key}'", Mark(key), remedy[key]) for key in unknown))
    try:
        return TypeAdapter(kind).validate_python(dict(options))
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise UserError(*(Problem(f"{d['loc'][0]}: {_message(d)}", Mark(str(d["loc"][0]))) for d in details)) from None


def _message(detail: ErrorDetails) -> str:
    return "must be a list" if detail["type"] == "tuple_type" else detail["msg"]


def _package(kind: str, root: Path) -> ModuleType:
    """A package with a search path, so that the same import works from a checkout, a wheel and a user's root."""
    name = f"bootmatrix.{kind}"
    path = [str(folder) for folder in folders(kind, root)]
    module = sys.modules.get(name)
    if module is None or list(module.__path__) != path:
        for stale in [key for key in sys.modules if key.startswith(f"{name}.")]:
            del sys.modules[stale]  # a module of another root must not answer for this one
        module = ModuleType(name)
        module.__path__ = path
        sys.modules[name] = module
    return module
