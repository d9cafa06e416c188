"""The floor: the same web server and database, and of the work only the bytes in one row, durable.

A Flask application that puts what is posted to it into a table of two columns, each request in a
commit of its own, by the driver alone. Nothing is checked, read or indexed.
"""

import os
import threading
from typing import Any

from flask import Flask, Response, request
from uuid_utils import uuid7

URL = "ECLAIMS_BENCHMARK_FLOOR"
# As the gateway's own: without the last two a commit would cost less than the gateway's.
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=10000")


class SqliteRows:
    """One connection behind a lock: SQLite has one writer."""

    def __init__(self, file: str) -> None:
        import pysqlite3

        self._turn = threading.Lock()
        self._connection = pysqlite3.connect(file, isolation_level=None, check_same_thread=False)
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS floor_row (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID"
        )

    def add(self, id: str, body: bytes) -> None:
        """Insert one row and commit."""
        with self._turn:
            self._connection.execute("INSERT INTO floor_row VALUES (?, ?)", (id, body))


class PostgresqlRows:
    """One connection for each thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._own = threading.local()

    def add(self, id: str, body: bytes) -> None:
        """Insert one row and commit."""
        self._connection().execute("INSERT INTO floor_row VALUES (%s, %s)", (id, body))

    def _connection(self) -> Any:
        import psycopg

        if not hasattr(self._own, "connection"):
            self._own.connection = psycopg.connect(self._url, autocommit=True)
        return self._own.connection


def create_table(url: str) -> None:
    """The table of a PostgreSQL database; that of a file is made by its one process."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE floor_row (id TEXT PRIMARY KEY, body BYTEA)")


def application() -> Flask:
    """The WSGI application over the database that the environment names."""
    url = os.environ[URL]
    is_sqlite = url.startswith("sqlite")
    rows: Any = SqliteRows(url.removeprefix("sqlite:///")) if is_sqlite else PostgresqlRows(url)
    web = Flask(__name__)

    @web.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "live"}

    @web.post("/row")
    def add() -> Response:
        id, body = str(uuid7()), request.get_data()
        rows.add(id, body)
        answer = Response(body, 201, content_type="application/fhir+json")
        answer.headers["Location"] = f"/row/{id}"
        return answer

    return web
