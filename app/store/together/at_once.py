"""New rows kept until the end of a part of a transaction, and inserted there by one statement."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import IntegrityError

from app.store import tables
from app.store.statements import inserting_if_absent
from app.store.together.one_statement import Rows, insert_at_once
from app.store.together.transaction import Outrun, Together, attached, hits, of

_OF_RESOURCE = tuple(
    table.name for table in (tables.resource, tables.resource_version, *tables.SEARCH_TABLES)
)


class AtOnce(Together):
    """Rows are kept until the end; what was read ahead is nobody's concern here.

    `puts_off`: what is to hit rows is done in the end, too; else at once, behind the rows.
    """

    def __init__(self, connection: Connection, *, puts_off: bool) -> None:
        super().__init__(connection, is_view=False)
        self.puts_off = puts_off
        self._rows: dict[tuple[Table, tuple[str, ...]], list[Mapping[str, Any]]] = {}

    def insert(self, table: Table, rows: Rows) -> None:
        """Insert these in the end, with those of all other tables."""
        self._rows.setdefault((table, tuple(rows[0])), []).extend(rows)

    def put_off(self, key: Hashable, items: Iterable[Any], do: Callable[[list[Any]], None]) -> None:
        """Do this in the end, or behind the rows that there are."""
        if self.puts_off:
            super().put_off(key, items, do)
        else:
            self.flush()
            do(list(items))

    def flush(self) -> None:
        """Do what was put off; raises Outrun."""
        super().flush()
        rows, self._rows = self._rows, {}
        if not rows:
            return
        try:
            insert_at_once(self._connection, rows)
        except IntegrityError as fault:
            if _is_about_resources(fault):
                raise Outrun from None
            raise


@contextmanager
def at_once(connection: Connection, *, puts_off: bool) -> Iterator[None]:
    """Inside, rows are kept, and inserted in the end; nobody may read them inside.

    What is raised inside lets them go. Raises Outrun.
    """
    if of(connection) is not None:
        # Part of a transaction for many, which writes in its own end.
        yield
        return
    kept = AtOnce(connection, puts_off=puts_off)
    with attached(connection, kept):
        yield
        kept.flush()


def inserts_alone(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken; whether it was inserted.

    Kept or put off, it is taken to be; where it is not, the transaction comes to nothing.
    """
    many = of(connection)
    if isinstance(many, AtOnce):
        many.insert(table, (row,))
        return True
    return hits(connection, inserting_if_absent(table, connection), row)


def _is_about_resources(fault: IntegrityError) -> bool:
    """Whether a resource is there already: PostgreSQL tells of any of its rows, not of the first.

    The tables may have parts of their own, whose names begin with theirs.
    """
    told = getattr(fault.orig, "diag", None)
    if told is not None:
        return (told.table_name or "").startswith(_OF_RESOURCE)
    return str(fault.orig).startswith(f"UNIQUE constraint failed: {tables.resource.name}.")
