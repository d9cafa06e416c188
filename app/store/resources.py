"""Resources and all their versions, each as the text it was received or written in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from app.domain.parties import Scope
from app.domain.references import Identifier
from app.store import tables
from app.store.bodies import encoded
from app.store.hashing import Hasher
from app.store.identifiers import Identifiers
from app.store.search_index import SearchIndex
from app.store.statements import inserted_if_absent
from app.store.versions import (
    DELETE,
    Stored,
    VersionConflict,
    is_version,
    stored_from,
    version_key,
    with_versions,
)
from app.store.visibility import READABLE_REFERENCE_DATA, owned

__all__ = ["READABLE_REFERENCE_DATA", "Resources", "Stored", "VersionConflict"]

_r = tables.resource.c
_v = tables.resource_version.c
_i = tables.business_identifier.c


class Resources:
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

    def add(
        self,
        type: str,
        id: str,
        text: str,
        identifiers: Iterable[Identifier],
        submitter_id: str | None,
        *,
        method: str | None = None,
    ) -> Stored:
        """Keep version 1 of a new resource; raises VersionConflict where the id is taken.

        `method` where it did not come by POST.
        """
        row = {
            "payer_id": self._scope.payer_id,
            "type": type,
            "id": id,
            "submitter_id": submitter_id,
            "version": 1,
            "created_at": self._now,
            "updated_at": self._now,
        }
        if not inserted_if_absent(self._connection, tables.resource, row):
            raise VersionConflict(f"{type}/{id}")
        added = Stored(type, id, 1, self._now, text, submitter_id, method)
        self._add_version(added)
        self._identifiers.add(type, id, identifiers, submitter_id)
        self._index.add(type, id, submitter_id, text)
        return added

    def amend(self, previous: Stored, text: str, *, method: str | None = None) -> Stored:
        """Keep the next version; raises VersionConflict if `previous` is not current."""
        amended = self._next(previous, text, method)
        self._index.replace(previous.type, previous.id, previous.submitter_id, text)
        return amended

    def replace(
        self,
        previous: Stored,
        text: str,
        identifiers: Iterable[Identifier],
        *,
        method: str | None = None,
    ) -> Stored:
        """As `amend`, for content whose identifiers may have changed; brings back a deleted one."""
        amended = self.amend(previous, text, method=method)
        self._identifiers.forget(previous.type, previous.id)
        self._identifiers.add(previous.type, previous.id, identifiers, previous.submitter_id)
        return amended

    def delete(self, previous: Stored) -> Stored:
        """Keep a version that tells of the deletion; raises VersionConflict as `amend` does.

        The earlier versions stay; nothing finds the resource any more.
        """
        deleted = self._next(previous, None, DELETE)
        self._identifiers.forget(previous.type, previous.id)
        self._index.forget(previous.type, (previous.id,))
        return deleted

    def find(self, type: str, id: str, *, lock: bool = False) -> Stored | None:
        """The current version; None if there is none in this scope."""
        if lock:
            # By a statement of its own: one that waited would join the row it waited for with
            # the versions from before, and find none.
            row_of = select(_r.id).where(*self._key(type, id), self._visible())
            self._connection.execute(row_of.with_for_update())
        query = with_versions().where(*self._key(type, id), self._visible(), is_version(_r.version))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else stored_from(row)

    def find_all(self, type: str, ids: Iterable[str]) -> list[Stored]:
        """The current versions of several resources, in the order of their ids."""
        query = with_versions().where(
            _r.payer_id == self._scope.payer_id,
            _r.type == type,
            _r.id.in_(sorted(ids)),
            self._visible(),
            is_version(_r.version),
        )
        return [stored_from(row) for row in self._connection.execute(query.order_by(_r.id))]

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
        query = (
            select(_i.type, _i.resource_id)
            .where(
                _i.payer_id == self._scope.payer_id,
                _i.key_hash.in_(hashes),
                _i.type.in_(sorted(types)),
                self._owned(_i.submitter_id, _i.type),
            )
            .distinct()
            .order_by(_i.type, _i.resource_id)
        )
        return [(row.type, row.resource_id) for row in self._connection.execute(query)]

    def purge(self, type: str, id: str) -> int:
        """Take every version and every identifier away, and leave that it was there.

        How many versions it had; none where it is not in this scope or gone already.
        """
        gone = self._connection.execute(
            update(tables.resource)
            .where(*self._key(type, id), self._visible(), _r.gone_at.is_(None))
            .values(gone_at=self._now)
        )
        if gone.rowcount == 0:
            return 0
        self._identifiers.forget(type, id)
        self._index.forget(type, (id,))
        versions = self._connection.execute(
            delete(tables.resource_version).where(*version_key(self._scope, type, id))
        )
        return versions.rowcount

    def rewrite(self, type: str, ids: Iterable[str], rewritten: Callable[[str, str], str]) -> int:
        """Change texts of versions in place, for what must not be kept; how many changed.

        `rewritten` is given an id and a text, and gives the text that is to be there.
        """
        of_type = (_v.payer_id == self._scope.payer_id, _v.type == type)
        changed: list[dict[str, Any]] = []
        for row in self._connection.execute(
            with_versions().where(*of_type, _v.id.in_(sorted(ids)))
        ):
            before = stored_from(row).text or ""
            after = rewritten(row.id, before)
            if after == before:
                continue
            body = encoded(after)
            place = {"b_id": row.id, "b_version": row.version, "b_format": body.format}
            changed.append({**place, "b_key": body.key_id, "b_body": body.content})
            if row.version == row.current:
                self._index.replace(type, row.id, row.submitter_id, after)
        if changed:
            rows = update(tables.resource_version).where(
                *of_type, _v.id == bindparam("b_id"), _v.version == bindparam("b_version")
            )
            values = {"body_format": "b_format", "key_id": "b_key", "body": "b_body"}
            self._connection.execute(
                rows.values({name: bindparam(given) for name, given in values.items()}), changed
            )
        return len(changed)

    def has_any(self, type: str) -> bool:
        """Whether there is any resource of this type."""
        query = select(_r.id).where(
            _r.payer_id == self._scope.payer_id,
            _r.type == type,
            _r.deleted_at.is_(None),
            self._visible(),
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def hash_of(self, identifier: Identifier) -> str:
        """The keyed hash an identifier is found by."""
        return self._identifiers.hash_of(identifier)

    def _next(self, previous: Stored, text: str | None, method: str | None) -> Stored:
        version, deleted_at = previous.version + 1, None if text is not None else self._now
        amended = self._connection.execute(
            update(tables.resource)
            .where(*self._key(previous.type, previous.id), _r.version == previous.version)
            .values(version=version, updated_at=self._now, deleted_at=deleted_at)
        )
        if amended.rowcount != 1:
            raise VersionConflict(previous.reference)
        stored = replace(previous, version=version, updated_at=self._now, text=text, method=method)
        self._add_version(stored)
        return stored

    def _add_version(self, stored: Stored) -> None:
        body = encoded(stored.text or "")
        self._connection.execute(
            insert(tables.resource_version),
            {
                "payer_id": self._scope.payer_id,
                "type": stored.type,
                "id": stored.id,
                "version": stored.version,
                "updated_at": self._now,
                "body_format": body.format,
                "key_id": body.key_id,
                "body": body.content,
                "method": stored.method,
            },
        )

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
