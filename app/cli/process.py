"""What a process is to its operating system: alone on its file, and gone with its parent."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from app.cli.options import Refusal

if TYPE_CHECKING:
    from app.settings import Settings

_SECONDS_TO_WAIT = 5.0
_SECONDS_BETWEEN = 0.05
_PR_SET_PDEATHSIG = 1


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


def _lock_path(settings: Settings) -> Path:
    return Path(settings.database.removeprefix("sqlite:///") + ".lock")


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
