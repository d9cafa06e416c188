"""The rows of one request, written together: one statement for each table, or for all of them.

While rows are gathered, whoever inserts them need not know; nothing of them can be read yet.
SQLite takes the rows of each table by one statement. PostgreSQL takes all of them by one: an
INSERT for each table, with its values as arrays, so that the text is the same however many rows
there are, and is prepared once.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import IntegrityError

from app.store import tables
from app.store.bulk import Insertion, insertion_of
from app.store.statements import inserting_if_absent
from app.store.together import Together, begin, end, hits, of
from app.store.versions import VersionConflict

_OF_RESOURCE = tuple(
    table.name for table in (tables.resource, tables.resource_version, *tables.SEARCH_TABLES)
)

_Key = tuple[Table, tuple[str, ...]]
_Columns = tuple[_Key, ...]


class Gathering(Together):
    """The rows of one transaction that are not written yet, by table and columns.

    Whatever else is to be done in it finds them written.
    """

    puts_off = False

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, is_view=False)
        self._rows: dict[_Key, list[Mapping[str, Any]]] = {}

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep rows of the same columns in mind."""
        self._rows.setdefault((table, tuple(rows[0])), []).extend(rows)

    def put_off(self, key: Hashable, items: Iterable[Any], do: Callable[[list[Any]], None]) -> None:
        """Do it at once, behind the rows."""
        self.flush()
        do(list(items))

    def flush(self) -> None:
        """Write them; raises VersionConflict where the id of a resource is taken."""
        rows, self._rows = self._rows, {}
        if rows and self._connection.dialect.name == "sqlite":
            _write_each(self._connection, rows)
        elif rows:
            _write_all(self._connection, rows)


@contextmanager
def gathered(connection: Connection) -> Iterator[None]:
    """Gather the rows that are inserted inside, and write them in the end.

    Where a transaction gathers already, or is for many, they are written with all others.
    """
    if of(connection) is not None:
        yield
        return
    gathering = Gathering(connection)
    begin(connection, gathering)
    try:
        yield
        gathering.flush()
    finally:
        end(connection)


def inserts_alone(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken; whether it was inserted.

    Gathered or put off, it is taken to be; where it is not, the transaction comes to nothing.
    """
    gathering = of(connection)
    if isinstance(gathering, Gathering):
        gathering.insert(table, (row,))
        return True
    return hits(connection, inserting_if_absent(table, connection), row)


def _write_each(connection: Connection, rows: Mapping[_Key, list[Mapping[str, Any]]]) -> None:
    for (table, names), of_table in rows.items():
        insertion = insertion_of(table, names, connection.dialect)
        # Somebody else may have taken the id of a new resource.
        is_fenced = table is tables.resource
        values = [insertion.values(row) for row in of_table]
        done = connection.exec_driver_sql(_one(insertion, is_fenced=is_fenced), values)
        if is_fenced and done.rowcount != len(of_table):
            raise VersionConflict(table.name)


@lru_cache(maxsize=256)
def _one(insertion: Insertion, *, is_fenced: bool) -> str:
    marks = ", ".join("?" * len(insertion.columns))
    conflict = " ON CONFLICT DO NOTHING" if is_fenced else ""
    return f"INSERT INTO {insertion.table} ({insertion.names}) VALUES ({marks}){conflict}"  # noqa: S608


def _write_all(connection: Connection, rows: Mapping[_Key, list[Mapping[str, Any]]]) -> None:
    # In one order for all transactions, so that their statements are one.
    keys = tuple(sorted(rows, key=lambda key: (key[0].name, key[1])))
    arrays: list[list[Any]] = []
    for table, names in keys:
        insertion = insertion_of(table, names, connection.dialect)
        values = [insertion.values(row) for row in rows[table, names]]
        arrays += [list(column) for column in zip(*values, strict=True)]
    try:
        connection.exec_driver_sql(_all(keys, connection.dialect), tuple(arrays))
    except IntegrityError as fault:
        if _is_taken(fault):
            raise VersionConflict(tables.resource.name) from None
        raise


def _is_taken(fault: IntegrityError) -> bool:
    """Whether a resource is there already: PostgreSQL tells of any of its rows, not of the first.

    The tables may have parts of their own, whose names begin with theirs.
    """
    violated = getattr(getattr(fault.orig, "diag", None), "table_name", None) or ""
    return violated.startswith(_OF_RESOURCE)


@lru_cache(maxsize=256)
def _all(keys: _Columns, dialect: Dialect) -> str:
    parts = []
    for nth, (table, names) in enumerate(keys):
        insertion = insertion_of(table, names, dialect)
        arrays = ", ".join(f"%s::{_array(table, name, dialect)}" for name in names)
        insert = f"INSERT INTO {table.name} ({insertion.names}) SELECT * FROM unnest({arrays})"  # noqa: S608
        parts.append(f"part_{nth} AS ({insert})")
    return f"WITH {', '.join(parts)} SELECT 1"


def _array(table: Table, name: str, dialect: Dialect) -> str:
    """The type of an array of a column's values; a text without its length, so as not to be cut."""
    kind = table.c[name].type.dialect_impl(dialect).compile(dialect)
    return "text[]" if kind.startswith("VARCHAR") else f"{kind}[]"
