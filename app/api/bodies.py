"""Request bodies, read before a request takes anybody's place: bounded in number and in memory.

The server hands a request over when its headers are there; its body may take as long as the client
likes. Nothing here can end such a wait: `app/cli/slow_clients.py` ends the connection.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from typing import Any

from app.api.auth import token_in
from app.api.negotiation import OTHER_BYTES
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.gateway.limiting import network_of
from app.gateway.trust.addresses import TOKEN_PATH

# As much of every body is taken in without asking; what is more of all of them shares the room.
CHUNK_BYTES = 64 * 1024
ROOM_BYTES = 64 * 1024 * 1024
# Who asks for a token has none to show: so many places are theirs alone, of one address a quarter.
TOKEN_PLACES = 16

Environ = dict[str, Any]


class Bodies:
    """The bodies that are being read, at most `most` at a time, and the room that they share.

    `is_known` looks a token up; it is asked only where it matters, and may raise Unacceptable.
    `sender` tells the address that a request comes from, None where that is not told.
    """

    def __init__(
        self,
        most: int,
        is_known: Callable[[str], bool],
        room: int = ROOM_BYTES,
        sender: Callable[[Environ], str | None] = lambda _: None,
    ) -> None:
        self._most = most
        self._is_known = is_known
        self._room = room
        self._sender = sender
        self._owners: Counter[str] = Counter()
        self._numbers = count()
        self._guard = threading.Lock()
        self._begun: dict[int, float] = {}
        # From where those of them come that ask for a token.
        self._asking: dict[int, str | None] = {}

    def oldest_seconds(self) -> float | None:
        """How long the body that is read longest is awaited; None where none is."""
        with self._guard:
            began = min(self._begun.values(), default=None)
        return None if began is None else time.monotonic() - began

    @contextmanager
    def read(self, environ: Environ) -> Iterator[None]:
        """Read the request's body to its end, and keep its room as long as the block lasts.

        Raises Unacceptable where too many are read already, where the body breaks off, and where
        its length is not told: the server would not tell then that it broke off.
        """
        if environ.get("HTTP_TRANSFER_ENCODING"):
            raise _refused(ErrorCode.LENGTH)
        length, is_open = _length(environ), environ.get("PATH_INFO") == TOKEN_PATH
        if length == 0 or length > (CHUNK_BYTES - 1 if is_open else OTHER_BYTES):
            # The application refuses by the header what is too long.
            yield
            return
        owner, held = token_in(environ.get("HTTP_AUTHORIZATION", "")), [0]
        try:
            with self._place_to_ask(environ) if is_open else self._place(owner):
                body = self._joined(environ["wsgi.input"], length, owner, held)
            if len(body) < length:
                raise _refused(ErrorCode.SLOW_BODY)
            environ["wsgi.input"] = BytesIO(body)
            yield
        finally:
            if held[0]:
                with self._guard:
                    self._room += held[0]

    @contextmanager
    def _place_to_ask(self, environ: Environ) -> Iterator[None]:
        """One of the places for who asks for a token, which others do not take."""
        number, address = next(self._numbers), self._sender(environ)
        # One customer has a whole network of IPv6.
        sender = None if address is None else network_of(address)
        with self._guard:
            own = sum(one == sender for one in self._asking.values())
            has_share = sender is None or own < TOKEN_PLACES // 4
            if len(self._asking) >= TOKEN_PLACES or not has_share:
                raise _refused(ErrorCode.OVERLOADED)
            self._asking[number] = sender
            self._begun[number] = time.monotonic()
        try:
            yield
        finally:
            with self._guard:
                del self._begun[number]
                del self._asking[number]

    @contextmanager
    def _place(self, owner: str) -> Iterator[None]:
        """A place among those that are read."""
        number = next(self._numbers)
        if not self._takes(number, owner, is_known=False):
            self._require_known(owner)
            if not self._takes(number, owner, is_known=True):
                raise _refused(ErrorCode.OVERLOADED)
        try:
            yield
        finally:
            with self._guard:
                del self._begun[number]
                self._owners[owner] -= 1
                if not self._owners[owner]:
                    del self._owners[owner]

    def _takes(self, number: int, owner: str, *, is_known: bool) -> bool:
        """Take a place, if there is one for such a one; raises Unacceptable if for nobody."""
        with self._guard:
            taken = len(self._begun) - len(self._asking)
            if taken >= self._most:
                raise _refused(ErrorCode.OVERLOADED)
            has_share = is_known and self._owners[owner] < max(1, self._most // 4)
            if taken >= self._most // 2 and not has_share:
                return False
            self._begun[number] = time.monotonic()
            self._owners[owner] += 1
            return True

    def _require_known(self, owner: str) -> None:
        if not owner or not self._is_known(owner):
            raise _refused(ErrorCode.LOGIN)

    def _joined(self, stream: Any, length: int, owner: str, held: list[int]) -> bytes:
        """The body, in chunks; a short one is the last."""
        body: bytes = stream.read(CHUNK_BYTES)
        last = len(body)
        if last < CHUNK_BYTES or length == CHUNK_BYTES:
            return body
        self._require_known(owner)
        parts = [body]
        while last == CHUNK_BYTES:
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


def _length(environ: Environ) -> int:
    """How long the body is going to be; 0 without one."""
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() and text.isascii() else 0


def _refused(error: ErrorCode) -> Unacceptable:
    return Unacceptable(Issue(error, error.entry.meaning))
