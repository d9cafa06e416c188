"""A connection to an address that was looked at first, whatever its name means a moment later."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from urllib3.connection import HTTPConnection, HTTPSConnection

from app.outbound import addresses
from app.outbound.faults import Reason, Unreachable
from app.outbound.origins import Origin

CONNECT_SECONDS = 3.0
# Of a name with more addresses the others are left alone.
_MOST_ADDRESSES = 4
_LEAST_SECONDS = 0.001

Resolve = Callable[[str], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]


def resolved(name: str) -> Sequence[str]:
    """The addresses that this machine's resolver has for a name. Raises OSError."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def connected(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an address, which is no name. Raises OSError."""
    return socket.create_connection((address, port), timeout=seconds)


@cache
def trusted() -> ssl.SSLContext:
    """What certificates are checked by: this machine's authorities, TLS 1.2 or newer."""
    # Not ssl.create_default_context: that writes the keys of sessions where SSLKEYLOGFILE says so.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    return context


@dataclass(frozen=True, slots=True)
class Guard:
    """What a call may reach: no setting and no variable says more than which authorities count.

    `allowed` are networks that may be reached though they are not public, `plain` allows http; both
    are for tests and for nobody else. `ports` are those that may be called.
    """

    ports: frozenset[int] = frozenset({443})
    allowed: tuple[addresses.Network, ...] = ()
    plain: bool = False
    resolve: Resolve = resolved
    connect: Connect = connected
    trust: ssl.SSLContext = field(default_factory=trusted)

    def require(self, origin: Origin) -> None:
        """Pass for an origin whose scheme and port may be called. Raises Unreachable."""
        schemes = {"https", "http"} if self.plain else {"https"}
        if origin.scheme not in schemes or origin.port not in self.ports:
            raise Unreachable(Reason.URL)

    def addresses_of(self, origin: Origin, seconds: float) -> list[str]:
        """The addresses to connect to, each looked at; one that is forbidden forbids all.

        Raises Unreachable.
        """
        if origin.address is not None:
            found: Sequence[str] = [origin.host]
        else:
            found = _within(seconds, self.resolve, origin.host)
        if not found:
            raise Unreachable(Reason.NAME)
        if not all(self._may_reach(one) for one in found):
            raise Unreachable(Reason.FORBIDDEN_ADDRESS)
        return list(found[:_MOST_ADDRESSES])

    def _may_reach(self, text: str) -> bool:
        address = addresses.read(text)
        if address is None:
            return False
        is_allowed = any(address.version == one.version and address in one for one in self.allowed)
        return is_allowed or addresses.is_public(address)


def _within(seconds: float, resolve: Resolve, name: str) -> Sequence[str]:
    """What a name means; the system's resolver takes as long as it likes, so it is not waited for.

    Raises Unreachable.
    """
    found: list[Sequence[str]] = []

    def ask() -> None:
        try:
            found.append(resolve(name))
        except (OSError, UnicodeError):
            found.append(())

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(seconds)
    if not found:
        raise Unreachable(Reason.TIMEOUT)
    return found[0]


class Deadline:
    """An instant after which a connection is ended, whatever it is in the middle of.

    Time-outs of a socket begin anew with each byte: a server that sends one a second has no end.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._timer: threading.Timer | None = None
        self._first: socket.socket | None = None
        self._held: socket.socket | None = None

    @property
    def left(self) -> float:
        """Seconds that are left; never none, which would mean "no time-out"."""
        return max(_LEAST_SECONDS, self._until - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self._until

    def holds(self, connection: socket.socket) -> None:
        """End this connection when the time comes."""
        self._first = connection
        # A second handle on the connection: TLS takes the first one apart.
        self._held = connection.dup()
        self._timer = threading.Timer(self.left, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """Let go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        for handle in (self._first, self._held):
            if handle is not None:
                handle.close()

    def _cut(self) -> None:
        if self._held is None:
            return
        try:
            self._held.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The other side was quicker.
            return


def opened(origin: Origin, guard: Guard, deadline: Deadline) -> HTTPConnection:
    """A connection to an origin, not yet used. Raises Unreachable, and OSError."""
    guard.require(origin)
    found = guard.addresses_of(origin, deadline.left)
    connection = _connect(found, origin.port, guard, deadline)
    deadline.holds(connection)
    if origin.scheme == "http":
        return _Plain(origin, connection, deadline)
    return _Secured(origin, connection, deadline, guard.trust)


def _connect(found: Sequence[str], port: int, guard: Guard, deadline: Deadline) -> socket.socket:
    for address in found:
        try:
            return guard.connect(address, port, min(CONNECT_SECONDS, deadline.left))
        except OSError:
            if deadline.is_over:
                break
    raise Unreachable(Reason.TIMEOUT if deadline.is_over else Reason.CONNECTION)


class _Plain(HTTPConnection):
    """HTTP on a connection that is there."""

    def __init__(self, origin: Origin, connection: socket.socket, deadline: Deadline) -> None:
        super().__init__(origin.host, origin.port, timeout=deadline.left)
        self._there = connection

    def _new_conn(self) -> socket.socket:
        return self._there


class _Secured(HTTPSConnection):
    """The same with TLS: the name is asked for, and its certificate checked by that name."""

    def __init__(
        self, origin: Origin, connection: socket.socket, deadline: Deadline, trust: ssl.SSLContext
    ) -> None:
        super().__init__(origin.host, origin.port, timeout=deadline.left, ssl_context=trust)
        self._there = connection

    def _new_conn(self) -> socket.socket:
        return self._there
