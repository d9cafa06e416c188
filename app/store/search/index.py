"""The rows that a resource is found by: written with each version, gone with the resource.

Docs: docs/search.md.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import Connection, Table, delete

from app.domain.parties import Scope
from app.domain.search.entries import Entry
from app.store import tables
from app.store.database.questions import change
from app.store.hashing import Hasher
from app.store.search.rows import Row, SearchRows
from app.store.search.statements import (
    KEY,
    PLACES,
    VALUES,
    deletion,
    overwriting,
    restating,
    rows_kept,
)
from app.store.together.transaction import insert_rows, put_off
from app.store.types import ordered

Document = Mapping[str, Any]


class Indexer(Protocol):
    """Gives the entries of a resource."""

    def __call__(self, type: str, text: str, document: Document | None = ..., /) -> Sequence[Entry]:
        """By its type and its text; `document` is what is in the text, where that is known."""


# SQLite takes 32,766 values in one statement; of each resource five tables are asked.
_TOGETHER = 500

_Kept = dict[tuple[str, Table], list[Row]]
# By their content, so that none is there twice.
_Rows = dict[tuple[Any, ...], Row]
_Wanted = dict[tuple[str, Table], _Rows]
_CONTENTS = {table: itemgetter("name", *names) for table, names in VALUES.items()}


@dataclass(frozen=True, slots=True)
class Indexed:
    """A resource and whose it is; `text` is None where it is not to be found.

    `document` is what is in the text, where whoever writes it has that.
    """

    id: str
    submitter_id: str | None
    text: str | None
    document: Document | None = None


class SearchIndex(SearchRows):
    """The index of one payer's resources."""

    def __init__(
        self, connection: Connection, scope: Scope, hasher: Hasher, indexer: Indexer
    ) -> None:
        super().__init__(hasher)
        self._connection = connection
        self._scope = scope
        self._indexer = indexer

    def add(
        self,
        type: str,
        id: str,
        submitter_id: str | None,
        text: str,
        document: Document | None = None,
    ) -> None:
        """Write the entries of a resource that has none: one statement for each table."""
        key = {"payer_id": self._scope.payer_id, "type": type, "resource_id": id}
        for table, rows in self._wanted(type, Indexed(id, submitter_id, text, document)).items():
            positions: dict[str, Iterator[int]] = defaultdict(count)
            placed = [
                {**key, **row, "position": next(positions[row["name"]])} for row in rows.values()
            ]
            insert_rows(self._connection, table, placed)

    def replace(
        self,
        type: str,
        id: str,
        submitter_id: str | None,
        text: str,
        document: Document | None = None,
    ) -> None:
        """Let a resource be found by another text: only what differs is written."""

        def do(resources: list[Indexed]) -> None:
            self.replace_each(type, resources)

        put_off(self._connection, ("index", type), (Indexed(id, submitter_id, text, document),), do)

    def restate(self, type: str, id: str, submitter_id: str | None, text: str, status: str) -> None:
        """As `replace`, for a text in which nothing but the status is another one."""
        told = self._indexer(type, json.dumps({"resourceType": type, "status": status}))
        key = {"payer_id": self._scope.payer_id, "type": type, "resource_id": id}
        given = [
            {f"b_{name}": value for name, value in {**key, **row}.items()}
            for table, row in map(self.row, told)
            if table is tables.search_token
        ]
        one = Indexed(id, submitter_id, text)

        def do(restated: list[tuple[Indexed, dict[str, Any]]]) -> None:
            rows = [values for _, values in restated]
            if not rows:
                return
            if change(restating()).each_hits(self._connection, rows) != len(rows):
                # One had none, or several: an extension may stand in the place of a code.
                for one, values in restated:
                    self.replace_each(values["b_type"], [one])

        # Of some types nothing is found by its status.
        put_off(self._connection, "status", [(one, values) for values in given], do)

    def replace_each(self, type: str, resources: Sequence[Indexed]) -> int:
        """As `replace`, for many; how many rows were written or taken away.

        Holds the rows against those that are there, so that it mends whatever is wrong with them.
        """
        written = 0
        for start in range(0, len(resources), _TOGETHER):
            some = resources[start : start + _TOGETHER]
            wanted = {
                (one.id, table): rows
                for one in some
                for table, rows in self._wanted(type, one).items()
            }
            written += self._write(self._kept(type, [one.id for one in some]), wanted, type)
        return written

    def forget(self, type: str, ids: Iterable[str]) -> None:
        """Take the entries of resources away."""
        gone = sorted(ids)
        for table in tables.SEARCH_TABLES:
            self._connection.execute(
                delete(table).where(
                    table.c.payer_id == self._scope.payer_id,
                    table.c.type == type,
                    table.c.resource_id.in_(gone),
                )
            )

    def _wanted(self, type: str, one: Indexed) -> dict[Table, _Rows]:
        """The rows that a resource should have, each once."""
        rows: dict[Table, _Rows] = defaultdict(dict)
        for entry in self._entries(type, one):
            table, row = self.row(entry)
            row["submitter_id"] = one.submitter_id
            rows[table].setdefault(_content(table, row), row)
        return rows

    def _entries(self, type: str, one: Indexed) -> Sequence[Entry]:
        if one.text is None:
            return ()
        if one.document is None:
            return self._indexer(type, one.text)
        return self._indexer(type, one.text, one.document)

    def _kept(self, type: str, ids: Sequence[str]) -> _Kept:
        """The rows that resources have, by one statement."""
        found: _Kept = defaultdict(list)
        given = {"b_payer": self._scope.payer_id, "b_type": type, "b_ids": sorted(ids)}
        for row in self._connection.execute(rows_kept(), given):
            kind, id, name, position = row[:4]
            table, names, place = PLACES[int(kind)]
            values = dict(zip(names, row[place], strict=True))
            found[id, table].append({"name": name, "position": position, **values})
        return found

    def _write(self, kept: _Kept, wanted: _Wanted, type: str) -> int:
        """Turn what is kept into what is wanted; how many rows that took."""
        written: dict[Table, list[Row]] = defaultdict(list)
        surplus: dict[Table, list[Row]] = defaultdict(list)
        for id, table in sorted({*kept, *wanted}, key=lambda key: (key[0], key[1].name)):
            key = {"payer_id": self._scope.payer_id, "type": type, "resource_id": id}
            new, old = _difference(table, kept.get((id, table), []), wanted.get((id, table), {}))
            written[table] += [{**key, **row} for row in new]
            surplus[table] += [{**key, **row} for row in old]
        for table, rows in surplus.items():
            if rows:
                keys = [{f"b_{name}": row[name] for name in KEY} for row in rows]
                self._connection.execute(deletion(table), keys)
        for table, rows in written.items():
            if rows:
                statement = overwriting(table, self._connection.dialect.name)
                self._connection.execute(statement, rows)
        return sum(map(len, [*written.values(), *surplus.values()]))


