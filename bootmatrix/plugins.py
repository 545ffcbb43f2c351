"""The folders of plug-ins: a project's `runners/`, `reports/`, `protocols/`, `images/` and `kits/` first, then ours.

All but images and kits are code: where the repository is not trusted a project's own are known by name and never
imported, nor is anything else of their folders.
"""

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

from bootmatrix import files, model, repository, trust
from bootmatrix.errors import Mark, Problem, UserError, suggest
from bootmatrix.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import ErrorDetails

    from bootmatrix.model import Report, Runner

CONTRACTS = {"runners": "Runner", "reports": "Report"}  # what `model` calls them, and a plug-in its own
BOX = "box-"  # how the names of images begin that are boxes, and no operating systems to build in
DATA = frozenset({"images", "kits"})  # all others are code
HERE = Path(__file__).resolve().parent


def builtin(kind: str) -> Path:
    """Our own folder: inside the package once installed, beside it in a checkout."""
    installed = HERE / kind
    return installed if installed.is_dir() else HERE.parent / kind


def own(kind: str, root: Path) -> Path | None:
    """The project's own folder, None if it has none but ours; UserError if it is elsewhere, by a link."""
    folder = root / kind
    if not folder.is_dir() or folder.resolve() == builtin(kind).resolve():
        return None
    return _inside(folder, root)


def _inside(folder: Path, root: Path) -> Path:
    """Resolved; UserError if a link leads out of the repository."""
    found, top = folder.resolve(), repository.top(root)
    if not repository.holds(top, found):
        what = f"{folder} is a link to {found}, outside of the repository {top}"
        raise UserError(Problem(what, remedy="move the target into the repository, or remove the link"))
    return found


def folders(kind: str, root: Path) -> list[Path]:
    """Those that may be used: of an untrusted project's code, only ours."""
    mine = own(kind, root)
    usable = mine and (kind in DATA or trust.is_given(root))
    return [folder for folder in (mine if usable else None, builtin(kind).resolve()) if folder and folder.is_dir()]


def names(kind: str, root: Path) -> list[str]:
    """What can be imported: the stems of modules (`_` as `-`)."""
    return _stems(folders(kind, root))


def own_names(kind: str, root: Path) -> list[str]:
    """The names of a project's own, trusted or not; some may be names of ours, too."""
    mine = own(kind, root)
    return _stems([mine]) if mine else []


def untrusted(kind: str, root: Path) -> list[str]:
    """Those of them that are not imported, since it is not trusted."""
    mine = own_names(kind, root)
    return mine if mine and not trust.is_given(root) else []


def builtin_names(kind: str) -> list[str]:
    """The names of ours."""
    return _stems([builtin(kind)])


def known(kind: str, root: Path) -> list[str]:
    """What may be written in matrix.yaml."""
    return sorted({*names(kind, root), *untrusted(kind, root)})


def _stems(places: list[Path]) -> list[str]:
    stems = {file.stem for folder in places for file in folder.glob("*.py")}
    return sorted(stem.replace("_", "-") for stem in stems if not stem.startswith("_"))


def images(root: Path) -> dict[str, Path]:
    """The folder of each OS; a project's own comes before ours. UserError if one leads out of the repository."""
    return {name: folder for name, folder in _images(root).items() if not name.startswith(BOX)}


def boxes(root: Path) -> dict[str, Path]:
    """The folder of each box, a virtual machine that brings a hypervisor; as `images`."""
    return {name: folder for name, folder in _images(root).items() if name.startswith(BOX)}


def _images(root: Path) -> dict[str, Path]:
    return _folders_with("images", "Dockerfile", root)


def kits(root: Path) -> dict[str, Path]:
    """The folder of each backend's conformance kit; as for images."""
    return _folders_with("kits", "kit.yaml", root)


def _folders_with(kind: str, name: str, root: Path) -> dict[str, Path]:
    found = [file.parent for folder in folders(kind, root) for file in sorted(folder.glob(f"*/{name}"))]
    for folder in found:
        if folder.is_symlink():
            _inside(folder, root)
    return {folder.name: folder for folder in reversed(found)}


def load(kind: str, name: str, root: Path) -> Any:
    """The module `<kind>/<name>.py`; raises UserError if there is none, if it may not or cannot be imported."""
    if name not in names(kind, root):
        if name in untrusted(kind, root):
            what = f"the {kind[:-1]} '{name}' is code of this repository, which is not trusted"
            raise UserError(Problem(what, remedy=trust.remedy(root)))
        raise UserError(Problem(f"there is no {kind[:-1]} '{name}'", remedy=suggest(name, names(kind, root))))
    _check_file(kind, name, root)
    package = _package(kind, root)
    try:
        return importlib.import_module(f"{package.__name__}.{name.replace('-', '_')}")
    except (Exception, SystemExit) as error:
        what = f"{kind}/{name.replace('-', '_')}.py cannot be imported: {type(error).__name__}: {error}"
        raise UserError(Problem(what, remedy=f"raised at {raised_at(error)}")) from error


