"""What a check of a guest from outside came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from bootmatrix.model.bounds import OneOf, Seconds


class CheckStatus(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class CheckResult:
    """`message` says why it did not pass, `report` what it measured: one line of `key=value`. `status` is a word of
    CheckStatus.
    """

    name: str
    status: Annotated[str, OneOf(CheckStatus)]
    seconds: Seconds = 0.0
    message: str = ""
    report: str = ""
