"""What every part of one installation shares: its store, its clock, its address, its ids."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.domain.parties import Scope
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
        return self.store.write(
            lambda connection: effect(UnitOfWork(connection, scope, now, self.hasher, self.new_id))
        )

    def read(self, scope: Scope, query: Callable[[UnitOfWork], T]) -> T:
        """Run `query` on one consistent view."""
        now = self.clock()
        return self.store.read(
            lambda connection: query(UnitOfWork(connection, scope, now, self.hasher, self.new_id))
        )
