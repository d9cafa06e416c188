"""Clears the files of a database of what was deleted from it, as far as the database lets anybody.

Docs: docs/nullify.md says what this can promise on each database.
"""

from typing import Any

from sqlalchemy import Connection, text

_CHECKPOINT_MILLISECONDS = 250

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


def is_log_empty(driver: Any, busy_milliseconds: int) -> bool:
    """Empty the log of SQLite, which overwrites what it deletes; False while somebody reads it.

    `busy_milliseconds` is what the connection waits for others at other times.
    """
    # Nobody writes while this waits for those who read, so it does not wait long.
    driver.execute(f"PRAGMA busy_timeout={_CHECKPOINT_MILLISECONDS}")
    try:
        busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        driver.execute(f"PRAGMA busy_timeout={busy_milliseconds}")
    return not busy


def is_vacuumed(connection: Connection, payer_id: str, task_id: str) -> bool:
    """Vacuum what a Task purged on PostgreSQL; False while an older transaction may see it.

    What its pages held may stay in their free space until it is overwritten.
    """
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    if alone.execute(_OLDER_VIEWS, {"payer_id": payer_id, "task_id": task_id}).scalar_one():
        return False
    # Large tables take longer than any statement of a request may.
    alone.exec_driver_sql("SET statement_timeout = 0")
    try:
        alone.exec_driver_sql(f"VACUUM {', '.join(_SWEPT)}")
    finally:
        alone.exec_driver_sql("RESET statement_timeout")
    return True
