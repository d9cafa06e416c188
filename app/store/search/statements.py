"""The statements of the search index, and how the rows of its five tables come in one answer."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Table,
    Update,
    bindparam,
    cast,
    delete,
    literal_column,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from app.store import tables

# What tells one row of a payer's index from another; the other columns are its values.
KEY = ("payer_id", "type", "resource_id", "name", "position")
VALUES = {
    table: tuple(column.name for column in table.columns if column.name not in KEY)
    for table in tables.SEARCH_TABLES
}


def _placed() -> Iterator[tuple[Table, tuple[str, ...], slice]]:
    """Of each table the names of its values, and where they stand in a row of all tables."""
    start = len(("kind", "resource_id", "name", "position"))
    for table, names in VALUES.items():
        yield table, names, slice(start, start + len(names))
        start += len(names)


PLACES = tuple(_placed())


@cache
def rows_kept() -> CompoundSelect[Any]:
    """The rows of some resources in all tables; each table has value columns of its own."""
    return union_all(
        *(
            select(
                literal_column(str(kind)).label("kind"),
                *(table.c[name] for name in ("resource_id", "name", "position")),
                *(
                    (other.c[name] if other is table else cast(null(), other.c[name].type)).label(
                        f"{other.name}_{name}"
                    )
                    for other, names in VALUES.items()
                    for name in names
                ),
            ).where(
                table.c.payer_id == bindparam("b_payer"),
                table.c.type == bindparam("b_type"),
                table.c.resource_id.in_(bindparam("b_ids", expanding=True)),
            )
            for kind, table in enumerate(tables.SEARCH_TABLES)
        )
    )


@cache
def restating() -> Update:
    """Another code in the place of the one that a resource has under a name."""
    token = tables.search_token.c
    key = ("payer_id", "type", "resource_id", "name")
    return (
        update(tables.search_token)
        .where(*(token[name] == bindparam(f"b_{name}") for name in key))
        .values({name: bindparam(f"b_{name}") for name in ("code_hash", "system_hash", "sort_key")})
    )


@cache
def deletion(table: Table) -> Any:
    """Take one row away."""
    return delete(table).where(*(table.c[name] == bindparam(f"b_{name}") for name in KEY))


@cache
def overwriting(table: Table, dialect: str) -> Any:
    """Write rows, in the place of those that there are."""
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table)
    given = {name: statement.excluded[name] for name in VALUES[table]}
    return statement.on_conflict_do_update(index_elements=list(KEY), set_=given)
