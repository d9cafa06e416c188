"""Copies of a PostgreSQL database by its own programs, pg_dump and pg_restore.

https://www.postgresql.org/docs/current/app-pgdump.html
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL

from app.store.backups.manifest import WRAPPING_KEYS, Contents, NoBackup, synced

# Restored rows are not to be served before they are as they should be.
_REVISIONS = "alembic_version"
# The rows of every payer, through the walls and not past them: who may pass them is a superuser.
_EVERYBODYS = "-c app.payer=* -c app.submitter=*"
_UNHURRIED = (
    f"-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c timezone=UTC {_EVERYBODYS}"
)
_REVISION_ROWS = re.compile(rf" TABLE DATA \S+ {_REVISIONS} ")
_MAJOR = re.compile(r"\(PostgreSQL\) (\d+)")
_DUMPED = re.compile(r"pg_dump: dumping contents of table")
# Of what the programs say, what cannot quote a row.
_TELLABLE = re.compile(
    r"permission denied[^:]*|must be owner of \w+|could not connect.*|connection to server.*"
    r"|No space left on device|lock.timeout|server version mismatch"
)

Told = Callable[[int, int], None]


class ProgramMissing(Exception):
    """A program of PostgreSQL is not there, or too old; the message says which, and what to do."""


class ProgramFailed(Exception):
    """A program of PostgreSQL ended with an error; the message has no content of rows."""


class NotEmpty(Exception):
    """There are tables in the database already."""


class InUse(Exception):
    """Somebody else is connected to the database."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs in `folder`, or those that the PATH leads to."""

    folder: Path | None = None

    def require(self, name: str, server: int) -> str:
        """Where a program is, not older than the server; raises ProgramMissing."""
        found = shutil.which(name, path=None if self.folder is None else str(self.folder))
        advice = "install PostgreSQL's client programs, or name their folder with --programs"
        if found is None:
            raise ProgramMissing(f"{name} was not found: {advice}")
        told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)  # noqa: S603  found above
        version = _MAJOR.search(told.stdout)
        if version is None:
            raise ProgramMissing(f"{found} does not tell its version: {advice}")
        if int(version[1]) < server:
            text = f"{found} is of version {version[1]}, the server of {server}"
            raise ProgramMissing(f"{text}: {advice} of version {server} or newer")
        return found


