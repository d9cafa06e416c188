"""Reading resources: what one scope may see of them, and nothing else."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from app.domain.parties import Scope
from app.domain.references import Identifier
from app.store import tables
from app.store.hashing import Hasher
from app.store.identifiers import Identifiers
from app.store.search_index import SearchIndex
from app.store.together import answered, of
from app.store.versions import Stored, is_version, stored_from, with_versions
from app.store.visibility import owned

_r = tables.resource.c
_v = tables.resource_version.c
_i = tables.business_identifier.c


class ResourceReading:
    """The resources that one scope may see; everything else is as if it did not exist.

    A submitter sees its own and the payer's readable reference data, the payer's side sees all of
    the payer. With `is_reference_data` only what the payer itself keeps is seen, readable or not.
    """

    def __init__(
        self,
        connection: Connection,
        scope: Scope,
        now: datetime,
        hasher: Hasher,
        index: SearchIndex,
        *,
        is_reference_data: bool = False,
    ) -> None:
        self._connection = connection
        self._scope = scope
        self._is_reference_data = is_reference_data
        self._now = now
        self._identifiers = Identifiers(connection, scope, hasher)
        self._index = index

    def find(self, type: str, id: str, *, lock: bool = False) -> Stored | None:
        """The current version; None if there is none in this scope."""
        if lock:
            # By a statement of its own: one that waited would join the row it waited for with
            # the versions from before, and find none.
            row_of = select(_r.id).where(*self._key(type, id), self._visible())
            self._connection.execute(row_of.with_for_update())
            return self._found(type, id)
        return answered(
            self._connection, self._place("id", type, id), lambda: self._found(type, id)
        )

    def _found(self, type: str, id: str) -> Stored | None:
        query = with_versions().where(*self._key(type, id), self._visible(), is_version(_r.version))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else stored_from(row)

    def find_all(self, type: str, ids: Iterable[str]) -> list[Stored]:
        """The current versions of several resources, in the order of their ids."""
        wanted = tuple(sorted(ids))

        def ask() -> list[Stored]:
            query = with_versions().where(
                _r.payer_id == self._scope.payer_id,
                _r.type == type,
                _r.id.in_(wanted),
                self._visible(),
                is_version(_r.version),
            )
            return [stored_from(row) for row in self._connection.execute(query.order_by(_r.id))]

        return answered(self._connection, self._place("ids", type, *wanted), ask)

    def find_each(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        """The current versions of resources of several types, by type and id."""
        wanted = sorted(set(keys))
        query = with_versions().where(
            _r.payer_id == self._scope.payer_id,
            _r.type.in_(sorted({type for type, _ in wanted})),
            _r.id.in_([id for _, id in wanted]),
            self._visible(),
            is_version(_r.version),
        )
        found = (stored_from(row) for row in self._connection.execute(query))
        by_key = {(stored.type, stored.id): stored for stored in found}
        return {key: by_key[key] for key in wanted if key in by_key}

    def read_ahead(self, type: str, ids: Iterable[str]) -> None:
        """Read current versions for a transaction that asks for each of them."""
        ahead, wanted = of(self._connection), sorted(set(ids))
        if ahead is not None and wanted:
            found = {stored.id: stored for stored in self.find_all(type, wanted)}
            for id in wanted:
                ahead.tell(self._place("id", type, id), found.get(id))

    def find_version(self, type: str, id: str, version: int) -> Stored | None:
        """One version, without its text once the resource is gone; None if there is none."""
        query = with_versions().where(*self._key(type, id), self._visible(), is_version(version))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else stored_from(row)

    def versions(self, wanted: Sequence[tuple[str, str, int]]) -> list[Stored]:
        """Many versions in the order asked for; those that are not there are left out."""
        by_type: dict[str, list[tuple[str, int]]] = {}
        for type, id, version in wanted:
            by_type.setdefault(type, []).append((id, version))
        found: dict[tuple[str, str, int], Stored] = {}
        for type, keys in by_type.items():
            query = with_versions().where(
                _v.payer_id == self._scope.payer_id,
                _v.type == type,
                _v.id.in_([id for id, _ in keys]),
                self._visible(),
            )
            for row in self._connection.execute(query):
                found[(row.type, row.id, row.version)] = stored_from(row)
        return [found[key] for key in wanted if key in found]

    def identified(self, types: Iterable[str], *identifiers: Identifier) -> list[tuple[str, str]]:
        """Type and id of every resource of these types that carries one of the identifiers."""
        hashes = sorted({self._identifiers.hash_of(identifier) for identifier in identifiers})
        of_types = sorted(types)

        def ask() -> list[tuple[str, str]]:
            return sorted({(type, id) for _, type, id in self._identified(of_types, hashes)})

        return answered(
            self._connection, self._place("identified", "|".join(of_types), *hashes), ask
        )

    def read_identified_ahead(self, type: str, identifiers: Iterable[Identifier]) -> None:
        """Read what carries each of these for a transaction that asks for each of them."""
        ahead = of(self._connection)
        hashes = sorted({self._identifiers.hash_of(identifier) for identifier in identifiers})
        if ahead is not None and hashes:
            found: dict[str, list[tuple[str, str]]] = {key_hash: [] for key_hash in hashes}
            for key_hash, *resource in self._identified([type], hashes):
                found[key_hash].append((resource[0], resource[1]))
            for key_hash, resources in found.items():
                ahead.tell(self._place("identified", type, key_hash), resources)

    def _identified(
        self, types: Sequence[str], hashes: Sequence[str]
    ) -> list[tuple[str, str, str]]:
        # Not ordered there: for the order SQLite would read all resources of these types.
        query = select(_i.key_hash, _i.type, _i.resource_id).where(
            _i.payer_id == self._scope.payer_id,
            _i.key_hash.in_(hashes),
            _i.type.in_(types),
            self._owned(_i.submitter_id, _i.type),
        )
        return sorted((row[0], row[1], row[2]) for row in self._connection.execute(query))

    def _place(self, *question: str) -> tuple[object, ...]:
        """Under what the answer to a question is known to a transaction for many."""
        # What the payer itself keeps is the same for all who see it.
        scope = self._scope.payer_id if self._is_reference_data else self._scope
        return ("resource", scope, *question)

    def has_any(self, type: str) -> bool:
        """Whether there is any resource of this type."""

        def ask() -> bool:
            query = select(_r.id).where(
                _r.payer_id == self._scope.payer_id,
                _r.type == type,
                _r.deleted_at.is_(None),
                self._visible(),
            )
            return self._connection.execute(query.limit(1)).first() is not None

        return answered(self._connection, self._place("any", type), ask)

    def hash_of(self, identifier: Identifier) -> str:
        """The keyed hash an identifier is found by."""
        return self._identifiers.hash_of(identifier)

    def _key(self, type: str, id: str) -> tuple[ColumnElement[bool], ...]:
        return (_r.payer_id == self._scope.payer_id, _r.type == type, _r.id == id)

    def _visible(self) -> ColumnElement[bool]:
        return self._owned(_r.submitter_id, _r.type)

    def _owned(
        self, owner: ColumnElement[str | None], type: ColumnElement[str]
    ) -> ColumnElement[bool]:
        if self._is_reference_data:
            return owner.is_(None)
        return owned(self._scope, owner, type)
