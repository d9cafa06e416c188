"""Servers on this machine that a call may meet: one that only counts, one that answers as told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

LONGEST_SECONDS = 20.0


class Sink:
    """Counts who connects, on IPv4 and on IPv6, and says nothing. Both have the same port."""

    def __init__(self) -> None:
        self._four = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._four.getsockname()[1]
        self._six = socket.create_server(("::1", self.port), family=socket.AF_INET6)
        self._listening = (self._four, self._six)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._listening:
            each.close()

    def connections(self) -> int:
        """How many have connected since this was asked last; the kernel keeps them until then."""
        found = 0
        for each in self._listening:
            each.setblocking(False)
            while True:
                try:
                    connection, _ = each.accept()
                except BlockingIOError:
                    break
                connection.close()
                found += 1
        return found


class Answering:
    """A server that sends these pieces to whoever asks, one after the other, then closes.

    `asked` is what it was sent, one text for each connection. A piece may be a function that waits.
    """

    def __init__(
        self, pieces: Iterable[bytes | Callable[[], bytes]], trust: ssl.SSLContext | None
    ) -> None:
        self._pieces = list(pieces)
        self._trust = trust
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.asked: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="answering")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        # Wakes whoever waits for a connection.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the server is wanted."""
        self._ended.wait(seconds)

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(LONGEST_SECONDS)
        try:
            if self._trust is None:
                self._talk(connection)
                return
            with self._trust.wrap_socket(connection, server_side=True) as secured:
                self._talk(secured)
        except OSError:
            # Whoever asked has gone, which is what some of them are meant to do.
            return

    def _talk(self, connection: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            more = connection.recv(4096)
            if not more:
                return
            asked += more
        self.asked.append(asked.decode("latin-1"))
        for piece in self._pieces:
            connection.sendall(piece if isinstance(piece, bytes) else piece())


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer as it stands on the wire."""
    told = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {told}", *headers])
    return head.encode("latin-1") + b"\r\n\r\n" + body
