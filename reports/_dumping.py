"""A value as a text of JSON that every reader takes, for reports that write theirs piece by piece."""

from __future__ import annotations

import json
import re
from typing import Any

SURROGATE = re.compile(r"\\ud[89a-f]")


def dumped(value: dict[str, Any]) -> str:
    """ASCII. A lone surrogate, which a name on a command line may have, becomes `?`."""
    text = json.dumps(value)
    if SURROGATE.search(text):
        text = json.dumps(json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")))
    return text
