"""What a transaction for many does once for all of them: it reads ahead, and writes in the end.

Attached to the transaction's connection, so that whoever works in it for one of them need not
know. A view sees one instant: there, what was read once is not read again. In a transaction that
writes, what was read ahead is given out once; then the database is asked, which is told first what
was put off.

Docs: docs/adr/0017-claims-are-decided-in-batches.md.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Table

from app.store.database.questions import change
from app.store.together.bulk import insert_all

T = TypeVar("T")

_OPTION = "eclaims_together"
_Rows = Sequence[Mapping[str, Any]]


class Outrun(Exception):
    """Something that was to be changed is no longer as it was: nothing of this may be kept."""


class Together:
    """What a transaction knows ahead, and what it has put off.

    `puts_off`: also what has to hit a row is done in the end.
    """

    puts_off = True

    def __init__(self, connection: Connection, *, is_view: bool) -> None:
        self._connection = connection
        self._is_view = is_view
        self._known: dict[Hashable, Any] = {}
        self._stale: set[Hashable] = set()
        self._put_off: dict[Hashable, tuple[Callable[[list[Any]], None], list[Any]]] = {}

    def tell(self, key: Hashable, value: Any) -> None:
        """Know the answer to one question ahead."""
        self._known[key] = value

    def answer(self, key: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question: as it is known, else as the database gives it."""
        if not self._is_view and key in self._stale:
            self.flush()
            return ask()
        if key not in self._known:
            if not self._is_view:
                return ask()
            self._known[key] = ask()
        if not self._is_view:
            self._stale.add(key)
        answer: T = self._known[key]
        return answer

    def knows(self, keys: Iterable[Hashable]) -> bool:
        """Whether all of these questions are answered ahead, and nothing is in between."""
        return all(key in self._known and key not in self._stale for key in keys)

    def lasting(self, key: Hashable, make: Callable[[], T]) -> T:
        """As `answer`, for what stays as it is until the transaction ends."""
        if key not in self._known:
            self._known[key] = make()
        made: T = self._known[key]
        return made

    def changes(self, key: Hashable) -> None:
        """The answer to this question is another one from now on."""
        self._stale.add(key)

    def put_off(self, key: Hashable, items: Iterable[Any], do: Callable[[list[Any]], None]) -> None:
        """Do this in the end with all items of this key, in the order in which they came."""
        self._put_off.setdefault(key, (do, []))[1].extend(items)

    def insert(self, table: Table, rows: _Rows) -> None:
        """Insert rows of the same columns in the end."""

        def do(all_rows: list[Any]) -> None:
            insert_all(self._connection, table, all_rows)

        self.put_off((table.name, *rows[0]), rows, do)

    def flush(self) -> None:
        """Do what was put off; raises Outrun."""
        while self._put_off:
            # What is done may put off more.
            do, items = self._put_off.pop(next(iter(self._put_off)))
            do(items)


def together(connection: Connection, *, is_view: bool) -> Together:
    """Let the transaction of this connection be one for many; it ends with the connection."""
    begun = Together(connection, is_view=is_view)
    connection.execution_options(**{_OPTION: begun})
    return begun


@contextmanager
def attached(connection: Connection, many: Together) -> Iterator[None]:
    """Let a part of a transaction be one for many."""
    connection.execution_options(**{_OPTION: many})
    try:
        yield
    finally:
        connection.execution_options(**{_OPTION: None})


def ended(connection: Connection) -> None:
    """Whoever works on this connection next knows nothing of it."""
    if of(connection) is not None:
        connection.execution_options(**{_OPTION: None})


def of(connection: Connection) -> Together | None:
    """What the transaction of this connection does together; None where it is for one."""
    found: Together | None = connection.get_execution_options().get(_OPTION)
    return found


def answered(connection: Connection, key: Hashable, ask: Callable[[], T]) -> T:
    """What `ask` reads, unless the transaction knows it; what is given is not to be changed."""
    ahead = of(connection)
    return ask() if ahead is None else ahead.answer(key, ask)


def lasting(connection: Connection, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once where a transaction is for many; it lasts until that ends."""
    many = of(connection)
    return make() if many is None else many.lasting(key, make)


def put_off(
    connection: Connection, key: Hashable, items: Iterable[Any], do: Callable[[list[Any]], None]
) -> None:
    """Do this now, or with all that the transaction does of this key."""
    many = of(connection)
    if many is None:
        do(list(items))
    else:
        many.put_off(key, items, do)


def insert_rows(connection: Connection, table: Table, rows: _Rows) -> None:
    """Insert rows of the same columns that nobody else can insert, now or with the others."""
    many = of(connection) if rows else None
    if many is not None:
        many.insert(table, rows)
    elif rows:
        insert_all(connection, table, rows)


def hits(connection: Connection, statement: Executable, row: Mapping[str, Any]) -> bool:
    """Run a statement that is to hit one row; whether it did.

    Put off, it is taken to hit; where it does not, the whole transaction is Outrun. `statement`
    must be one and the same for all rows of its kind.
    """
    many = of(connection)
    if many is not None and not many.puts_off:
        many.flush()
        many = None
    if many is None:
        return change(statement).hits(connection, row) == 1
    many.put_off(statement, (row,), lambda rows: _hit(connection, statement, rows))
    return True


def _hit(connection: Connection, statement: Executable, rows: list[Mapping[str, Any]]) -> None:
    # In one order for all, so that two transactions do not wait for each other.
    ordered = sorted(rows, key=lambda row: [str(row[name]) for name in sorted(row)])
    if change(statement).each_hits(connection, ordered) != len(rows):
        raise Outrun
