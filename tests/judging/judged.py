"""What the tests of verdicts judge: a boot that ended so, and showed that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bootmatrix.judging import verdict
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.model import Boot, Ending, Launch, Outcome, Runner, Tender

KVM_UNIT: dict[str, object] = {
    "exit_codes": {"1": "passed", "3": "failed", "77": "skipped", "125": "crashed", "127": "aborted"},
    "console_exit": r"EXIT: STATUS=(\d+)",
}


@dataclass(frozen=True)
class Fixed(Runner):
    """A backend that reads every ending as the same outcome."""

    says: str = "exited(0)"

    def tender(self, arch: str) -> Tender:
        return Tender(arch)

    def launch(self, boot: Boot) -> Launch:
        return Launch((boot.program,))

    def outcome(self, ending: Ending) -> Outcome:
        kind, _, detail = self.says.rstrip(")").partition("(")
        return Outcome(kind, detail, f"status {ending.status}")


@dataclass(frozen=True)
class Hiding(Fixed):
    hides_status: ClassVar[bool] = True


def fields(**keys: object) -> TestFields:
    return TestFields.model_validate(keys)


def judged(says: str, text: str = "", status: int | None = 0, /, **keys: object) -> verdict.Judgement:
    return verdict.judge(fields(**keys), Fixed(says), Ending(status=status, console=text))
