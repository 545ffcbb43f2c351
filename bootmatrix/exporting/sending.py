"""One request to a server of measures, tried again as long as that may help.

Whatever is sent may come twice, and must then be the same: a try whose answer was lost may have been taken.
"""

from __future__ import annotations

import io
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests
import tenacity

from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.exporting.answers import Again, judge, unreachable
from bootmatrix.quantities import how_many, human_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bootmatrix.exporting.target import Target

    Answer = tuple[int, Mapping[str, str], str] | Exception

CONNECT, ANSWER = 5.0, 30.0  # seconds for a connection, and for an answer once all is sent
SLOWEST = 1 << 20  # bytes a second that a server takes at least
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between two tries
SAID = 64 << 10  # bytes of an answer that are read


@dataclass
class Sender:
    """Sends to one target. `patience` is how many seconds one request may be tried; `sleep` is that between tries."""

    target: Target
    patience: float
    headers: Mapping[str, str] = field(default_factory=dict)
    note: Callable[[str], None] = lambda _text: None
    sleep: Callable[[float], None] = time.sleep

    @property
    def answer(self) -> float:
        """Seconds that the server has for one answer."""
        return min(ANSWER, self.patience)

    def send(self, method: str, url: str, body: bytes | Path) -> None:
        """Raises InfrastructureError if it is not taken."""
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            wait=self._pause,
            stop=tenacity.stop_before_delay(self.patience),
            sleep=self.sleep,
            before_sleep=self._say_again,
        )
        try:
            tries(self._once, method, url, body)
        except tenacity.RetryError as error:
            last = error.last_attempt
            often = how_many(last.attempt_number, "try")
            what = f"{self.target} {last.exception()} ({often} within {human_time(self.patience)})"
            remedy = "check that the server runs and can be reached; --patience TIME waits longer for it"
            raise InfrastructureError(Problem(what, remedy=remedy)) from None

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """As long as the server wants, within reason; else longer each time, and never just when others try."""
        error = state.outcome.exception() if state.outcome else None
        wanted = error.after if isinstance(error, Again) else 0.0
        spread = tenacity.wait_random_exponential(FIRST_PAUSE, LONGEST_PAUSE)(state)
        return max(FIRST_PAUSE, spread, min(wanted, self.patience))

    def _say_again(self, state: tenacity.RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome:
            self.note(f"{self.target} {state.outcome.exception()}; it is tried again for {human_time(self.patience)}")

    def _once(self, method: str, url: str, body: bytes | Path) -> None:
        """In a thread: a server that sends its answer byte by byte would keep us waiting for ever."""
        answers: list[Answer] = []
        thread = threading.Thread(target=self._ask, args=(method, url, body, answers), name="export", daemon=True)
        thread.start()
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        allowed = CONNECT + self.answer + size / SLOWEST
        thread.join(allowed)
        if not answers:
            raise Again(f"does not answer within {human_time(allowed)}")
        if isinstance(answers[0], Exception):
            raise unreachable(self.target, answers[0])
        judge(self.target, *answers[0])

    def _ask(self, method: str, url: str, body: bytes | Path, answers: list[Answer]) -> None:
        try:
            with (
                io.BytesIO(body) if isinstance(body, bytes) else body.open("rb") as stream,
                requests.Session() as session,
                session.request(
                    method,
                    url,
                    data=stream,
                    headers=dict(self.headers),
                    auth=self._authorize,
                    timeout=(CONNECT, self.answer),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                said = next(response.iter_content(SAID), b"")
                answers.append((response.status_code, response.headers, said.decode("utf-8", "replace")))
        except Exception as error:  # noqa: BLE001  # raised again by the thread that waits
            answers.append(error)

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """With our secrets or none: `requests` would take some from ~/.netrc else."""
        target = self.target
        if target.token:
            request.headers["Authorization"] = f"Token {target.token}"
        elif target.user or target.password:
            requests.auth.HTTPBasicAuth(target.user, target.password)(request)
        return request
