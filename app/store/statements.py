"""The few statements that both databases spell alike but SQLAlchemy does not."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

from app.store.database.questions import Question


def inserted_if_absent(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken; whether it was inserted.

    Waits for another transaction that is about to take the key, so the answer is final.
    """
    taking = _insert_if_absent(table, connection.dialect.name)
    return taking.row(connection, row) is not None


def inserting_if_absent(table: Table, connection: Connection) -> Insert:
    """The one statement that inserts a row unless its key is taken; its count tells."""
    return _absent(table, connection.dialect.name)


class IndexedBy(SQLiteCompiler):
    """Statements for SQLite with the hint INDEXED BY, which SQLAlchemy leaves out there."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        """The hint as it was given."""
        return text


@cache
def _insert_if_absent(table: Table, dialect: str) -> Question:
    key = next(iter(table.primary_key))
    return Question(_absent(table, dialect).returning(key))


@cache
def _absent(table: Table, dialect: str) -> Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing()
