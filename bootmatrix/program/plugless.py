"""pydantic without plug-ins: here it reads matrices and results, and what else is installed has no part in that."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

LOADER = "pydantic.plugin._loader"


class _Loader(ModuleType):
    """Stands in for pydantic's own, whose search through all installed packages takes a tenth of a `list`."""

    @staticmethod
    def get_plugins() -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> Any:
        """What a later pydantic may ask for besides has the real one answer; Python itself asks for `__path__`."""
        if name.startswith("__"):
            raise AttributeError(name)
        del sys.modules[LOADER]
        return getattr(importlib.import_module(LOADER), name)


def prepare() -> None:
    """Have no plug-in looked for; without effect on a pydantic that looks for them elsewhere, or has done so."""
    sys.modules.setdefault(LOADER, _Loader(LOADER))
