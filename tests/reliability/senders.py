"""Clients that send Claims over a real connection and ask again until they know the answer."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from itertools import count
from threading import Lock
from typing import Any

from app.fhir import json_text
from tests.builders import a_service_of_its_own
from tests.reliability.programs import Instance, asked
from tests.reliability.sending import Sending

_SECONDS_BETWEEN = 0.02
_MOST_TRIES = 2_000
TRY_AGAIN = {503}
DONE = {200, 201}


@dataclass
class Senders(Sending):
    """Some threads that send Claims as long as the block lasts; each finishes what it began.

    `broken` counts requests that a server took and never answered: they were in flight when it was
    killed. A connection that is refused is none of them.
    """

    instance: Instance
    threads: int = 6
    confirmed: dict[str, set[str]] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    broken: int = 0

    def __post_init__(self) -> None:
        """Nothing is sent yet."""
        self._numbers = count(1)
        self._guard = Lock()
        super().__init__(self.threads, lambda _: self._send_on())

    def await_confirmed(self, number: int, seconds: float = 120) -> None:
        """Wait until this many Claims are confirmed."""
        deadline = time.monotonic() + seconds
        while len(self.confirmed) < number:
            assert time.monotonic() < deadline, f"{len(self.confirmed)} of {number} confirmed"
            assert not self.unexpected, self.unexpected
            time.sleep(0.005)

    def _send_on(self) -> None:
        while not self.has_ended and not self.unexpected:
            number = f"L{next(self._numbers)}"
            self._send(number, json_text.write(_todays_claim(number)))

    def _send(self, number: str, text: str) -> None:
        """Ask until there is an answer; every answer has to name the same Claim."""
        for _ in range(_MOST_TRIES):
            status, body = self._answer(text)
            if status in DONE:
                self.confirmed.setdefault(number, set()).add(json_text.parsed(body)["id"])
                return
            if status is not None and status not in TRY_AGAIN:
                self.unexpected.append(f"{status}: {body}")
                return
            time.sleep(_SECONDS_BETWEEN)
        self.unexpected.append(f"{number} was never answered")

    def _answer(self, text: str) -> tuple[int | None, str]:
        try:
            status, _, body = asked(self.instance, "POST", "/fhir/r4/Claim", text)
        except ConnectionRefusedError:
            return None, ""
        except (OSError, HTTPException):
            with self._guard:
                self.broken += 1
            return None, ""
        return status, body.decode()


def _todays_claim(number: str) -> dict[str, Any]:
    today = datetime.now(UTC).date().isoformat()
    return a_service_of_its_own(number=number, serviced=today, created=today)
