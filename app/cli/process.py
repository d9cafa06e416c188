"""What a process is to its operating system: alone on its file, and gone with its parent."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import gc
import os
import signal
import socket
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from app.cli.options import Refusal

if TYPE_CHECKING:
    from app.settings import Settings

_SECONDS_TO_WAIT = 5.0
_SECONDS_BETWEEN = 0.05
_PR_SET_PDEATHSIG = 1


def keep_what_is_loaded() -> None:
    """Look no more for garbage among what is there by now: it lasts as long as the process.

    What a process loads is many times what one batch of Claims makes, and all of it would be gone
    through again and again.
    """
    gc.collect()
    gc.freeze()


def hold_the_file(settings: Settings) -> IO[str]:
    """Hold the SQLite file for this process until it ends, however it ends.

    Waits 5 s for one that is going, then refuses: two would each believe to be the only writer.
    Keep what is returned: the lock goes with it.
    """
    handle = _lock_path(settings).open("a")
    deadline = time.monotonic() + _SECONDS_TO_WAIT
    while not _locked(handle):
        if time.monotonic() > deadline:
            handle.close()
            raise Refusal(
                "Another `eclaims serve` or `eclaims work` runs on this SQLite file. "
                "Stop it first, or move to PostgreSQL for several processes."
            )
        time.sleep(_SECONDS_BETWEEN)
    return handle


def address_of(host: str) -> str:
    """The IP address that a host name means on this machine; the server knows no names."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refusal(f"The host {host!r} is not known on this machine.") from None
    # A name with addresses of both kinds, such as localhost, is reached by IPv4 from everywhere.
    found.sort(key=lambda each: each[0] != socket.AF_INET)
    return str(found[0][4][0])


def require_port(address: str, port: int) -> None:
    """Pass where nobody listens on the port; else refuse, after 5 s for one that is going.

    The server shares its port among its workers, and so with anybody: it would not notice.
    """
    deadline = time.monotonic() + _SECONDS_TO_WAIT
    while (fault := _listening_fault(address, port)) is not None:
        if fault.errno != errno.EADDRINUSE:
            raise Refusal(f"{address} port {port} cannot be listened on: {fault.strerror}.")
        if time.monotonic() > deadline:
            raise Refusal(f"Port {port} is in use. Stop what listens there, or name another port.")
        time.sleep(_SECONDS_BETWEEN)


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone.

    Without it, a killed parent leaves a child that goes on serving the port and the file.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    # The parent may have gone before the kernel was asked.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _listening_fault(address: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        # Connections of an earlier server that are still closing are no hindrance.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as fault:
            return fault
    return None


def _lock_path(settings: Settings) -> Path:
    return Path(f"{settings.file}.lock")


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
