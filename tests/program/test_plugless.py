"""pydantic without plug-ins: each in a process of its own, since what is imported stays."""

from __future__ import annotations

import subprocess
import sys

PREPARED = "from bootmatrix.program import plugless; plugless.prepare(); "


def printed(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def test_no_plug_in_is_looked_for() -> None:
    model = "import sys, pydantic; T = pydantic.create_model('T', n=(int, ...)); print(T(n='3').n, end=' '); "
    assert printed(f"{PREPARED}{model}print('importlib.metadata' in sys.modules)") == "3 False"
    assert printed(f"{model}print('importlib.metadata' in sys.modules)") == "3 True"


def test_what_else_pydantic_asks_for_is_there() -> None:
    asked = "from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP; print(PYDANTIC_ENTRY_POINT_GROUP)"
    assert printed(PREPARED + asked) == "pydantic"


def test_a_loader_that_was_used_stays() -> None:
    used = "import sys; from pydantic.plugin import _loader; "
    assert printed(f"{used}{PREPARED}print(sys.modules[_loader.__name__] is _loader)") == "True"
