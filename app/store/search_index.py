"""The rows that a resource is found by: written with each version, gone with the resource.

Docs: docs/search.md.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import singledispatchmethod
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, not_, select

from app.domain.parties import Scope
from app.domain.search.entries import (
    DateEntry,
    Entry,
    NumberEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
)
from app.store import tables
from app.store.hashing import Hasher
from app.store.visibility import owned

# Gives the entries of a resource, by its type and its text.
Indexer = Callable[[str, str], Sequence[Entry]]
_NORMAL_CHARACTERS = 200


def normal(text: str) -> str:
    """A text as texts are compared: without case, accents and surplus spaces."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(bare.split())[:_NORMAL_CHARACTERS]


class SearchIndex:
    """The index of one payer's resources."""

    def __init__(
        self, connection: Connection, scope: Scope, hasher: Hasher, indexer: Indexer
    ) -> None:
        self._connection = connection
        self._scope = scope
        self._hasher = hasher
        self._indexer = indexer

    def add(self, type: str, id: str, submitter_id: str | None, text: str) -> None:
        """Write the entries of a resource that has none."""
        rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for position, entry in enumerate(self._indexer(type, text)):
            table, values = self._row(entry)
            key = {
                "payer_id": self._scope.payer_id,
                "type": type,
                "resource_id": id,
                "name": entry.name,
                "position": position,
                "submitter_id": submitter_id,
            }
            rows[table].append(key | values)
        for table, of_table in rows.items():
            self._connection.execute(insert(table), of_table)

    def replace(self, type: str, id: str, submitter_id: str | None, text: str) -> None:
        """Write the entries of a resource in the place of those it had."""
        self.forget(type, (id,))
        self.add(type, id, submitter_id, text)

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

    def is_referred_to(self, type: str, id: str) -> bool:
        """Whether another resource in this scope refers to this one."""
        entry = tables.search_reference.c
        query = select(entry.resource_id).where(
            entry.payer_id == self._scope.payer_id,
            entry.target_id == id,
            entry.target_type == type,
            not_(and_(entry.type == type, entry.resource_id == id)),
            owned(self._scope, entry.submitter_id, entry.type),
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def code_hash(self, code: str) -> str:
        """The keyed hash a code, an identifier's value or an address is found by."""
        return self._hasher("search-code", code)

    def system_hash(self, system: str | None) -> str:
        """The keyed hash of a system, or of there being none."""
        return self._hasher("search-system", system or "")

    @singledispatchmethod
    def _row(self, entry: Entry) -> tuple[Table, dict[str, Any]]:
        raise TypeError(type(entry).__name__)

    @_row.register
    def _(self, entry: TokenEntry) -> tuple[Table, dict[str, Any]]:
        return tables.search_token, {
            "code_hash": self.code_hash(entry.code),
            "system_hash": self.system_hash(entry.system),
            "sort_key": entry.sort_key,
        }

    @_row.register
    def _(self, entry: ReferenceEntry) -> tuple[Table, dict[str, Any]]:
        return tables.search_reference, {"target_type": entry.type, "target_id": entry.id}

    @_row.register
    def _(self, entry: DateEntry) -> tuple[Table, dict[str, Any]]:
        return tables.search_date, {"low": entry.low, "high": entry.high}

    @_row.register
    def _(self, entry: StringEntry) -> tuple[Table, dict[str, Any]]:
        return tables.search_string, {"normal": normal(entry.text), "exact": entry.text}

    @_row.register
    def _(self, entry: NumberEntry) -> tuple[Table, dict[str, Any]]:
        has_unit = entry.code is not None
        return tables.search_number, {
            "low": entry.low,
            "high": entry.high,
            "code_hash": self.code_hash(entry.code) if entry.code is not None else None,
            "system_hash": self.system_hash(entry.system) if has_unit else None,
        }
