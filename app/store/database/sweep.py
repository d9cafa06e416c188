"""Clears a database's files of what was deleted, as far as the database itself can.

Docs: docs/nullify.md, "The files".
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, text

# Where content, or what was told of it, has been.
_SWEPT = ("resource_version", "business_identifier", "submission", "reissue", "decision")
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
).bindparams(bindparam("names", _SWEPT, expanding=True))


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
    if alone.execute(_OLDER, {"since": since}).scalar_one():
        return False
    # Large tables take longer than any statement of a request may.
    alone.exec_driver_sql("SET statement_timeout = 0")
    try:
        alone.exec_driver_sql(f"VACUUM {', '.join(_SWEPT)}")
    finally:
        alone.exec_driver_sql("RESET statement_timeout")
    return True
