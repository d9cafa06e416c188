"""Who is served now, who waits and who is sent away: 503 at once instead of a time-out later.

Stands before the application in each process of `eclaims serve`. Docs: docs/operations.md.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.api import health
from app.api.application import HEADERS
from app.api.bodies import TOKEN_PLACES, Bodies, Environ
from app.api.errors import RETRY_AFTER_SECONDS, outcome
from app.api.gate import Gate
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.telemetry import log

Application = Callable[[Environ, Any], Iterable[bytes]]

# Of the store's 16 connections two are left to those who ask for its health, and to the clock.
AT_ONCE = 14
MOST_BODIES = 128
PATIENCE_SECONDS = 5.0
# Threads for who is told at once: health, and that there is no place.
_TELLING = 18


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
        return self.at_once + self.waiting + self.bodies + TOKEN_PLACES + _TELLING


class Admission:
    """The application behind its gate.

    `is_known` tells whether a token is some client's, `sender` where a request comes from.
    """

    def __init__(
        self,
        application: Application,
        limits: Limits,
        is_known: Callable[[str], bool],
        headers: Mapping[str, str] | None = None,
        sender: Callable[[Environ], str | None] = lambda _: None,
    ) -> None:
        self._application = application
        self._headers = headers or HEADERS
        self._requests = Gate(limits.at_once, limits.waiting, limits.patience)
        self._is_known = is_known
        self.bodies = Bodies(limits.bodies, self._looked_up, sender=sender)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer by the application, or refuse."""
        if environ.get("PATH_INFO") in health.PATHS:
            return self._application(environ, start_response)
        try:
            with self.bodies.read(environ), _entered(self._requests):
                return self._application(environ, start_response)
        except Unacceptable as refusal:
            return self._refused(refusal, environ)(environ, start_response)

    def _looked_up(self, token: str) -> bool:
        """It takes a connection to the database, so it is a request like the others."""
        with _entered(self._requests):
            return self._is_known(token)

    def _refused(self, refusal: Unacceptable, environ: Environ) -> Response:
        response = outcome(refusal.status, *refusal.issues)
        request_id = secrets.token_hex(8)
        response.headers.update(self._headers)
        response.headers["X-Request-Id"] = request_id
        if refusal.status == 503:
            response.headers["Retry-After"] = RETRY_AFTER_SECONDS
        else:
            # What is left of the body would be taken for the next request.
            response.headers["Connection"] = "close"
        if refusal.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        method = environ.get("REQUEST_METHOD")
        log.info("request", request_id=request_id, method=method, status=refusal.status)
        return response


@contextmanager
def _entered(gate: Gate) -> Iterator[None]:
    if not gate.enter():
        raise Unacceptable(Issue(ErrorCode.OVERLOADED, ErrorCode.OVERLOADED.entry.meaning))
    try:
        yield
    finally:
        gate.leave()
