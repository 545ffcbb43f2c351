"""The keys of a check: what is asked of a guest from outside while it lives, by when, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, model_validator

from bootmatrix.matrix.keys.kinds import Command, Console, Http, PathOrUrl, Ping, Tcp, Udp
from bootmatrix.matrix.keys.marks import AsWritten, Expression, Filled, Replaced, Short
from bootmatrix.matrix.keys.parts import MetricOrRegex, Pattern, Strict
from bootmatrix.matrix.keys.values import Listed, Seconds, Text, checked_regex
from bootmatrix.quantities import human_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

ONCE = frozenset({"command", "console"})  # kinds that are not tried again unless that is asked for
LONGEST_NAME = 100


def _name(value: str) -> str:
    if not value.isprintable() or not 0 < len(value.strip()) <= LONGEST_NAME:
        raise ValueError(f"a check's name is one line of 1 to {LONGEST_NAME} characters")
    return value


class OneCheck(Strict):
    """One thing that is asked of the guest: exactly one of the kinds, and what holds for all of them."""

    kinds: ClassVar[tuple[str, ...]] = ("ping", "tcp", "udp", "http", "command", "console")

    ping: Annotated[Ping | None, Short("count", empty=True)] = Field(
        None, description="The guest answers pings, so many."
    )
    tcp: Annotated[Tcp | None, Short("port", empty=True)] = Field(
        None, description="The guest accepts a TCP connection on this port."
    )
    udp: Annotated[Udp | None, Short("port", empty=True)] = Field(
        None, description="The guest answers a datagram to this port."
    )
    http: Annotated[Http | None, PathOrUrl("path", empty=True)] = Field(
        None, description="The guest answers a request for this path or URL."
    )
    command: Annotated[Command | None, Short("run", (str, list), empty=True)] = Field(
        None, description="A program ends well that is run beside the guest."
    )
    console: Annotated[Console | None, Short("expect", empty=True)] = Field(
        None, description="The guest prints this, or answers a line on its console."
    )
    name: Annotated[Annotated[str, AfterValidator(_name)] | None, AsWritten()] = Field(
        None, description="What it is called in reports; without it, its kind and its port, path or program."
    )
    network: Text | None = Field(
        None, alias="from", description="The network that it is asked from; without it, that of `to`."
    )
    to: Text | None = Field(
        None, description="The guest's interface, or an IPv4 address; without it, the guest's first interface there."
    )
    within: Seconds = Field(10.0, description="It fails if it has not passed after this time.")
    retry: bool | None = Field(
        None,
        description="Whether it is tried again until that time is over; without it, all but `command` and `console`.",
    )
    metrics: Annotated[dict[str, MetricOrRegex], Replaced(), AsWritten()] = Field(
        {}, description="Numbers of the check's own report, by name."
    )

    @property
    def kind(self) -> str:
        return next(kind for kind in self.kinds if getattr(self, kind))

    @property
    def options(self) -> Strict:
        """Those of its kind."""
        found: Strict = getattr(self, self.kind)
        return found

    @property
    def each(self) -> tuple[OneCheck, ...]:
        """Those that are made at once."""
        return (self,)

    @property
    def retries(self) -> bool:
        return self.kind not in ONCE if self.retry is None else self.retry

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        given = [kind for kind in self.kinds if getattr(self, kind)]
        if len(given) != 1:
            has = f"this one has {' and '.join(given)}" if given else "this one has none"
            raise ValueError(f"a check has exactly one of {', '.join(self.kinds)}; {has}")
        return self

    @model_validator(mode="after")
    def _has_time_enough(self) -> Self:
        if self.ping and not self.ping.flood:
            takes = (self.ping.count - 1) * self.ping.interval
            if takes >= self.within:
                given = f"{self.ping.count:,} pings, one in {human_time(self.ping.interval)}, take {human_time(takes)}"
                raise ValueError(f"{given}, but it must pass within {human_time(self.within)}: write a longer `within`")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = super().__get_pydantic_json_schema__(schema, handler)
        handler.resolve_ref_schema(found)["oneOf"] = [{"required": [kind]} for kind in cls.kinds]
        return found


class Check(OneCheck):
    """One check, or several that are made at once."""

    kinds: ClassVar[tuple[str, ...]] = (*OneCheck.kinds, "parallel")

    parallel: Annotated[list[OneCheck], Field(min_length=1)] | None = Field(
        None, description="Checks that are made at once, each with keys of its own."
    )

    @property
    def each(self) -> tuple[OneCheck, ...]:
        return tuple(self.parallel) if self.parallel else (self,)

    @model_validator(mode="after")
    def _leaves_the_rest_to_each(self) -> Self:
        if self.parallel and (more := self.model_fields_set - {"parallel"}):
            names = " and ".join(f"`{type(self).model_fields[name].alias or name}`" for name in sorted(more))
            raise ValueError(f"beside `parallel` stands nothing: write {names} in each of its checks")
        return self


class Ready(OneCheck):
    """When a guest is ready: it prints a text, or `{regex: …}`, or a check passes."""

    kinds: ClassVar[tuple[str, ...]] = ("text", "regex", *OneCheck.kinds)

    text: Text = Field("", description="What its console shows once it is ready.")
    regex: Annotated[str, AfterValidator(lambda text: text and checked_regex(text)), Expression()] = Field(
        "", description="The same as a regular expression."
    )

    @property
    def pattern(self) -> Pattern | None:
        """What the console shows; None where it is a check."""
        return Pattern.model_construct(text=self.text, regex=self.regex) if self.text or self.regex else None


def _apart(given: list[Check]) -> list[Check]:
    """Each metric of one check only: of two with one name nobody could tell which is meant."""
    seen: set[str] = set()
    for check in given:
        for each in check.each:
            if twice := sorted(seen & each.metrics.keys()):
                raise ValueError(f"two checks have the metric '{twice[0]}': rename one of them")
            seen |= each.metrics.keys()
    return given


CheckList = Annotated[list[Check], Listed((dict,)), AfterValidator(_apart), Filled()]
ReadyOrText = Annotated[Ready, Short("text"), Filled()]


def asked(ready: Ready | None, checks: Iterable[Check]) -> Iterator[OneCheck]:
    """All checks of a test, the one that tells that its guest is ready among them."""
    if ready and not ready.pattern:
        yield ready
    for check in checks:
        yield from check.each
