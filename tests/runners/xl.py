"""What xl says, as Xen 4.17's was heard to say it, and how it reads a configuration."""

from __future__ import annotations

import re

START = "Parsing config from /bootmatrix/job/b1/domain.cfg\nWaiting for domain a (domid 7) to die [pid 136]\n"
STRING = re.compile(r'"((?:[^"\\\n]|\\[^\n])*)"')  # libxlu_cfg_l.l
ESCAPES = {"n": "\n", '"': '"', "\\": "\\", "'": "'"}
LINE = re.compile(r"([a-z][._0-9a-z]*) = (.*)")


def ended(code: int) -> str:
    """Of a domain with that reason code."""
    end = f"Domain 7 has shut down, reason code {code} {code:#x}\nAction for shutdown reason code {code} is destroy\n"
    return f"{START}{end}Domain 7 needs to be cleaned up: destroying the domain\nDone. Exiting now\n"


def refused(message: str) -> str:
    """What xl says of a domain that it does not start, and what it adds to that."""
    end = "libxl: error: libxl_create.c:1640:domcreate_rebuild_done: Domain 2:cannot (re-)build domain: -3\n"
    return f"Parsing config from /bootmatrix/job/b1/domain.cfg\n{message}\n{end}"


def read(config: bytes) -> dict[str, str | list[str]]:
    """A configuration as xl takes it; ValueError for what it would refuse."""
    found: dict[str, str | list[str]] = {}
    for line in config.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n"):
        setting = LINE.fullmatch(line)
        if not setting or setting[1] in found:
            raise ValueError(line)
        key, value = setting.groups()
        if value.startswith("["):
            found[key] = [_unquoted(each[0]) for each in STRING.finditer(value)]
        else:
            found[key] = value if value.isdecimal() else _unquoted(value)
    return found


def _unquoted(text: str) -> str:
    if not STRING.fullmatch(text):
        raise ValueError(text)
    return re.sub(r"\\(.)", lambda escape: ESCAPES[escape[1]], text[1:-1])
