"""How a database goes about a query."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event


def steps(connection: Connection, query: Callable[[], Any]) -> list[list[str]]:
    """What a database says of the statements of a query, a line for each step."""
    sent: list[tuple[str, Any]] = []

    def note(
        _one: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: Any
    ) -> None:
        sent.append((statement, given))

    event.listen(connection, "before_cursor_execute", note)
    try:
        query()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return [
        [row[-1] for row in connection.exec_driver_sql(explain + statement, parameters)]
        for statement, parameters in sent
    ]
