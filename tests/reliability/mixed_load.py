"""Clients that submit, ask and read at once, and ask again until they know; what they were told."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from tests.builders import a_service_of_its_own, a_task
from tests.reliability.sending import Sending
from tests.wire import Reply, Wire

DONE = {200, 201}
TRY_AGAIN = {409, 429, 503}
_MOST_TRIES = 3_000
_SECONDS_BETWEEN = 0.02


@dataclass
class MixedLoad(Sending):
    """So many clients, each over `wire` as `another` makes it, as long as the block lasts."""

    wire: Wire
    another: Callable[[], object]
    clients: int = 4
    statuses: Counter[int] = field(default_factory=Counter)
    confirmed: set[str] = field(default_factory=set)
    unexpected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing is sent yet."""
        self._guard = Lock()
        super().__init__(self.clients, self._send_on)

    def await_more(self, number: int, seconds: float = 120) -> None:
        """Wait until so many more Claims are confirmed."""
        wanted, deadline = len(self.confirmed) + number, time.monotonic() + seconds
        while len(self.confirmed) < wanted:
            assert not self.unexpected, self.unexpected
            assert time.monotonic() < deadline, f"{len(self.confirmed)} of {wanted} confirmed"
            time.sleep(0.005)

    def _send_on(self, name: int) -> None:
        wire = replace(self.wire, http=self.another())
        number = 0
        while not self.has_ended and not self.unexpected:
            number += 1
            claim = a_service_of_its_own(number=f"X{name}-{number}")
            sent = self._told(lambda: wire.post("Claim", claim))  # noqa: B023  done by then
            if sent is None:
                return
            self.confirmed.add(sent.document["id"])
            status = a_task("status", number=f"X{name}-{number}", focus=sent.reference)
            self._told(lambda: wire.task(status))  # noqa: B023
            self._told(lambda: wire.get(sent.reference))  # noqa: B023
            self._told(lambda: wire.get("ClaimResponse?outcome=complete&_count=2"))

    def _told(self, ask: Callable[[], Reply]) -> Reply | None:
        """The answer that is one; None where there is none to be had."""
        for _ in range(_MOST_TRIES):
            reply = ask()
            with self._guard:
                self.statuses[reply.status] += 1
            if reply.status in DONE:
                return reply
            if reply.status not in TRY_AGAIN:
                break
            assert reply.headers["Retry-After"]
            time.sleep(_SECONDS_BETWEEN)
        self.unexpected.append(f"{reply.status}: {reply.text}")
        return None
