"""Completion in bash, zsh and fish where a word has several parts, as `test=hello` and `stack@depth=1,smp=2` have.

click's own scripts leave three things undone: bash ends words at `=`, `@` and `:` (COMP_WORDBREAKS), and replaces only
what stands behind the last of them; fish's cuts a value at its first comma; and what follows `--engine=` replaces the
option's name as well.
"""

from __future__ import annotations

import os
import re

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

Item = CompletionItem[str]

LINE, BREAKS = "COMP_WORDS", "COMP_BREAKS"  # what the script below tells: the line to the cursor, what ends words there
BASH = """\
%(complete_func)s() {
    local response type value
    response=$(env COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \
%(complete_var)s=bash_complete "$1")
    COMPREPLY=()
    while IFS=',' read -r type value; do
        case "$type" in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done <<< "$response"
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
SPECIAL = re.compile(r"([^A-Za-z0-9_@%+=:,./!-])")  # what a shell may take for its own in a word without quotes


def register() -> None:
    """Let click use these for its shells."""
    for kind in (Bash, Zsh, Fish):
        add_completion_class(kind)


def _with_option(items: list[Item], incomplete: str) -> list[Item]:
    """The values of `--engine=ho`, of which click knows only what stands behind the `=`, as whole words."""
    name, equals, _ = incomplete.partition("=")
    if not (incomplete.startswith("--") and equals):
        return items
    return [CompletionItem(f"{name}={item.value}", item.type) for item in items]


class Bash(BashComplete):
    """Reads the line itself, up to the cursor, and answers with what bash is to put behind the last break."""

    source_template = BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ[LINE]
        words = split_arg_string(line)[1:]
        return (words[:-1], words[-1]) if last_word(line).raw and words else (words, "")

    def get_completions(self, args: list[str], incomplete: str) -> list[Item]:
        items = _with_option(super().get_completions(args, incomplete), incomplete)
        word = last_word(os.environ[LINE], os.environ.get(BREAKS, ""))
        return [CompletionItem(word.rest(item.value), item.type) for item in items]


class Zsh(ZshComplete):
    """As click's, but for options."""

    def get_completions(self, args: list[str], incomplete: str) -> list[Item]:
        return _with_option(super().get_completions(args, incomplete), incomplete)


class Fish(FishComplete):
    """As click's, but for commas and options."""

    def source(self) -> str:
        return super().source().replace('string split ","', 'string split --max 1 ","')

    def get_completions(self, args: list[str], incomplete: str) -> list[Item]:
        return _with_option(super().get_completions(args, incomplete), incomplete)


class Word:
    """The last word of a line as it is typed, what bash keeps of it, and whether a quote is open."""

    def __init__(self) -> None:
        self.raw = self.kept = self.quote = ""

    def rest(self, value: str) -> str:
        """What is to stand behind the part that is kept."""
        kept = "".join(split_arg_string(self.kept.rstrip("\"'") if self.quote else self.kept))
        text = value.removeprefix(kept)
        return text if self.quote else SPECIAL.sub(r"\\\1", text)


def last_word(line: str, breaks: str = "") -> Word:
    """`breaks` are the characters at which bash ends words, unless they are quoted; an `@` begins the next one."""
    word, escaped = Word(), False
    for char in line:
        if not (word.quote or escaped) and char.isspace():
            word = Word()
            continue
        word.raw += char
        if escaped:
            escaped = False
        elif char == "\\" and word.quote != "'":
            escaped = True
        elif char in {word.quote, *(() if word.quote else ("'", '"'))}:
            word.quote = "" if word.quote else char
            word.kept = word.raw if word.quote else word.kept
        elif not word.quote and char in breaks:
            word.kept = word.raw.removesuffix("@")
    return word
