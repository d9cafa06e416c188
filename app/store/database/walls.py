"""The second wall: what PostgreSQL itself lets a transaction see, whatever its statements say.

Each transaction tells the database for whom it is, `app.payer` and `app.submitter`, with its BEGIN:
one round trip, as before. Policies on every table with a payer hold rows against that, also for
the tables' owner. What tells nothing sees nothing. SQLite has no such thing.

Docs: docs/adr/0027-a-second-wall-in-postgresql.md.
https://www.postgresql.org/docs/current/ddl-rowsecurity.html
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import sql
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from app.domain.parties import Scope
from app.store.database.questions import named

_OPTION = "eclaims_wall"
_IDLE = TransactionStatus.IDLE
_ISOLATION = "eclaims_isolation"
# No id of ours: they are UUIDs.
_ALL = "*"


@dataclass(frozen=True, slots=True)
class Wall:
    """For whom a transaction is: a payer, and a submitter of it."""

    payer: str
    submitter: str

    @property
    def is_open(self) -> bool:
        """Whether it keeps no submitter's rows from another's."""
        return self.submitter == _ALL


# For what works for all payers: jobs, an operator's commands, and finding out who asks.
EVERYBODY = Wall(_ALL, _ALL)
_NOBODY = Wall("", "")


def around(scope: Scope) -> Wall:
    """The wall of one scope; the payer's own side sees all of its submitters."""
    return Wall(scope.payer_id, _ALL if scope.submitter_id is None else scope.submitter_id)


def reading() -> Mapping[str, Any]:
    """The options of an engine whose transactions see one instant."""
    return {_ISOLATION: "REPEATABLE READ"}


def behind(connection: Connection, wall: Wall) -> Connection:
    """The connection, whose transactions from now on are for these."""
    return connection.execution_options(**{_OPTION: wall})


def begin(connection: Connection) -> None:
    """Begin a transaction on PostgreSQL, and say for whom it is. Raises DBAPIError."""
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        # Somebody asked for none: what is vacuumed, or built beside others.
        return
    raw: Any = connection.connection.dbapi_connection
    if raw.info.transaction_status != _IDLE:
        # Whoever began it past SQLAlchemy has said for whom.
        return
    told = _told(options.get(_OPTION, _NOBODY))
    if raw.autocommit:
        isolation = options.get(_ISOLATION, "READ COMMITTED")
        told = f"BEGIN ISOLATION LEVEL {isolation}; {told}"
    _tell(connection, told)


@contextmanager
def for_one_statement(connection: Connection, wall: Wall) -> Iterator[None]:
    """A transaction of the driver's alone, for these, committed: it costs less. Raises DBAPIError.

    Never said of the session: a pooler would give that to somebody else.
    """
    _tell(connection, f"BEGIN; {_told(wall)}")
    # Where this raises, the pool undoes what was begun.
    yield
    # Not COMMIT, by which those that watch the line know that something was written.
    _tell(connection, "END")


def open_to_the_payer(connection: Connection) -> None:
    """From now on the transaction sees the rows of all submitters of its payer."""
    wall = connection.get_execution_options().get(_OPTION, EVERYBODY)
    if connection.dialect.name == "postgresql" and not wall.is_open:
        _tell(connection, _told(Wall(wall.payer, _ALL)))


@lru_cache(1000)
def _told(wall: Wall) -> str:
    payer, submitter = (sql.Literal(one).as_string(None) for one in (wall.payer, wall.submitter))
    return f"SET LOCAL app.payer = {payer}; SET LOCAL app.submitter = {submitter}"


def _tell(connection: Connection, told: str) -> None:
    # Past SQLAlchemy and unprepared: the driver takes several statements only without values.
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute(told, prepare=False)
    except connection.dialect.loaded_dbapi.Error as error:
        raise named(connection, told, error, cursor) from error
    finally:
        cursor.close()
