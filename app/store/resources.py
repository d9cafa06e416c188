"""Resources and all their versions, each as the text it was received or written in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, bindparam, case, delete, func, select, update

from app.domain.references import Identifier
from app.store import tables
from app.store.bodies import encoded
from app.store.database.questions import Question
from app.store.fences import advancing_resource
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
    ) -> Stored:
        """Keep version 1 of a new resource; raises VersionConflict where the id is taken.

        `method` where it did not come by POST; `document` is what is in the text, but for its id
        and what the server tells in meta.
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
        if not inserts_alone(self._connection, tables.resource, row):
            raise VersionConflict(f"{type}/{id}")
        added = Stored(type, id, 1, self._now, text, submitter_id, method)
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
            ahead.tell(self._place("id", type, row.id), stored_from(row))

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
        amended = self._next(previous, text, method)
        self._index.replace(previous.type, previous.id, previous.submitter_id, text, document)
        return amended

    def restate(self, previous: Stored, text: str, status: str) -> Stored:
        """As `amend`, for a text in which nothing but the status is another one."""
        amended = self._next(previous, text, None)
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
        deleted = self._next(previous, None, DELETE)
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

    def _next(self, previous: Stored, text: str | None, method: str | None) -> Stored:
        version, deleted_at = previous.version + 1, None if text is not None else self._now
        row = {
            "b_payer": self._scope.payer_id,
            "b_type": previous.type,
            "b_id": previous.id,
            "b_version": previous.version,
            "c_version": version,
            "c_updated": self._now,
            "c_deleted": deleted_at,
        }
        if not hits(self._connection, advancing_resource(), row):
            raise VersionConflict(previous.reference)
        stored = replace(previous, version=version, updated_at=self._now, text=text, method=method)
        self._add_version(stored)
        return stored

    def _add_version(self, stored: Stored) -> None:
        body = encoded(stored.text or "")
        row = {
            "payer_id": self._scope.payer_id,
            "type": stored.type,
            "id": stored.id,
            "version": stored.version,
            "updated_at": self._now,
            "body_format": body.format,
            "key_id": body.key_id,
            "body": body.content,
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
