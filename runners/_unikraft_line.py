"""Unikraft's command line: library parameters, `--`, and the program's arguments, each word quoted for its parser.

Facts from Unikraft 0.17: lib/ukboot/early_init.c, lib/ukargparse/argparse.c, lib/uklibparam/parser.c. Its older parser
knows no backslash, so that one is written only where a word has both kinds of quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix.model import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST, MOST = 4096, 60  # CONFIG_LIBUKBOOT_CMDLINE_MAX_LEN, CONFIG_LIBUKBOOT_MAXNBARGS, if nobody changes them
STOP = "--"
SPECIAL = re.compile(r"[ \t\r\n\v'\"\\]")
PARAMETER = re.compile(r"[^.=]+\.[^=]+(?:=(?P<value>.*))?", re.DOTALL)


def arguments(name: str, params: Sequence[str], args: Sequence[str], longest: int = LONGEST, most: int = MOST) -> str:
    """What stands on the command line after the program's `name`, which it begins with: `PARAMS -- ARGS`, or `ARGS`.

    Raises Rejected for what would not arrive as it is written: Unikraft drops an empty word, a line that has not fewer
    than `longest` bytes, and words beyond `most`, without a message.
    """
    _check_params(params)
    _check_args(args, parameters=bool(params))
    words = [*params, *([STOP] if params else []), *args]
    line = " ".join(map(quoted, words))
    size = len(f"{name} {line}".encode("utf-8", "surrogateescape"))
    if size >= longest:
        what = f"the command line has {size:,} bytes with the program's name, but Unikraft takes fewer than {longest:,}"
        raise Rejected(what, "shorten it; or build with more CONFIG_LIBUKBOOT_CMDLINE_MAX_LEN, and set `cmdline_max`")
    if len(words) >= most:
        what = f"the command line has {len(words)} words after the program's name, but Unikraft takes fewer than {most}"
        raise Rejected(what, "write fewer; or build with more CONFIG_LIBUKBOOT_MAXNBARGS, and set `args_max`")
    return line


def quoted(word: str) -> str:
    """One word as Unikraft's parser reads it back."""
    if not SPECIAL.search(word):
        return word
    if '"' not in word and "\\" not in word:
        return f'"{word}"'
    if "'" not in word:
        return f"'{word}'"
    inner = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def check_path(path: str) -> None:
    """For a VMM that puts the unikernel's path before the arguments as it is: raises Rejected unless it is one word."""
    if SPECIAL.search(path):
        what = f"the unikernel's path '{path}' has a blank, a quote or a backslash"
        raise Rejected(f"{what}, and is put before its arguments as it is", "rename the folder or the file")


def _check_params(params: Sequence[str]) -> None:
    inside = False  # a list of values: `vfs.fstab=[`, `…`, `]`
    for word in params:
        if not word:
            raise Rejected("`params` has an empty word", "leave it out")
        found = None if inside else PARAMETER.fullmatch(word)
        if not inside and not found:
            what = f"'{word}' in `params` is no library parameter, and Unikraft would drop it"
            raise Rejected(what, "write LIBRARY.NAME=VALUE; what is for the program belongs in `args`")
        value = word if inside else (found and found["value"]) or ""
        inside = (inside or value.startswith("[")) and not value.endswith("]")
    if inside:
        raise Rejected("a list in `params` has no end: '[' without ']'", "end its last value with ']'")


def _check_args(args: Sequence[str], *, parameters: bool) -> None:
    if "" in args:
        raise Rejected("one of the boot arguments is empty, and Unikraft drops those", "leave it out")
    if not parameters and STOP in args[1:]:
        what = "'--' stands among the boot arguments, and Unikraft takes what stands before it for library parameters"
        raise Rejected(what, "write library parameters in the runner's `params`, then '--' may be an argument")
