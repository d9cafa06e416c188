"""Request bodies, read before a request takes anybody's place: bounded in number and in memory.

The server hands a request over when its headers are there; its body may take as long as the client
likes. Nothing here can end such a wait: `app/cli/slow_clients.py` ends the connection.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from typing import Any

from app.api.negotiation import OTHER_BYTES
from app.domain.issues import ErrorCode, Issue, Unacceptable

# As much of every body is taken in without asking; what is more of all of them shares the room.
CHUNK_BYTES = 64 * 1024
ROOM_BYTES = 64 * 1024 * 1024
# One more than the application reads of a body before it refuses it for its length.
_MOST_BYTES = OTHER_BYTES + 2

Environ = dict[str, Any]


class Bodies:
    """The bodies that are being read, at most `most` at a time, and the room that they share."""

    def __init__(self, most: int, room: int = ROOM_BYTES) -> None:
        self._most = most
        self._room = room
        self._numbers = count()
        self._guard = threading.Lock()
        self._begun: dict[int, float] = {}

    def oldest_seconds(self) -> float | None:
        """How long the body that is read longest is awaited; None where none is."""
        with self._guard:
            began = min(self._begun.values(), default=None)
        return None if began is None else time.monotonic() - began

    @contextmanager
    def read(self, environ: Environ) -> Iterator[None]:
        """Read the request's body to its end, and keep its room as long as the block lasts.

        Raises Unacceptable where too many are read already, and where the body breaks off.
        """
        length = _length(environ)
        if length == 0 or (length is not None and length > OTHER_BYTES):
            # The application refuses by the header what is too long.
            yield
            return
        held = [0]
        try:
            body = self._awaited(environ["wsgi.input"], held)
            if length is not None and len(body) < length:
                raise _refused(ErrorCode.SLOW_BODY)
            environ["wsgi.input"] = BytesIO(body)
            yield
        finally:
            if held[0]:
                with self._guard:
                    self._room += held[0]

    def _awaited(self, stream: Any, held: list[int]) -> bytes:
        number = next(self._numbers)
        with self._guard:
            if len(self._begun) >= self._most:
                raise _refused(ErrorCode.OVERLOADED)
            self._begun[number] = time.monotonic()
        try:
            return self._joined(stream, held)
        finally:
            with self._guard:
                del self._begun[number]

    def _joined(self, stream: Any, held: list[int]) -> bytes:
        """The body, in chunks; a short one is the last."""
        body: bytes = stream.read(CHUNK_BYTES)
        last = len(body)
        if last < CHUNK_BYTES:
            return body
        parts = [body]
        while last == CHUNK_BYTES and len(parts) * CHUNK_BYTES < _MOST_BYTES:
            self._take_room(held)
            parts.append(stream.read(CHUNK_BYTES))
            last = len(parts[-1])
        return b"".join(parts)

    def _take_room(self, held: list[int]) -> None:
        with self._guard:
            if self._room < CHUNK_BYTES:
                raise _refused(ErrorCode.OVERLOADED)
            self._room -= CHUNK_BYTES
            held[0] += CHUNK_BYTES


def _length(environ: Environ) -> int | None:
    """How long the body is going to be; None where the client does not say, 0 without one."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() and text.isascii() else 0


def _refused(error: ErrorCode) -> Unacceptable:
    return Unacceptable(Issue(error, error.entry.meaning))
