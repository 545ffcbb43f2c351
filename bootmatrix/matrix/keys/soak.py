"""A soak: how long a guest runs under load, what is sampled meanwhile, and how much that may grow."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from bootmatrix import quantities
from bootmatrix.matrix.keys.marks import AsWritten, Replaced, Short
from bootmatrix.matrix.keys.parts import Strict
from bootmatrix.matrix.keys.values import Pause, Seconds  # noqa: TC001  # pydantic reads them
from bootmatrix.quantities import human_time

MEMORY = "memory"
SOONEST, LATEST = 0.1, 60.0  # seconds between samples
WARMUP = 10  # so many times as long as its warm-up, if nothing else is asked for, is a soak


def _sample(value: Any) -> float:
    found = quantities.seconds(value)
    if not SOONEST <= found <= LATEST:
        raise ValueError(f"'{value}' is not between {human_time(SOONEST)} and {human_time(LATEST)}")
    return found


def _bounds(value: Any) -> Any:
    if isinstance(value, dict) and re.fullmatch(r"[\d.\s]*/.*", str(value.get(MEMORY, ""))):
        raise ValueError(f"'{value[MEMORY]}' of memory has no unit; write it as 1 MiB/h")
    return value


Rate = Annotated[
    float, BeforeValidator(quantities.rate), WithJsonSchema({"type": "string", "examples": ["1 MiB/h", "10/min"]})
]
Interval = Annotated[
    float, BeforeValidator(_sample), WithJsonSchema({"type": ["string", "number"], "examples": ["1 s"]})
]


class Soak(Strict):
    """How long a guest runs once it is ready, while its checks go round as load, and how much may grow in that time."""

    duration: Seconds = Field(description="How long the guest runs, from when it is ready; `timeout` comes on top.")
    sample: Interval = Field(1.0, description="The time between samples of its memory and processor time.")
    warmup: Pause | None = Field(
        None, description="The time at the beginning that does not count for growth; without it, a tenth of `duration`."
    )
    max_growth: Annotated[dict[str, Rate], Replaced(), AsWritten(), BeforeValidator(_bounds)] = Field(
        {}, description="How much `memory`, or a metric that is a `series`, may grow in a time."
    )

    @property
    def warm(self) -> float:
        """Seconds of its warm-up."""
        return self.duration / WARMUP if self.warmup is None else self.warmup

    @model_validator(mode="after")
    def _lasts_long_enough(self) -> Self:
        from bootmatrix.statistics import growth  # noqa: PLC0415  # 10 ms, only where there is a soak

        needed = growth.fewest(self.sample) + self.warm if self.max_growth else self.warm
        if self.duration <= self.warm:
            raise ValueError(
                f"a soak of {human_time(self.duration)} is over within its warm-up of {human_time(self.warm)}"
            )
        if self.duration < needed:
            every, warm = human_time(self.sample), human_time(self.warm)
            raise ValueError(
                f"{human_time(self.duration)} are too short to tell how fast something grows: with a sample in {every} "
                f"and a warm-up of {warm} write a `duration` of {human_time(needed)} or more"
            )
        return self


SoakOrDuration = Annotated[Soak | None, Short("duration", (str, int, float)), Replaced()]
