"""What every part of one installation shares: its store, its clock, its address, its ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from app.domain.parties import Scope
from app.domain.search.entries import Entry
from app.fhir import json_text
from app.fhir.search.indexing import entries_of
from app.store.engine import Store
from app.store.hashing import Hasher
from app.store.unit_of_work import UnitOfWork

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Installation:
    """`base_url` is the FHIR base of Locations and fullUrls; `new_id` gives ids nobody guesses."""

    store: Store
    hasher: Hasher
    base_url: str
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def write(self, scope: Scope, effect: Callable[[UnitOfWork], T]) -> T:
        """Run `effect` in a transaction and commit it."""
        now = self.clock()
        return self.store.write(lambda connection: effect(self._work(connection, scope, now)))

    def read(self, scope: Scope, query: Callable[[UnitOfWork], T]) -> T:
        """Run `query` on one consistent view."""
        now = self.clock()
        return self.store.read(lambda connection: query(self._work(connection, scope, now)))

    def _work(self, connection: Any, scope: Scope, now: datetime) -> UnitOfWork:
        return UnitOfWork(
            connection, scope, now, self.hasher, self.new_id, self.indexer, self.base_url
        )

    def indexer(self, type: str, text: str) -> Sequence[Entry]:
        """What a resource is found by."""
        return entries_of(type, json_text.parsed(text), self.base_url)
