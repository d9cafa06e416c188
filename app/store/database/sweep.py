"""Clears a database's files of what was deleted, as far as the database itself can.

Docs: docs/nullify.md, "The files".
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import DBAPIError

# Where content, or what was told of it, has been.
_SWEPT = (
    "resource_version",
    "business_identifier",
    "submission",
    "reissue",
    "decision",
    "search_string",
    "search_date",
    "search_number",
)
# Whose absence makes all text unreadable: rewritten as a whole while that takes nobody long, for a
# page keeps what was deleted from it.
_KEYS = "data_key"
_MOST_BYTES_REWRITTEN = 2 * 1024 * 1024
# Whoever comes meanwhile waits, too: so the wait for the table is short.
_REWRITE_LOCK_TIMEOUT = "300ms"
_LOCKED = "55P03"
# Whoever began before may still see, or be about to write, something of what was deleted.
_OLDER = text(
    "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    " AND datname = current_database() AND backend_type = 'client backend'"
    " AND xact_start < :since"
)
# To vacuum a table of another owner is no fault to PostgreSQL: it warns, and does nothing.
_NOT_OWNED = text(
    "SELECT count(*) FROM pg_class WHERE relname IN :names AND pg_table_is_visible(oid)"
    " AND NOT pg_has_role(relowner, 'MEMBER')"
).bindparams(bindparam("names", (*_SWEPT, _KEYS), expanding=True))


class NotOwner(Exception):
    """The database user does not own the tables, and so cannot clear them."""


def is_log_empty(connection: Connection, busy_milliseconds: int) -> bool:
    """Empty the log of a SQLite database; False while a reader still needs it.

    `busy_milliseconds` is what the connection otherwise waits for a lock.
    """
    # Past SQLAlchemy, which would begin a transaction: within one nothing is checkpointed.
    cursor = connection.connection.cursor()
    # Nobody writes meanwhile: while others read it is given up at once, and tried again later.
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout={busy_milliseconds}")
        cursor.close()
    return not busy


def is_vacuumed(connection: Connection, since: datetime) -> bool:
    """Vacuum PostgreSQL; False while a transaction runs that began before `since`.

    `since` is by the database's own clock. Raises NotOwner.
    """
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    if alone.execute(_NOT_OWNED).scalar_one():
        raise NotOwner
    if has_older(alone, since):
        return False
    # Large tables take longer than any statement of a request may.
    alone.exec_driver_sql("SET statement_timeout = 0")
    try:
        alone.exec_driver_sql(f"VACUUM {', '.join(_SWEPT)}")
        return _are_keys_rewritten(alone)
    finally:
        alone.exec_driver_sql("RESET statement_timeout")


def has_older(connection: Connection, since: datetime) -> bool:
    """Whether a transaction of PostgreSQL runs that began before an instant of its own clock."""
    return bool(connection.execute(_OLDER, {"since": since}).scalar_one())


def _are_keys_rewritten(alone: Connection) -> bool:
    """Write the table of keys anew; False where somebody holds it. Large, it is vacuumed."""
    size = alone.exec_driver_sql(f"SELECT pg_table_size('{_KEYS}')").scalar_one()
    if size > _MOST_BYTES_REWRITTEN:
        alone.exec_driver_sql(f"VACUUM {_KEYS}")
        return True
    alone.exec_driver_sql(f"SET lock_timeout = '{_REWRITE_LOCK_TIMEOUT}'")
    try:
        alone.exec_driver_sql(f"VACUUM (FULL) {_KEYS}")
    except DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", None) != _LOCKED:
            raise
        return False
    finally:
        alone.exec_driver_sql("RESET lock_timeout")
    return True
