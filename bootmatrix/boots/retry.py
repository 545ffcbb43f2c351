"""The retry policy: failures of the infrastructure are always tried again, those of guests as the test says.

What was starved of processor time is tried again later, which is the schedule's affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    retry_if_result,
    stop_after_attempt,
    wait_exponential,
    wait_fixed,
    wait_random,
)

from bootmatrix.errors import Fatal, InfrastructureError
from bootmatrix.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bootmatrix.matrix.keys.parts import Retry
    from bootmatrix.model import Attempt

INFRASTRUCTURE_TRIES = 4
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0  # seconds
BACK_OFF = wait_exponential(FIRST_WAIT, LONGEST_WAIT) + wait_random(0, FIRST_WAIT)


def attempts(
    policy: Retry,
    once: Callable[[int, int], Attempt],
    sleep: Callable[[float], object],
    stopped: Callable[[], bool],
    before: Sequence[Attempt] = (),
) -> list[Attempt]:
    """Every attempt, in order, those made `before` first; `once(number, guest_number)` makes one, `guest_number` counts
    none that were broken. One that was starved is the last: to try it again at once would find the same host.
    """
    made = list(before)
    guests = sum(not attempt.broken for attempt in before)

    def pause(seconds: float) -> None:
        sleep(seconds)

    def infrastructure(guest_number: int) -> Attempt:
        def try_once() -> Attempt:
            made.append(once(len(made) + 1, guest_number))
            return made[-1]

        retrying = Retrying(
            retry=retry_if_result(lambda a: a.broken and not a.starved and not stopped()),
            stop=stop_after_attempt(INFRASTRUCTURE_TRIES),
            wait=BACK_OFF,
            sleep=pause,
            retry_error_callback=_last,
        )
        return retrying(try_once)

    numbers = iter(range(guests + 1, policy.attempts + 1))
    Retrying(
        retry=retry_if_result(lambda a: worth_another(policy, a) and not stopped()),
        stop=stop_after_attempt(policy.attempts - guests),
        wait=wait_fixed(policy.wait),
        sleep=pause,
        retry_error_callback=_last,
    )(lambda: infrastructure(next(numbers)))
    return made


def infrastructure(act: Callable[[], None], sleep: Callable[[float], object], stopped: Callable[[], bool]) -> None:
    """Do it again while the infrastructure fails; raises its last error, and one that ends the run at once."""

    def pause(seconds: float) -> None:
        sleep(seconds)

    Retrying(
        retry=retry_if_exception(
            lambda error: isinstance(error, InfrastructureError) and not isinstance(error, Fatal) and not stopped()
        ),
        stop=stop_after_attempt(INFRASTRUCTURE_TRIES),
        wait=BACK_OFF,
        sleep=pause,
        reraise=True,
    )(act)


def worth_another(policy: Retry, attempt: Attempt) -> bool:
    if attempt.verdict in {Verdict.PASSED, Verdict.UNDECIDED, Verdict.SKIPPED, Verdict.ERROR}:
        return False
    return bool({"any", attempt.outcome.kind, attempt.verdict} & set(policy.on))


def _last(state: RetryCallState) -> Attempt:
    assert state.outcome is not None  # noqa: S101
    attempt: Attempt = state.outcome.result()
    return attempt
