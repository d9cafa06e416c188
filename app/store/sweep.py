"""Clears a database's files of what was deleted, as far as the database itself can.

Docs: docs/nullify.md, "The files".
"""

from sqlalchemy import Connection, bindparam, text

# Where content, or what was told of it, has been.
_SWEPT = ("resource_version", "business_identifier", "submission", "reissue")
# Whoever has a snapshot that is not newer than the purge may still see the rows that it deleted.
# Told by the numbers of transactions, for the clock of the database may differ from ours.
_OLDER_VIEWS = text(
    "SELECT count(*) FROM pg_stat_activity, (SELECT max(age(xmin)) AS since FROM tombstone"
    " WHERE payer_id = :payer_id AND task_id = :task_id) AS purge"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    " AND age(backend_xmin) >= purge.since"
)
# Nobody writes while the log waits for those who read, so it does not wait long.
_CHECKPOINT_MILLISECONDS = 100
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
    cursor.execute(f"PRAGMA busy_timeout={_CHECKPOINT_MILLISECONDS}")
    try:
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout={busy_milliseconds}")
        cursor.close()
    return not busy


def is_vacuumed(connection: Connection, payer_id: str, task_id: str) -> bool:
    """Vacuum PostgreSQL of what a Task purged; False while anybody may still see it.

    Raises NotOwner.
    """
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    if alone.execute(_NOT_OWNED).scalar_one():
        raise NotOwner
    if alone.execute(_OLDER_VIEWS, {"payer_id": payer_id, "task_id": task_id}).scalar_one():
        return False
    # Large tables take longer than any statement of a request may.
    alone.exec_driver_sql("SET statement_timeout = 0")
    try:
        alone.exec_driver_sql(f"VACUUM {', '.join(_SWEPT)}")
    finally:
        alone.exec_driver_sql("RESET statement_timeout")
    return True
