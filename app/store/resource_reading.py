"""Reading resources: what one scope may see of them, and nothing else.

The statements that every request and decision needs are built once for each reach, not per call.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, true

from app.domain.parties import Scope
from app.domain.references import Identifier
from app.store import tables
from app.store.database.questions import Question
from app.store.hashing import Hasher
from app.store.identifiers import Identifiers
from app.store.search.index import SearchIndex
from app.store.together.transaction import answered, of
from app.store.versions import Stored, is_version, stored_from, with_versions
from app.store.visibility import owned, owned_by

_r = tables.resource.c
_v = tables.resource_version.c
_i = tables.business_identifier.c
_h = tables.handed_over.c

_Whose = tuple[str, str | None, bool]


def place(whose: Scope | _Whose, type: str, id: str) -> tuple[object, ...]:
    """Under what a transaction for many knows a resource, as a scope sees it."""
    whose = _whose(whose, is_reference_data=False) if isinstance(whose, Scope) else whose
    return ("resource", whose, "id", type, id)


def _whose(scope: Scope, *, is_reference_data: bool) -> _Whose:
    return (scope.payer_id, None if is_reference_data else scope.submitter_id, is_reference_data)


class _Reach(Enum):
    """How far a collection sees: what the payer keeps, all of the payer, or a submitter's."""

    REFERENCE_DATA = auto()
    PAYER = auto()
    SUBMITTER = auto()


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
        # What the payer itself keeps is the same for all who see it.
        self._whose = _whose(scope, is_reference_data=is_reference_data)
        self._reach = _reach(scope, is_reference_data=is_reference_data)
        self._now = now
        self._identifiers = Identifiers(connection, scope, hasher)
        self._index = index
        self._destroyed: set[str] = set()

    def find(self, type: str, id: str, *, lock: bool = False) -> Stored | None:
        """The current version; None if there is none in this scope."""
        if lock:
            # By a statement of its own: one that waited would join the row it waited for with
            # the versions from before, and find none.
            row_of = select(_r.id).where(*self._key(type, id), self._visible())
            self._connection.execute(row_of.with_for_update())
            return self._found(type, id)
        return answered(
            self._connection, place(self._whose, type, id), lambda: self._found(type, id)
        )

    def _found(self, type: str, id: str) -> Stored | None:
        given = {**self._scoped(), "b_type": type, "b_id": id}
        row = _one(self._reach).row(self._connection, given)
        return None if row is None else stored_from(row, self._connection)

    def find_all(self, type: str, ids: Iterable[str]) -> list[Stored]:
        """The current versions of several resources, in the order of their ids."""
        wanted = tuple(sorted(ids))

        def ask() -> list[Stored]:
            rows = _current(self._reach).rows(self._connection, self._given(type, wanted))
            return [stored_from(row, self._connection) for row in rows]

        return answered(self._connection, self._place("ids", type, *wanted), ask)

    def find_each(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        """The current versions of resources of several types, by type and id."""
        wanted = sorted(set(keys))
        given = {
            **self._scoped(),
            "b_types": sorted({type for type, _ in wanted}),
            "b_ids": [id for _, id in wanted],
        }
        rows = _each(self._reach).rows(self._connection, given)
        found = [stored_from(row, self._connection) for row in rows]
        by_key = {(stored.type, stored.id): stored for stored in found}
        return {key: by_key[key] for key in wanted if key in by_key}

    def read_ahead(self, type: str, ids: Iterable[str]) -> None:
        """Read current versions for a transaction that asks for each of them."""
        ahead, wanted = of(self._connection), sorted(set(ids))
        if ahead is not None and wanted:
            found = {stored.id: stored for stored in self.find_all(type, wanted)}
            for id in wanted:
                ahead.tell(place(self._whose, type, id), found.get(id))

    def find_version(self, type: str, id: str, version: int) -> Stored | None:
        """One version, without its text once the resource is gone; None if there is none."""
        query = with_versions().where(*self._key(type, id), self._visible(), is_version(version))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else stored_from(row, self._connection)

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
        given = {**self._scoped(), "b_types": list(types), "b_hashes": list(hashes)}
        rows = _identified(self._reach).rows(self._connection, given)
        return sorted((row[0], row[1], row[2]) for row in rows)

    def _place(self, *question: str) -> tuple[object, ...]:
        """Under what the answer to a question is known to a transaction for many."""
        return ("resource", self._whose, *question)

    def has_any(self, type: str) -> bool:
        """Whether there is any resource of this type."""

        def ask() -> bool:
            given = {**self._scoped(), "b_type": type}
            return self._connection.execute(_any(self._reach), given).first() is not None

        return answered(self._connection, self._place("any", type), ask)

    def hash_of(self, identifier: Identifier) -> str:
        """The keyed hash an identifier is found by."""
        return self._identifiers.hash_of(identifier)

    def _given(self, type: str, ids: Iterable[str]) -> Mapping[str, Any]:
        return {**self._scoped(), "b_type": type, "b_ids": list(ids)}

    def _scoped(self) -> dict[str, Any]:
        payer = {"b_payer": self._scope.payer_id}
        is_one = self._reach is _Reach.SUBMITTER
        return {**payer, "b_submitter": self._scope.submitter_id} if is_one else payer

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


def _reach(scope: Scope, *, is_reference_data: bool) -> _Reach:
    if is_reference_data:
        return _Reach.REFERENCE_DATA
    return _Reach.PAYER if scope.submitter_id is None else _Reach.SUBMITTER


def _seen(
    reach: _Reach, owner: ColumnElement[str | None], type: ColumnElement[str]
) -> ColumnElement[bool]:
    """What is seen of a payer's rows, whoever the submitter is."""
    if reach is _Reach.REFERENCE_DATA:
        return owner.is_(None)
    return true() if reach is _Reach.PAYER else owned_by(bindparam("b_submitter"), owner, type)


@cache
def _one(reach: _Reach) -> Question:
    """The current version of one resource."""
    return Question(_present(reach).where(_r.id == bindparam("b_id")))


@cache
def _current(reach: _Reach) -> Question:
    """The current versions of some resources of one type, in the order of their ids."""
    its = _r.id.in_(bindparam("b_ids", expanding=True))
    return Question(_present(reach).where(its).order_by(_r.id))


def _present(reach: _Reach) -> Select[Any]:
    """The current versions of the resources of one type."""
    return with_versions().where(
        _r.payer_id == bindparam("b_payer"),
        _r.type == bindparam("b_type"),
        _seen(reach, _r.submitter_id, _r.type),
        is_version(_r.version),
    )


@cache
def _each(reach: _Reach) -> Question:
    """The current versions of some resources of some types."""
    query = with_versions().where(
        _r.payer_id == bindparam("b_payer"),
        _r.type.in_(bindparam("b_types", expanding=True)),
        _r.id.in_(bindparam("b_ids", expanding=True)),
        _seen(reach, _r.submitter_id, _r.type),
        is_version(_r.version),
    )
    return Question(query)


@cache
def _identified(reach: _Reach) -> Question:
    # Not ordered there: for the order SQLite would read all resources of these types.
    query = select(_i.key_hash, _i.type, _i.resource_id).where(
        _i.payer_id == bindparam("b_payer"),
        _i.key_hash.in_(bindparam("b_hashes", expanding=True)),
        _i.type.in_(bindparam("b_types", expanding=True)),
        _seen(reach, _i.submitter_id, _i.type),
    )
    return Question(query)


@cache
def _any(reach: _Reach) -> Select[Any]:
    is_there = (_r.payer_id == bindparam("b_payer"), _r.type == bindparam("b_type"))
    seen = _seen(reach, _r.submitter_id, _r.type)
    return select(_r.id).where(*is_there, _r.deleted_at.is_(None), seen).limit(1)
