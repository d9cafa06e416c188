"""Who is served now, who waits and who is sent away: 503 at once instead of a time-out later.

Stands before the application in each process of `eclaims serve`. Docs: docs/operations.md.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.api.application import HEADERS
from app.api.bodies import Bodies, Environ
from app.api.errors import RETRY_AFTER_SECONDS, outcome
from app.api.gate import Gate
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.telemetry import log

Application = Callable[[Environ, Any], Iterable[bytes]]

# Of the store's 16 connections two are left to those who ask for its health, and to the clock.
AT_ONCE = 14
MOST_BODIES = 64
PATIENCE_SECONDS = 5.0
# Health is asked for by few, and in turn.
_HEALTH = "/health/"
_HEALTH_WAITING = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests are worked on at once, wait for that, and may still be arriving."""

    at_once: int = AT_ONCE
    waiting: int = 64
    bodies: int = MOST_BODIES
    patience: float = PATIENCE_SECONDS

    @property
    def threads(self) -> int:
        """Threads for all of them; with fewer, those that wait would keep others from being told.

        Whoever finds no place is told within microseconds, and needs one of the last few.
        """
        return self.at_once + self.waiting + self.bodies + _HEALTH_WAITING + 2


class Admission:
    """The application behind its gates."""

    def __init__(self, application: Application, limits: Limits) -> None:
        self._application = application
        self._requests = Gate(limits.at_once, limits.waiting, limits.patience)
        self._health = Gate(1, _HEALTH_WAITING, limits.patience)
        self.bodies = Bodies(limits.bodies)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer by the application, or refuse."""
        is_health = environ.get("PATH_INFO", "").startswith(_HEALTH)
        gate = self._health if is_health else self._requests
        try:
            with self.bodies.read(environ), _entered(gate):
                return self._application(environ, start_response)
        except Unacceptable as refusal:
            return _refused(refusal, environ)(environ, start_response)


@contextmanager
def _entered(gate: Gate) -> Iterator[None]:
    if not gate.enter():
        raise Unacceptable(Issue(ErrorCode.OVERLOADED, ErrorCode.OVERLOADED.entry.meaning))
    try:
        yield
    finally:
        gate.leave()


def _refused(refusal: Unacceptable, environ: Environ) -> Response:
    response = outcome(refusal.status, *refusal.issues)
    request_id = secrets.token_hex(8)
    response.headers.update(HEADERS)
    response.headers["X-Request-Id"] = request_id
    if refusal.status == 503:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    else:
        # What is left of the body would be taken for the next request.
        response.headers["Connection"] = "close"
    method = environ.get("REQUEST_METHOD")
    log.info("request", request_id=request_id, method=method, status=refusal.status)
    return response
