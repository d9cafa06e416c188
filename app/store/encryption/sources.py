"""Where the keys that wrap others come from: a file, a variable, or a command of the operator's.

None of them is in the database, nor in a backup of it.
"""

import fcntl
import glob
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.store.encryption.ring import Ring, WrongKeys, read

_COMMAND_SECONDS = 10.0
# A command that asks a service is not run for every request that knows a key too little.
_SECONDS_BETWEEN_COMMANDS = 5.0
_OWNER_ONLY = 0o600

# What is another where the keys may be others.
Mark = object


class BeingChanged(Exception):
    """Somebody else changes the file of keys, or did meanwhile: it is left as it is."""


class Source(Protocol):
    """Tells the keys, and whether they may be others than they were."""

    def mark(self, *, is_wanted: bool) -> Mark:
        """Another one where the keys have to be read again; `is_wanted`: one was missed."""
        ...

    def read(self) -> Ring | None:
        """The keys; None where there are none, and text is not encrypted. Raises WrongKeys."""
        ...


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file of keys. Whoever changes it puts another in its place, so a look at it is enough."""

    path: Path

    def mark(self, *, is_wanted: bool) -> Mark:
        """What the file is now; None without one."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read(self) -> Ring | None:
        """The keys in the file; raises WrongKeys."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise WrongKeys(f"{self.path} cannot be read: {fault.strerror}") from None
        except UnicodeDecodeError:
            raise WrongKeys(f"{self.path} is no text") from None
        try:
            return read(text)
        except WrongKeys as fault:
            raise WrongKeys(f"{self.path} {fault}") from None

    @property
    def lock(self) -> Path:
        """The file that is locked by whoever changes this one."""
        return self.path.with_name(f"{self.path.name}.lock")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep out everybody else who would change the file, till the end of a process at most.

        Raises BeingChanged where somebody else is at it.
        """
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        try:
            _own_as(self.lock, self.path if self.path.exists() else self.path.absolute().parent)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BeingChanged from None
            yield
        finally:
            os.close(descriptor)

    def change(self, before: Ring | None, after: Ring) -> None:
        """Let the file hold other keys; raises BeingChanged where it does not hold `before`.

        Only for who is alone: keys that somebody else put there would be lost, with all they wrap.
        """
        if self.read() != before:
            raise BeingChanged
        # A killed command may have left one: with keys in it that are destroyed now.
        for left in self.path.absolute().parent.glob(f".{glob.escape(self.path.name)}-*"):
            left.unlink()
        self.write(after)

    def write(self, ring: Ring) -> None:
        """Let the file hold these keys, from one instant on; its owner's alone."""
        beside = self.path.with_name(f".{self.path.name}-{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(ring.written())
            handle.flush()
            os.fsync(handle.fileno())
        _own_as(beside, self.path if self.path.exists() else self.path.absolute().parent)
        beside.replace(self.path)
        folder = os.open(self.path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@dataclass(frozen=True, slots=True)
class Given:
    """Keys that were given to the process as it began."""

    text: str

    def mark(self, *, is_wanted: bool) -> Mark:
        """Always the same."""
        return self.text

    def read(self) -> Ring | None:
        """The keys; raises WrongKeys."""
        try:
            return read(self.text)
        except WrongKeys as fault:
            raise WrongKeys(f"ECLAIMS_ENCRYPTION_KEYS {fault}") from None


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A program that prints the keys, which it has from a key management service."""

    arguments: tuple[str, ...]
    monotonic: Callable[[], float] = time.monotonic

    def mark(self, *, is_wanted: bool) -> Mark:
        """Another one where a key was missed, a few seconds after the last time at the earliest."""
        return int(self.monotonic() / _SECONDS_BETWEEN_COMMANDS) if is_wanted else None

    def read(self) -> Ring | None:
        """The keys that the program prints; raises WrongKeys. What it says of a fault is shown."""
        program = self.arguments[0]
        try:
            told = subprocess.run(  # noqa: S603  the operator's own
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=_COMMAND_SECONDS,
                check=True,
            )
            return read(told.stdout.decode())
        except subprocess.CalledProcessError as fault:
            raise WrongKeys(f"{program} ended with exit code {fault.returncode}") from None
        except subprocess.TimeoutExpired:
            raise WrongKeys(f"{program} printed no keys within 10 seconds") from None
        except OSError as fault:
            raise WrongKeys(f"{program} cannot be run: {fault.strerror}") from None
        except UnicodeDecodeError:
            raise WrongKeys(f"{program} printed no text") from None
        except WrongKeys as fault:
            raise WrongKeys(f"what {program} prints {fault}") from None


def _own_as(file: Path, other: Path) -> None:
    """Let a file belong to whom another belongs to; only root can make something of another's."""
    if os.geteuid() == 0:
        owner = other.stat()
        os.chown(file, owner.st_uid, owner.st_gid)
