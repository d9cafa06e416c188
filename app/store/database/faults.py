"""The database's faults by our names; their own texts may quote values and stay inside."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_RETRYABLE_STATES = {"40001", "40P01"}
_PASSING_STATES = {
    "08001",
    "25P03",
    "25P04",
    "57P05",
    "08003",
    "08006",
    "53300",
    "55P03",
    "57014",
    "57P01",
    "57P02",
    "57P03",
}
# What SQLite says while another process writes, while its disk or file cannot be had, and when a
# statement took too long.
_SQLITE_PASSING = ("locked", "readonly", "unable to open", "disk I/O", "interrupted")


_OF_KEYS = "fk_data_key_wrapping_id"


class Busy(Exception):
    """The database cannot serve this now; nothing was changed, a retry may succeed."""


class OldKey(Busy):
    """A key was wrapped under one that is destroyed: this process has the keys of before."""


class DiskFull(Exception):
    """The database has no room left; nothing was changed."""


class CommitUnknown(Exception):
    """The connection broke while committing: all of the change is there, or none."""


@contextmanager
def faults_named() -> Iterator[None]:
    """Give the database's faults our names."""
    try:
        yield
    except PoolTimeout:
        raise Busy from None
    # Not OperationalError alone: an idle transaction is ended as an "internal" error.
    except DBAPIError as error:
        if is_lost_race(error):
            raise
        fault = str(error.orig)
        if "disk is full" in fault or _state(error) == "53100":
            raise DiskFull from None
        if _is_under_an_old_key(error):
            raise OldKey from None
        if any(sign in fault for sign in _SQLITE_PASSING) or _is_out_of_reach(error):
            raise Busy from None
        raise


def _is_under_an_old_key(error: DBAPIError) -> bool:
    """Whether a key was wrapped under one that is destroyed, or one to be destroyed is in use.

    Its process has the keys of before, and nothing that it wrote under them may be kept.
    """
    told = getattr(error.orig, "diag", None)
    if told is not None:
        return bool(told.constraint_name == _OF_KEYS)
    # SQLite does not tell which; besides, only clients refer to what is there: their payer.
    return "FOREIGN KEY constraint failed" in str(error.orig) and "client" not in (
        error.statement or ""
    )


def is_lost_race(error: DBAPIError) -> bool:
    """Whether the database asks to run the transaction again."""
    return _state(error) in _RETRYABLE_STATES


def _is_out_of_reach(error: DBAPIError) -> bool:
    """No connection, a connection that broke, a server going down, or a lock or time limit."""
    state = _state(error)
    is_unreachable = state is None and not _is_sqlite_fault(error)
    return error.connection_invalidated or is_unreachable or state in _PASSING_STATES


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _is_sqlite_fault(error: DBAPIError) -> bool:
    return type(error.orig).__module__.startswith(("pysqlite3", "sqlite3"))
