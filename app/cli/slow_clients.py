"""Ends the connections of clients that do not finish what they send.

The server reads a body with no limit of time, in a thread that waits for it, and tells nobody which
connection that is. But the kernel knows which connections of the port have been sending since we
last answered them. While a body is overdue, those that have done so for as long are shut for
reading: the body then ends short, and the thread goes on.

A request whose answer takes as long as a body may take loses its connection too, if it is so
unlucky as to be worked on while a body is overdue; its effect is there, as after any lost answer.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OPEN_FILES = Path("/proc/self/fd")
_LOOKS_IN_A_LIMIT = 20
_LONGEST_PAUSE_SECONDS = 1.0
# struct tcp_info of linux/tcp.h: state; tcpi_last_data_sent and tcpi_last_data_recv, milliseconds
# ago; tcpi_bytes_acked.
_STATE, _SENT, _RECEIVED, _ACKED = 0, 44, 52, 120
_INFO_BYTES = 128
_ESTABLISHED = 1


class SlowClients:
    """Looks after the connections of one port of this process.

    `oldest_seconds` tells how long the oldest body is awaited, None where none is.
    """

    def __init__(
        self, port: int, limit_seconds: float, oldest_seconds: Callable[[], float | None]
    ) -> None:
        self._port = port
        self._limit = limit_seconds
        self._oldest_seconds = oldest_seconds
        # Since when each connection sends, by its socket and how much it was answered before.
        self._sending: dict[tuple[int, int], float] = {}

    def start(self) -> None:
        """Look from now on, in a thread that ends with the process."""
        threading.Thread(target=self._look_on, name="slow clients", daemon=True).start()

    def look(self) -> int:
        """End what is overdue; how many connections that were."""
        oldest = self._oldest_seconds()
        if oldest is None:
            self._sending.clear()
            return 0
        now, ended = time.monotonic(), 0
        sending: dict[tuple[int, int], float] = {}
        for connection in _connections(self._port):
            with connection:
                key = _sends(connection)
                if key is None:
                    continue
                sending[key] = self._sending.get(key, now)
                if oldest >= self._limit and now - sending[key] >= self._limit:
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RD)
                    ended += 1
        self._sending = sending
        return ended

    def _look_on(self) -> None:
        pause = min(self._limit / _LOOKS_IN_A_LIMIT, _LONGEST_PAUSE_SECONDS)
        while True:
            time.sleep(pause)
            self.look()


def _connections(port: int) -> Iterator[socket.socket]:
    """The connections of this process whose own end is the port, each on a descriptor of ours."""
    for name in os.listdir(_OPEN_FILES):  # noqa: PTH208  numbers, and no paths
        try:
            if not str((_OPEN_FILES / name).readlink()).startswith("socket:"):
                continue
            # Our own descriptor: theirs may be closed, and its number be another's, at any moment.
            duplicate = os.dup(int(name))
        except OSError:
            continue
        if not stat.S_ISSOCK(os.fstat(duplicate).st_mode):
            # Its number became a file's just now. Never closed: to close any descriptor of a file
            # gives up all locks of this process on it, and SQLite's file is then corrupted.
            continue
        found = socket.socket(fileno=duplicate)
        if _is_of(found, port):
            yield found
        else:
            found.close()


def _is_of(found: socket.socket, port: int) -> bool:
    try:
        is_tcp = found.family in {socket.AF_INET, socket.AF_INET6}
        return is_tcp and found.type == socket.SOCK_STREAM and found.getsockname()[1] == port
    except OSError:
        return False


def _sends(connection: socket.socket) -> tuple[int, int] | None:
    """What names a connection on which more came in since the last answer; None for another."""
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        inode = os.fstat(connection.fileno()).st_ino
    except OSError:
        return None
    if len(info) < _INFO_BYTES or info[_STATE] != _ESTABLISHED:
        return None
    (sent,) = struct.unpack_from("=I", info, _SENT)
    (received,) = struct.unpack_from("=I", info, _RECEIVED)
    (acked,) = struct.unpack_from("=Q", info, _ACKED)
    return (inode, acked) if received <= sent else None