def _content(table: Table, row: Row) -> tuple[Any, ...]:
    """What makes two rows of one resource the same, wherever they stand."""
    content: tuple[Any, ...] = _CONTENTS[table](row)
    if table is not tables.search_number:
        return content
    # Numbers are kept cut off, so they are compared as they are kept.
    return tuple(ordered(one) if isinstance(one, Decimal) else one for one in content)


def _difference(table: Table, kept: list[Row], wanted: _Rows) -> tuple[list[Row], list[Row]]:
    """The rows to write, in the place of old ones where there are, and those to take away."""
    missing = dict(wanted)
    old: dict[str, list[Row]] = defaultdict(list)
    taken: dict[str, set[int]] = defaultdict(set)
    for row in kept:
        if missing.pop(_content(table, row), None) is None:
            old[row["name"]].append(row)
        taken[row["name"]].add(row["position"])
    if not missing:
        return [], [row for rows in old.values() for row in rows]
    free = {name: _free(taken[name]) for name in {row["name"] for row in missing.values()}}
    new = []
    for row in missing.values():
        replaced = old[row["name"]]
        position = replaced.pop()["position"] if replaced else next(free[row["name"]])
        new.append({**row, "position": position})
    return new, [row for rows in old.values() for row in rows]


def _free(taken: set[int]) -> Iterator[int]:
    return (position for position in count() if position not in taken)
