"""A way to PostgreSQL that loses its line at the moment of a COMMIT."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

_COMMIT = b"COMMIT\x00"
_CHUNK = 65_536


class Loss(StrEnum):
    """What is lost with the line: the COMMIT itself, or its answer."""

    COMMIT = "commit"
    ANSWER = "answer"


@dataclass
class Wiretap:
    """Listens on loopback and passes everything on to a server's Unix socket, until told to cut.

    The client cannot tell the two losses apart: its COMMIT was sent, and nothing came back.
    """

    server: Path
    cuts: int = 0
    is_away: bool = False
    _skipped: int = 0
    _loss: Loss | None = None
    _lines: list[socket.socket] = field(default_factory=list)
    _mute: set[socket.socket] = field(default_factory=set)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen; nothing is lost yet."""
        self._guard = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        """Where it listens."""
        found: int = self._listener.getsockname()[1]
        return found

    def cut_at(self, commit: int, loss: Loss) -> None:
        """Lose the line at the so-manieth COMMIT from now, counted over all connections."""
        with self._guard:
            self._skipped, self._loss = commit, loss

    def go_away(self) -> None:
        """Lose every line and take no other, as a server that is down."""
        self.is_away = True
        _end(*self._lines)

    def come_back(self) -> None:
        """Take lines again."""
        self.is_away = False

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._begin(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every line."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        _end(*self._lines)
        for thread in self._threads:
            thread.join()
        for line in self._lines:
            line.close()

    def _begin(self, target, *arguments) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            self._lines += [client, server]
            if self.is_away or server.connect_ex(str(self.server)):
                _end(client)
                continue
            self._begin(self._answers, server, client)
            self._begin(self._questions, client, server)

    def _questions(self, client: socket.socket, server: socket.socket) -> None:
        while data := _received(client):
            loss = self._due() if _COMMIT in data else None
            if loss is Loss.ANSWER:
                # The server commits and then finds its client gone; only then is the line lost.
                self._mute.add(server)
                _send(server, data)
                _half_end(server)
                return
            if loss is Loss.COMMIT:
                break
            if not _send(server, data):
                break
        _end(server)

    def _due(self) -> Loss | None:
        with self._guard:
            if self._loss is None:
                return None
            self._skipped -= 1
            if self._skipped:
                return None
            loss, self._loss = self._loss, None
            self.cuts += 1
            return loss

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        while data := _received(server):
            if server not in self._mute:
                _send(client, data)
        _end(client)


def socket_of(url: str) -> Path:
    """The Unix socket behind the URL of a test's database."""
    (folder,) = parse_qs(urlsplit(url).query)["host"]
    return Path(folder) / ".s.PGSQL.5432"


def through(wiretap: Wiretap, url: str) -> str:
    """The URL of the same database by way of the wiretap."""
    parts = urlsplit(url)
    user = parts.netloc.partition("@")[0]
    return f"{parts.scheme}://{user}@127.0.0.1:{wiretap.port}{parts.path}?sslmode=disable"


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(_CHUNK)
    except OSError:
        return b""


def _send(line: socket.socket, data: bytes) -> bool:
    try:
        line.sendall(data)
    except OSError:
        return False
    return True


def _half_end(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)


def _end(*lines: socket.socket) -> None:
    for line in lines:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
