"""Why a process is ended before it ends itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from bootmatrix.model import OutcomeKind


class StopKind(StrEnum):
    """What ends it: a time-out, a limit, its own word that it is over, or the user; `checked`, when nothing more is
    asked of it, and `check late`, when it has not answered by a check's deadline; `abandoned`, when another guest of
    its test has failed.
    """

    TIMEOUT = "timeout"
    IDLE = "idle timeout"
    CONSOLE_LIMIT = "console limit"
    STATUS_TOLD = "status told"
    PANIC = "panic"
    CHECKED = "checked"
    CHECK_LATE = "check late"
    ABANDONED = "abandoned"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Stop:
    """`text` says it in words, for people. `since` is when the time began that is over, on the monotonic clock, where
    that is not the watcher's own.
    """

    kind: StopKind
    text: str
    since: float = math.inf

    @property
    def is_late(self) -> bool:
        """Whether a deadline has passed."""
        return self.kind in {StopKind.TIMEOUT, StopKind.IDLE, StopKind.CHECK_LATE}

    @property
    def is_checked(self) -> bool:
        """Whether its checks have said all that there is to say, good or bad."""
        return self.kind in {StopKind.CHECKED, StopKind.CHECK_LATE}

    @property
    def outcome(self) -> OutcomeKind:
        """What it comes to that the process did not end itself."""
        return OutcomeKind.STOPPED if self.is_checked or self.kind == StopKind.ABANDONED else OutcomeKind.HUNG

    @property
    def is_final(self) -> bool:
        """Whether what the process has printed already, but we have not read, no longer matters."""
        return self.kind in {StopKind.CONSOLE_LIMIT, StopKind.INTERRUPTED}

    @property
    def is_its_own_end(self) -> bool:
        """Whether the guest had ended by its own word, and only did not power off."""
        return self.kind in {StopKind.STATUS_TOLD, StopKind.PANIC}
