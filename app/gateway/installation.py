"""What every part of one installation shares: its store, its clock, its address, its ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from app.domain.parties import Scope
from app.domain.search.entries import Entry
from app.fhir import json_text
from app.fhir.search.indexing import entries_of
from app.gateway.trust.terms import Terms
from app.store.audit import Event
from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY, around
from app.store.hashing import Hasher
from app.store.search.index import Document
from app.store.together.transaction import together
from app.store.unit_of_work import UnitOfWork

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Installation:
    """`base_url` is the FHIR base of Locations and fullUrls; `new_id` gives ids nobody guesses.

    `terms`: which credentials are believed.
    `audits_reads`: what is only looked at leaves a row in the audit, too.
    """

    store: Store
    hasher: Hasher
    base_url: str
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    terms: Terms = field(default_factory=Terms, kw_only=True)
    audits_reads: bool = field(default=True, kw_only=True)

    def write(self, scope: Scope, effect: Callable[[UnitOfWork], T]) -> T:
        """Run `effect` in a transaction and commit it."""
        now = self.clock()
        return self.store.write(
            lambda connection: effect(self._work(connection, scope, now)), around(scope)
        )

    def read(self, scope: Scope, query: Callable[[UnitOfWork], T]) -> T:
        """Run `query` on one consistent view."""
        now = self.clock()
        return self.store.read(
            lambda connection: query(self._work(connection, scope, now)), around(scope)
        )

    def glance(self, scope: Scope, query: Callable[[UnitOfWork], T]) -> T:
        """As `read`, for a query of one statement, which is a view of its own."""
        now = self.clock()
        return self.store.glance(
            lambda connection: query(self._work(connection, scope, now)), around(scope)
        )

    def accessed(
        self,
        scope: Scope,
        query: Callable[[UnitOfWork], T],
        told: Callable[[T], Event],
        *,
        is_glance: bool = False,
    ) -> T:
        """As `read`, or `glance`; what is told of it is in the audit before it is given."""
        if not self.audits_reads:
            return self.glance(scope, query) if is_glance else self.read(scope, query)
        now = self.clock()
        return self.store.noted(
            lambda connection: query(self._work(connection, scope, now)),
            lambda connection, found: self._work(connection, scope, now).audit.note([told(found)]),
            around(scope),
            by_itself=is_glance,
        )

    def read_together(self, query: Callable[[Callable[[Scope], UnitOfWork]], T]) -> T:
        """As `read`, for many scopes: what one of them reads is read once for all."""
        now = self.clock()

        def on(connection: Any) -> T:
            together(connection, is_view=True)
            return query(cache(lambda scope: self._work(connection, scope, now)))

        return self.store.read(on, EVERYBODY)

    def write_together(self, effect: Callable[[Callable[[Scope], UnitOfWork]], T]) -> T:
        """As `write`, for many scopes: what each writes is written in the end for all.

        Raises Outrun, with nothing written, where something moved that was to stay.
        """
        now = self.clock()

        def on(connection: Any) -> T:
            begun = together(connection, is_view=False)
            result = effect(cache(lambda scope: self._work(connection, scope, now)))
            begun.flush()
            return result

        return self.store.write(on, EVERYBODY)

    def _work(self, connection: Any, scope: Scope, now: datetime) -> UnitOfWork:
        return UnitOfWork(
            connection, scope, now, self.hasher, self.new_id, self.indexer, self.base_url
        )

    def indexer(self, type: str, text: str, document: Document | None = None) -> Sequence[Entry]:
        """What a resource is found by; `document` is what is in the text, where that is known."""
        found = json_text.parsed(text) if document is None else document
        return entries_of(type, found, self.base_url, text)
