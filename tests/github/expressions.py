"""What stands in `${{ }}`, as far as our workflows use it: names, texts, ==, !=, !, &&, ||, and functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>==|!=|&&|\|\||[!(),]))")
INSERTED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class Expression:
    """One expression; an unknown name is empty, as on GitHub, but an unknown function or context is a mistake."""

    def __init__(self, text: str, context: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> None:
        self.context, self.functions = context, functions
        self.tokens = self._split(text.strip())

    @staticmethod
    def _split(text: str) -> list[str]:
        found, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, f"not understood: {text[at:]}"
            found.append(match[0].strip())
            at = match.end()
        return found

    def value(self) -> Any:
        found = self._either()
        assert not self.tokens, f"left over: {self.tokens}"
        return found

    def _take(self, sign: str) -> bool:
        if self.tokens and self.tokens[0] == sign:
            self.tokens.pop(0)
            return True
        return False

    def _either(self) -> Any:
        found = self._both()
        while self._take("||"):
            other = self._both()
            found = found or other
        return found

    def _both(self) -> Any:
        found = self._equal()
        while self._take("&&"):
            other = self._equal()
            found = found and other
        return found

    def _equal(self) -> Any:
        found = self._one()
        for sign, same in (("==", True), ("!=", False)):
            if self._take(sign):
                return (found == self._one()) is same
        return found

    def _one(self) -> Any:
        if self._take("!"):
            return not self._one()
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        return self._called(token) if self._take("(") else self._named(token)

    def _called(self, name: str) -> Any:
        arguments = []
        while not self._take(")"):
            arguments.append(self._either())
            self._take(",")
        return self.functions[name](*arguments)

    def _named(self, name: str) -> Any:
        found: Any = self.context
        first, *rest = name.split(".")
        found = self.context[first]
        for part in rest:
            found = found.get(part, "") if isinstance(found, dict) else ""
        return found


def fill(value: Any, context: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """A value of a workflow with its expressions filled in; one that is nothing else keeps its type."""
    if not isinstance(value, str):
        return value
    whole = INSERTED.fullmatch(value.strip())
    if whole:
        return Expression(whole[1], context, functions).value()
    return INSERTED.sub(lambda found: str(Expression(found[1], context, functions).value()), value)
