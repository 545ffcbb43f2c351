"""Marks that say what a key of a test means besides its type: they stand beside the key, in its `Annotated[...]`.

Merging, filling in, the checks of the loader, the keys of passes and the JSON Schema go by them (see meaning.py): none
of these knows a key by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

SCALAR = {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True)
class Filled:
    """Marks texts whose `{placeholders}` are filled in; `late`: at each attempt, so that `{attempt}`, `{output}` and
    `{files.NAME}` are some, too, and those that this key has `also`; or only the `few` of these, once for all attempts.
    """

    late: bool = False
    also: frozenset[str] = frozenset()
    few: frozenset[str] = frozenset()

    def __str__(self) -> str:
        each = self.late and not self.few
        return "Placeholders are filled in at each attempt." if each else "Placeholders are filled in."


class AsWritten:
    """Marks texts in which braces mean nothing."""


class Expression:
    """Marks a text that is a regular expression: what is filled in stands for itself there."""


class Merged:
    """Marks a mapping that layers merge key by key."""

    def __str__(self) -> str:
        return "Layers merge key by key."


class Replaced:
    """Marks a mapping that a layer replaces as a whole, as it does with all that is no mapping."""


class Layered:
    """Marks a mapping whose entries are layers themselves, with keys of a test: merged name by name, each after all
    that the test says, and filled in and checked as the test's own keys are.
    """

    def __str__(self) -> str:
        return "Layers merge key by key."


class NotInPass:
    """Marks what a pass does not depend on: how a boot is scheduled and tried again, what is done where it cannot be
    tried, and what the key of a pass has in another form.
    """


class Told:
    """Marks what goes into a test's result as it is, among its labels: a mapping entry by entry, else by the key's
    name. Reports show labels without knowing any.
    """


@dataclass(frozen=True)
class PlugIn:
    """Marks the name of a plug-in, of the project's own folder or of ours: an editor offers ours."""

    folder: str

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        from bootmatrix import plugins  # noqa: PLC0415  # only for the JSON Schema

        return {"anyOf": [{"enum": plugins.builtin_names(self.folder)}, handler(schema)]}


@dataclass(frozen=True)
class Short:
    """Marks a mapping that may also be written as the value of one of its keys alone, where that is of these `kinds`;
    `empty`: also as nothing, where all of its keys have defaults or are asked for.
    """

    key: str
    kinds: tuple[type, ...] = (str,)
    empty: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self._mapping, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        more = [{"type": "array", "items": SCALAR}] if list in self.kinds else []
        more += [{"type": "null"}] if self.empty else []
        return {"anyOf": [SCALAR, *more, handler(schema)]}

    def _mapping(self, value: Any) -> Any:
        if value is None and self.empty:
            return {}
        return {self.key: value} if isinstance(value, self.kinds) else value