def dump(url: URL, target: Path, programs: Programs, told: Told) -> Contents:
    """Write what was committed as this began to a new file; nobody is kept from writing.

    Raises ProgramMissing, ProgramFailed.
    """
    with psycopg.connect(**_unhurried(url)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        program = programs.require("pg_dump", _major(connection))
        snapshot = _one(connection, sql.SQL("SELECT pg_export_snapshot()"))
        contents = _contents(connection)
        _run(
            [
                *(program, "--format=custom", "--no-owner", "--no-privileges", "--verbose"),
                "--enable-row-security",
                *(f"--snapshot={snapshot}", "--lock-wait-timeout=60000", f"--file={target}"),
                f"--dbname={_spelled(url)}",
            ],
            url,
            told=_counting(told, len(contents.rows)),
        )
    synced(target)
    return contents


def require_sound(file: Path, programs: Programs) -> None:
    """Read a dump from one end to the other; raises NoBackup, ProgramMissing."""
    program = programs.require("pg_restore", 0)
    try:
        _run([program, f"--file={os.devnull}", str(file)], None)
    except ProgramFailed:
        raise NoBackup(f"{file} is damaged") from None


def require_room(url: URL, *, replaces: bool) -> None:
    """Pass where a backup may be restored: nobody else is there, and no table or it may go.

    Raises InUse, NotEmpty.
    """
    with psycopg.connect(**_unhurried(url)) as connection:
        others = sql.SQL(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND (backend_type = 'client backend'"
            # So it is of other roles' sessions for one that may not read statistics.
            " OR (backend_type IS NULL AND usesysid IS NOT NULL))"
        )
        if _one(connection, others):
            raise InUse
        if _tables(connection) and not replaces:
            raise NotEmpty


def restore(url: URL, file: Path, programs: Programs, *, replaces: bool) -> Contents:
    """Let the database hold what the file does, in one transaction, but without a revision.

    So nothing works with it until `schema.tell` gives it one. Raises ProgramMissing,
    ProgramFailed, and then nothing was changed.
    """
    with psycopg.connect(**_unhurried(url)) as connection:
        program = programs.require("pg_restore", _major(connection))
    with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
        listed = _run([program, "--list", str(file)], None)
        lines = listed.splitlines(keepends=True)
        wanted.writelines(line for line in lines if not _REVISION_ROWS.search(line))
        wanted.flush()
        _run(
            [
                *(program, "--single-transaction", "--exit-on-error"),
                *("--no-owner", "--no-privileges"),
                *(("--clean", "--if-exists") if replaces else ()),
                *(f"--use-list={wanted.name}", f"--dbname={_spelled(url)}", str(file)),
            ],
            url,
        )
    with psycopg.connect(**_unhurried(url)) as connection:
        return _contents(connection)


def _contents(connection: psycopg.Connection[Any]) -> Contents:
    rows = {}
    for name in _tables(connection):
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
        rows[name] = int(_one(connection, query))
    rows.pop(_REVISIONS, None)
    revision = _one(connection, sql.SQL("SELECT max(version_num) FROM alembic_version"))
    checks = connection.execute("SELECT id, key_check FROM payer ORDER BY id").fetchall()
    keys = connection.execute(WRAPPING_KEYS).fetchall() if "data_key" in rows else ()
    return Contents(str(revision or ""), rows, dict(checks), tuple(key for (key,) in keys))


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    return [name for (name,) in connection.execute(query)]


def _one(connection: psycopg.Connection[Any], query: sql.SQL | sql.Composed) -> Any:
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]


def _major(connection: psycopg.Connection[Any]) -> int:
    return connection.info.server_version // 10_000


def _place(url: URL) -> dict[str, Any]:
    """The database's address as the driver takes it."""
    place = url.translate_connect_args(database="dbname", username="user")
    return {**place, **{name: str(value) for name, value in url.query.items()}}


def _unhurried(url: URL) -> dict[str, Any]:
    return _with_options(url, _UNHURRIED)


def _with_options(url: URL, options: str) -> dict[str, Any]:
    place = _place(url)
    return {**place, "options": f"{place.get('options', '')} {options}".strip()}


def _spelled(url: URL) -> str:
    """The address for a program's arguments, which everybody on the machine may read."""
    return psycopg.conninfo.make_conninfo(**{**_with_options(url, _EVERYBODYS), "password": None})


def _counting(told: Told, tables: int) -> Callable[[str], None]:
    done = 0

    def count(line: str) -> None:
        nonlocal done
        if _DUMPED.match(line):
            done += 1
            told(min(done, tables), tables)

    return count


def _run(words: list[str], url: URL | None, told: Callable[[str], None] | None = None) -> str:
    """Run a program to its end; what it printed. Raises ProgramFailed."""
    secret = {} if url is None or url.password is None else {"PGPASSWORD": str(url.password)}
    with (
        tempfile.TemporaryFile("w+") as printed,
        subprocess.Popen(  # noqa: S603  the program was found by its name, the words are ours
            words,
            env={**os.environ, **secret, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
            umask=0o077,
        ) as program,
    ):
        reasons = []
        try:
            for line in program.stderr or ():
                reasons += [one[0] for one in _TELLABLE.finditer(line)]
                if told is not None:
                    told(line)
            program.wait()
        except BaseException:
            # Its end is waited for, and it would go on to its own.
            program.terminate()
            raise
        if program.returncode != 0:
            why = f": {reasons[0].strip()}" if reasons else ""
            raise ProgramFailed(f"{Path(words[0]).name} ended with code {program.returncode}{why}")
        printed.seek(0)
        return printed.read()
