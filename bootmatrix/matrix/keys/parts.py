"""Models that several keys of matrix.yaml use: patterns, what is expected of a boot, metrics, retries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import core_schema

from bootmatrix.matrix.keys import meaning
from bootmatrix.matrix.keys.marks import SCALAR, AsWritten, Expression, Filled, Short
from bootmatrix.matrix.keys.values import (
    Listed,
    OutcomeWord,
    Pause,
    RetryOn,
    Text,
    Whole,
    as_pattern,
    checked_regex,
    one_number,
)
from bootmatrix.model import OutcomeKind, parse_outcome

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


class Strict(BaseModel):
    """A mapping whose keys are all known. What checks it is built when it is first read: a default that is one is made
    by `model_construct()`, since to be called would build it in each command, whatever that reads.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A key's description says what its marks do."""
        found = handler(schema)
        keys = handler.resolve_ref_schema(found)["properties"]
        for name, field in cls.model_fields.items():
            if more := meaning.said(field):
                keys[field.alias or name]["description"] = f"{field.description} {more}"
        return found


@dataclass(frozen=True)
class MayBeEmpty:
    """Marks a mapping that may also be written as nothing."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(lambda v: {} if v is None else v, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "null"}]}


class Pattern(Strict):
    """A text that the console must show, or `{regex: …}`."""

    text: str = Field("", exclude=True)
    regex: Annotated[str, AfterValidator(checked_regex), Expression()] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if bool(self.text) == bool(self.regex):
            raise ValueError("write a text that is not empty, or {regex: …}")
        return self

    def __str__(self) -> str:
        return f"/{self.regex}/" if self.regex else f"'{self.text}'"


PatternOrText = Annotated[
    Pattern,
    BeforeValidator(as_pattern),
    WithJsonSchema(
        {
            "anyOf": [
                SCALAR,
                {
                    "type": "object",
                    "properties": {"text": SCALAR, "regex": {"type": "string"}},
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Patterns = Annotated[list[PatternOrText], Listed((str, dict))]
FilledPatterns = Annotated[Patterns, Filled()]


class Expect(Strict):
    """What must be seen for a pass."""

    outcome: Annotated[list[OutcomeWord], Field(min_length=1), Listed(), AsWritten()] = Field(
        ["exited(0)"],
        description="The expected outcome, or a list of them; `crashed` matches any crash, `crashed(SIG*)` some.",
    )
    console: FilledPatterns = Field([], description="Patterns that the console must show in this order.")
    console_any: FilledPatterns = Field([], description="Patterns that the console must show, in any order.")
    console_not: FilledPatterns = Field([], description="Patterns that the console must not show.")
    tender: FilledPatterns = Field(
        [], description="Patterns that the tender's own messages (its standard error) must show."
    )

    @property
    def stops(self) -> bool:
        """Whether the guest may be there until it is stopped."""
        return any(parse_outcome(word).kind == OutcomeKind.STOPPED for word in self.outcome)


class Retry(Strict):
    """When a test that did not pass is tried again; the infrastructure's own failures are always tried again."""

    attempts: Whole = Field(1, ge=1, le=100, description="Attempts in all, the first included.")
    on: Annotated[list[RetryOn], Field(min_length=1), Listed()] = Field(
        ["any"], description="Outcomes after which another attempt is made."
    )
    wait: Pause = Field(0.0, description="Pause between attempts.")


class Metric(Strict):
    """A number that the guest prints: `{regex: …}`, or the expression alone."""

    regex: Annotated[str, AfterValidator(one_number)] = Field(
        description="A regular expression whose only group is the number."
    )
    unit: Text = Field("", description="What it is counted in; `s` and `B` are shown as times and sizes.")
    better: Literal["lower", "higher"] | None = Field(
        None, description="Which way is better; without it, a change is shown but is neither."
    )
    take: Literal["last", "first", "lowest", "highest"] = Field(
        "last", description="Which of several printed numbers is used."
    )
    series: bool = Field(
        False, description="Whether each printed number is kept with its time; each line is looked at for itself."
    )


MetricOrRegex = Annotated[Metric, Short("regex")]
