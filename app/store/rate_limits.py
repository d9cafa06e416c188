"""Buckets that all processes of an installation share: one statement, by the database's clock.

On SQLite there is one process, which keeps them itself. Docs: docs/operations.md, "Rate limits".
"""

import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import BigInteger, Connection, bindparam, case, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.domain.rates import Rate
from app.store import tables
from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY

_b = tables.rate_bucket.c
# So many are kept in a process before those that are full again are let go.
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """`wait`: microseconds until it may be done, 0 where it was taken.

    `beside` is the same of another bucket, of which nothing was taken.
    """

    wait: int
    beside: int = 0


class Buckets(Protocol):
    """Buckets by name. Raises Busy."""

    def take(self, name: str, rate: Rate, beside: tuple[str, Rate] | None = None) -> Asked:
        """Take one from a bucket, if it is there; look into another one with it."""

    def wait(self, name: str, rate: Rate) -> int:
        """Microseconds until one may be taken; nothing is taken."""


def buckets_of(store: Store) -> Buckets:
    """The buckets of an installation."""
    return InProcess() if store.is_sqlite else InDatabase(store)


def _micros() -> int:
    return time.monotonic_ns() // 1000


class InProcess:
    """Buckets of one process, by seconds that nobody can set."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._full_at: dict[str, int] = {}
        self._most = _MOST_KEPT

    def take(self, name: str, rate: Rate, beside: tuple[str, Rate] | None = None) -> Asked:
        """Take one."""
        with self._guard:
            now = _micros()
            other = self._wait(*beside, now) if beside else 0
            wait = self._wait(name, rate, now)
            if not wait:
                self._full_at[name] = rate.after(self._full_at.get(name, 0), now)
                self._let_go(now)
            return Asked(wait, other)

    def wait(self, name: str, rate: Rate) -> int:
        """How long."""
        with self._guard:
            return self._wait(name, rate, _micros())

    def _wait(self, name: str, rate: Rate, now: int) -> int:
        return rate.wait(self._full_at.get(name, 0), now)

    def _let_go(self, now: int) -> None:
        if len(self._full_at) > self._most:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
            # Not to be gone through again with each one that comes.
            self._most = max(_MOST_KEPT, 2 * len(self._full_at))


class InDatabase:
    """Buckets of all processes on one PostgreSQL, each statement a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, name: str, rate: Rate, beside: tuple[str, Rate] | None = None) -> Asked:
        """Take one, by one statement."""
        other, other_rate = beside or (name, rate)
        given = {"name": name, "step": rate.step, "most": rate.most, "other": other}

        def ask(connection: Connection) -> Asked:
            row = connection.execute(_TAKING, given).one()
            wait = 0 if row.is_taken else max(1, rate.wait(row.full_at, row.now))
            found = other_rate.wait(row.other_full_at or 0, row.now)
            return Asked(wait, found if beside else 0)

        return self._store.write(ask, EVERYBODY)

    def wait(self, name: str, rate: Rate) -> int:
        """How long."""

        def ask(connection: Connection) -> int:
            row = connection.execute(_LOOKING, {"name": name}).one_or_none()
            return 0 if row is None else rate.wait(row.full_at, row.now)

        return self._store.glance(ask, EVERYBODY)


def forget(connection: Connection) -> None:
    """Let go of what is full again; who asks later begins with a full bucket all the same."""
    if connection.dialect.name == "postgresql":
        connection.execute(delete(tables.rate_bucket).where(_b.full_at < _NOW))


# Of the statement's beginning, so that it is the same wherever it stands in the statement.
_NOW: Any = cast(func.extract("epoch", func.statement_timestamp()) * 1_000_000, BigInteger)
_STEP: Any = bindparam("step", type_=BigInteger)
_MOST: Any = bindparam("most", type_=BigInteger)


def _taking() -> Any:
    begun = func.greatest(_b.full_at, _NOW)
    is_taken = begun + _STEP - _NOW <= _MOST
    statement = insert(tables.rate_bucket).values(
        name=bindparam("name"), full_at=_NOW + _STEP, is_taken=True
    )
    other = tables.rate_bucket.alias()
    looking = select(other.c.full_at).where(other.c.name == bindparam("other"))
    return statement.on_conflict_do_update(
        index_elements=[_b.name],
        set_={
            "is_taken": is_taken,
            "full_at": case((is_taken, begun + _STEP), else_=_b.full_at),
        },
    ).returning(
        _b.is_taken,
        _b.full_at,
        _NOW.label("now"),
        looking.scalar_subquery().label("other_full_at"),
    )


_TAKING = _taking()
_LOOKING = select(_b.full_at, _NOW.label("now")).where(_b.name == bindparam("name"))
