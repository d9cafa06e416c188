"""Clears a database's files of what was deleted, as far as the database itself can.

Docs: docs/nullify.md, "The files".
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, text

_SWEPT = ("resource_version", "business_identifier", "submission")
# Transactions that began before something was deleted may still see it.
_OLDER_VIEWS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL"
    " AND pid <> pg_backend_pid() AND datname = current_database() AND xact_start < :since"
)
# To vacuum a table of another owner is no fault to PostgreSQL: it warns, and does nothing.
_NOT_OWNED = text(
    "SELECT count(*) FROM pg_class WHERE relname IN :names AND pg_table_is_visible(oid)"
    " AND NOT pg_has_role(relowner, 'MEMBER')"
).bindparams(bindparam("names", _SWEPT, expanding=True))


class NotOwner(Exception):
    """The database user does not own the tables, and so cannot clear them."""


def is_log_empty(connection: Connection) -> bool:
    """Empty the log of a SQLite database; False while a reader still needs it."""
    # Past SQLAlchemy, which would begin a transaction: within one nothing is checkpointed.
    cursor = connection.connection.cursor()
    try:
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        cursor.close()
    return not busy


def is_vacuumed(connection: Connection, since: datetime) -> bool:
    """Vacuum a PostgreSQL database; False while a transaction from before `since` runs.

    Raises NotOwner.
    """
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    if alone.execute(_NOT_OWNED).scalar_one():
        raise NotOwner
    if alone.execute(_OLDER_VIEWS, {"since": since}).scalar_one():
        return False
    # It takes as long as it takes, whatever a statement otherwise may.
    alone.exec_driver_sql("SET statement_timeout = 0")
    try:
        alone.exec_driver_sql(f"VACUUM {', '.join(_SWEPT)}")
    finally:
        alone.exec_driver_sql("RESET statement_timeout")
    return True