def _check_file(kind: str, name: str, root: Path) -> None:
    """An import would wait for a pipe for ever, and would follow a link anywhere."""
    found = (folder / f"{name.replace('-', '_')}.py" for folder in folders(kind, root))
    file = next(each for each in found if each.exists() or each.is_symlink())
    try:
        files.opened(
            file, below=file.parent if file.parent == builtin(kind).resolve() else repository.top(root)
        ).close()
    except OSError as error:
        what = f"{kind}/{file.name} cannot be imported: {error.strerror}"
        raise UserError(Problem(what, remedy="put a plain file of the repository there")) from None


def raised_at(error: BaseException) -> str:
    """The place in a plug-in's source, or in what that called."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{where.filename}:{where.lineno}"


def _class(kind: str, name: str, root: Path) -> type[Any]:
    """The class that meets the contract of its folder."""
    return _class_of(kind, name, root, tuple(folders(kind, root)))


@functools.cache
def _class_of(folder: str, name: str, root: Path, path: tuple[Path, ...]) -> type[Any]:
    """`path` is where it comes from now: a repository may become a trusted one."""
    del path
    word = CONTRACTS[folder]
    module = load(folder, name, root)
    kind = getattr(module, word, None)
    if not (isinstance(kind, type) and issubclass(kind, getattr(model, word))):
        raise UserError(Problem(f"{module.__file__} has no `class {word}(model.{word})`"))
    if callable(getattr(kind, "argv", None)):
        what = f"the class {kind.__name__} of {module.__file__} has `argv(boot)`, which is `launch(boot)` now"
        remedy = "rename it, and let it return `model.Launch(argv)`: its files and devices can be named there, too"
        raise UserError(Problem(what, remedy=remedy))
    if missing := ", ".join(sorted(getattr(kind, "__abstractmethods__", ()))):
        raise UserError(Problem(f"the class {kind.__name__} of {module.__file__} lacks {missing}"))
    if is_dataclass(kind):
        _adapter(kind)  # while its module is there: that of another root may take its name
    return kind


def parser(protocol: str, root: Path) -> Callable[[str], object]:
    """The function with which a protocol reads a console; UserError if it cannot be had."""
    module = load("protocols", protocol, root)
    parse = getattr(module, "parse", None)
    if not callable(parse):
        raise UserError(Problem(f"{module.__file__} has no function `parse(text)`", remedy="it returns a CaseReport"))
    found: Callable[[str], object] = parse
    return found


def sources(kind: str, name: str, root: Path) -> dict[Path, list[str]]:
    """The project's own code that a plug-in is made of, its modules by their folder; empty if it is one of ours."""
    mine = own(kind, root)
    if not mine or name not in _stems([mine]):
        return {}
    return {mine: sorted(file.name for file in mine.glob("*.py"))}


def make_runner(backend: str, options: Mapping[str, Any], root: Path) -> Runner:
    """The backend's runner with its options; UserError whose problems' `where` holds the option's name.

    Of a runner that may not be imported, what stands for it, whatever the options.
    """
    if backend in untrusted("runners", root):
        return Unknown()
    made: Runner = _made(_class("runners", backend, root), options)
    return made


def runner_class(backend: str, root: Path) -> type[Runner]:
    """What is known of a backend without options; UserError if it may not or cannot be imported."""
    found: type[Runner] = _class("runners", backend, root)
    return found


def make_report(name: str, options: Mapping[str, Any], root: Path) -> Report:
    """The format's report with its options; UserError as for runners."""
    made: Report = _made(_class("reports", name, root), options)
    return made


@functools.cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _made(kind: Any, options: Mapping[str, Any]) -> Any:
    if not is_dataclass(kind) and not options:
        return kind()
    known = [option.name for option in fields(kind)] if is_dataclass(kind) else []
    unknown = [key for key in options if key not in known]
    if unknown:
        remedy = {key: suggest(key, known) or "this plug-in has no options" for key in unknown}
        raise UserError(*(Problem(f"unknown option '{key}'", Mark(key), remedy[key]) for key in unknown))
    try:
        return _adapter(kind).validate_python(dict(options))
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise UserError(*(Problem(f"{d['loc'][0]}: {_message(d)}", Mark(str(d["loc"][0]))) for d in details)) from None


def _message(detail: ErrorDetails) -> str:
    return "must be a list" if detail["type"] == "tuple_type" else detail["msg"]


def _package(kind: str, root: Path) -> ModuleType:
    """A package with a search path, so that the same import works from a checkout, a wheel and a user's root."""
    name = f"bootmatrix.{kind}"
    path = [str(folder) for folder in folders(kind, root)]
    module = sys.modules.get(name) or _new_package(kind, name)
    if list(module.__path__) != path:
        for stale in [key for key in sys.modules if key.startswith(f"{name}.")]:
            del sys.modules[stale]  # a module of another root must not answer for this one
            vars(module).pop(stale.removeprefix(f"{name}."), None)
        module.__path__ = path
    return module


def _new_package(kind: str, name: str) -> ModuleType:
    """Ours if it has something that its modules share; else one without anything."""
    if (builtin(kind) / "__init__.py").is_file():
        return importlib.import_module(name)
    module = sys.modules[name] = ModuleType(name)
    module.__path__ = []
    return module
