"""Resources and all their versions, each as the text it was received or written in."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, bindparam, case, delete, func, select, update

from app.domain.references import Identifier
from app.store import tables
from app.store.database.questions import Question
from app.store.encryption.texts import body_values, rewrite
from app.store.encryption.vault import DataKey, destroy, made
from app.store.fences import advancing_resource
from app.store.labels import label_in
from app.store.resource_reading import ResourceReading
from app.store.together.at_once import inserts_alone
from app.store.together.transaction import hits, insert_rows, of
from app.store.versions import (
    DELETE,
    Stored,
    VersionConflict,
    is_version,
    stored_from,
    version_key,
    with_versions,
)
from app.store.visibility import READABLE_REFERENCE_DATA

__all__ = ["READABLE_REFERENCE_DATA", "Resources", "Stored", "VersionConflict"]

_r = tables.resource.c
_v = tables.resource_version.c
_i = tables.business_identifier.c


class Resources(ResourceReading):
    """What one scope may see, and what may be written of it."""

    def add(
        self,
        type: str,
        id: str,
        text: str,
        identifiers: Iterable[Identifier],
        submitter_id: str | None,
        *,
        method: str | None = None,
        document: Mapping[str, Any] | None = None,
        family: Stored | None = None,
    ) -> Stored:
        """Keep version 1 of a new resource; raises VersionConflict where the id is taken.

        `method` where it did not come by POST; `document` is what is in the text, but for its id
        and what the server tells in meta. `family` is what it goes with: encrypted with its key.
        """
        label = label_in(text, document)
        row = {
            "payer_id": self._scope.payer_id,
            "type": type,
            "id": id,
            "submitter_id": submitter_id,
            "version": 1,
            "created_at": self._now,
            "updated_at": self._now,
            "label": label,
        }
        if not inserts_alone(self._connection, tables.resource, row):
            raise VersionConflict(f"{type}/{id}")
        key = self._key_of(family)
        added = Stored(type, id, 1, self._now, text, submitter_id, method, label, key)
        self._add_version(added)
        self._identifiers.add(type, id, identifiers, submitter_id)
        self._index.add(type, id, submitter_id, text, document)
        return added

    def read_carrying_ahead(self, type: str, identifier: Identifier) -> None:
        """Read what alone carries an identifier, of what the payer keeps, for who asks next."""
        ahead = of(self._connection)
        if ahead is None or not self._is_reference_data:
            return
        key_hash = self.hash_of(identifier)
        given = {"b_payer": self._scope.payer_id, "b_type": type, "b_key": key_hash}
        row = _carrying().row(self._connection, given)
        if row is not None:
            ahead.tell(self._place("identified", type, key_hash), [(type, row.id)])
            ahead.tell(self._place("id", type, row.id), stored_from(row, self._connection))

    def amend(
        self,
        previous: Stored,
        text: str,
        *,
        method: str | None = None,
        document: Mapping[str, Any] | None = None,
    ) -> Stored:
        """Keep the next version; raises VersionConflict if `previous` is not current.

        `document` as in `add`.
        """
        amended = self._next(previous, text, method, label_in(text, document))
        self._index.replace(previous.type, previous.id, previous.submitter_id, text, document)
        return amended

    def restate(self, previous: Stored, text: str, status: str) -> Stored:
        """As `amend`, for a text in which nothing but the status is another one."""
        amended = self._next(previous, text, None, previous.label)
        self._index.restate(previous.type, previous.id, previous.submitter_id, text, status)
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
        deleted = self._next(previous, None, DELETE, previous.label)
        self._identifiers.forget(previous.type, previous.id)
        self._index.forget(previous.type, (previous.id,))
        return deleted

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
            delete(tables.resource_version)
            .where(*version_key(self._scope, type, id))
            .returning(_v.key_id)
        )
        keys = list(versions.scalars())
        # What else was encrypted with them goes with it, and then they are gone already.
        living = {key for key in keys if key is not None} - self._destroyed
        destroy(self._connection, self._scope.payer_id, living)
        self._destroyed |= living
        return len(keys)

    def rewrite(self, type: str, ids: Iterable[str], rewritten: Callable[[str, str], str]) -> int:
        """Change texts of versions in place, for what must not be kept; how many changed.

        `rewritten` is given an id and a text, and gives the text that is to be there.
        """
        meant = (_r.payer_id == self._scope.payer_id, _r.type == type, _r.id.in_(sorted(ids)))
        # Whoever encrypts what is plain, or writes an index anew, has read the text of before: it
        # would put that back. So first, and in their order.
        self._connection.execute(select(_r.id).where(*meant).order_by(_r.id).with_for_update())
        every = with_versions().where(*meant)
        found: dict[str, list[Stored]] = defaultdict(list)
        for row in self._connection.execute(every):
            found[row.id].append(stored_from(row, self._connection))
        return sum(self._rewritten(versions, rewritten) for versions in found.values())

    def _rewritten(self, versions: list[Stored], rewritten: Callable[[str, str], str]) -> int:
        """As `rewrite`, for all versions of one resource: under a new key, and the old one goes."""
        texts = {one.version: rewritten(one.id, one.text or "") for one in versions}
        changed = [one for one in versions if texts[one.version] != (one.text or "")]
        if not changed:
            return 0
        old = {one.key.id for one in versions if one.key is not None}
        key = made(self._connection, self._scope.payer_id, self._now)
        kept = [replace(one, text=texts[one.version], key=key) for one in versions]
        rewrite(self._connection, self._scope.payer_id, kept)
        destroy(self._connection, self._scope.payer_id, old)
        current = max(kept, key=lambda one: one.version)
        if current.version in {one.version for one in changed}:
            text = texts[current.version]
            self._index.replace(current.type, current.id, current.submitter_id, text)
        return len(changed)

    def _key_of(self, family: Stored | None) -> DataKey | None:
        """The key that is there, else a new one; None without encryption."""
        if family is not None and family.key is not None:
            return family.key
        return made(self._connection, self._scope.payer_id, self._now)

    def _next(
        self, previous: Stored, text: str | None, method: str | None, label: str | None
    ) -> Stored:
        version, deleted_at = previous.version + 1, None if text is not None else self._now
        row = {
            "b_payer": self._scope.payer_id,
            "b_type": previous.type,
            "b_id": previous.id,
            "b_version": previous.version,
            "c_version": version,
            "c_updated": self._now,
            "c_deleted": deleted_at,
            "c_label": label,
        }
        if not hits(self._connection, advancing_resource(), row):
            raise VersionConflict(previous.reference)
        stored = replace(
            previous,
            version=version,
            updated_at=self._now,
            text=text,
            method=method,
            label=label,
            key=self._key_of(previous),
        )
        self._add_version(stored)
        return stored

    def _add_version(self, stored: Stored) -> None:
        row = {
            "payer_id": self._scope.payer_id,
            "type": stored.type,
            "id": stored.id,
            "version": stored.version,
            "updated_at": self._now,
            **body_values(self._scope.payer_id, stored),
            "method": stored.method,
        }
        insert_rows(self._connection, tables.resource_version, (row,))


@cache
def _carrying() -> Question:
    """What of the payer's alone carries an identifier, in its current version; else no row."""
    payer_id: BindParameter[str] = bindparam("b_payer")
    type: BindParameter[str] = bindparam("b_type")
    # One value, looked up first: without statistics PostgreSQL would join whole tables.
    only = (
        select(case((func.count() == 1, func.min(_i.resource_id))))
        .where(
            _i.payer_id == payer_id,
            _i.key_hash == bindparam("b_key"),
            _i.type == type,
            _i.submitter_id.is_(None),
        )
        .scalar_subquery()
    )
    return Question(
        with_versions().where(
            _r.payer_id == payer_id,
            _r.type == type,
            _r.id == only,
            _r.submitter_id.is_(None),
            is_version(_r.version),
        )
    )
