"""Resources as whoever asks may see them: what its permissions do not cover is as if missing.

Docs: docs/scopes.md.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from app.domain.permissions import GUARDED, Permissions
from app.store import tables
from app.store.database.questions import Question
from app.store.resource_reading import ResourceReading
from app.store.versions import Stored, is_its_key, is_version, stored_from, with_versions
from app.store.visibility import owned_by, seen

_r = tables.resource.c
_v = tables.resource_version.c
_h = tables.handed_over.c

# The clients of an installation have few kinds of permissions; tokens may narrow them.
_MOST_KEPT = 128


class VisibleResources(ResourceReading):
    """What one scope may see and its permissions allow to be read."""

    def find_version(self, type: str, id: str, version: int) -> Stored | None:
        """As of all resources; None also for what may not be read."""
        query = with_versions().where(
            *self._key(type, id),
            self._visible(),
            seen(self._scope.permissions, "r", type, _r.label),
            is_version(version),
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else stored_from(row, self._connection)

    def handed_over(self, task_id: str) -> list[tuple[Stored, int]]:
        """What a poll handed over, in order, and the so-manieth time; empty for any other Task.

        What is gone since has no text; what may not be read is left out.
        """
        given = {**self._scoped(), "b_task": task_id}
        query = _handed_over(self._scope.permissions, self._is_one)
        rows = self._connection.execute(query, given)
        return [(stored_from(row, self._connection), row.delivery) for row in rows]

    def is_known(self, type: str, id: str) -> bool:
        """Whether who names a resource may know of it: what has a guarded label may be hidden.

        True for what is not there, which whoever looks for it finds out. Asks the database only
        where permissions hide anything.
        """
        permissions = self._scope.permissions
        if all(permissions.allows("r", type, labels=(label,)) for label in GUARDED):
            return True
        query = select(_r.label).where(*self._key(type, id), self._visible())
        row = self._connection.execute(query).one_or_none()
        return row is None or self._scope.sees(type, row.label)

    def _found(self, type: str, id: str) -> Stored | None:
        given = {**self._scoped(), "b_type": type, "b_id": id}
        row = _one(self._scope.permissions, self._is_one).row(self._connection, given)
        return None if row is None else stored_from(row, self._connection)

    @property
    def _is_one(self) -> bool:
        """Whether it is one submitter that asks."""
        return self._scope.submitter_id is not None


def _mine(is_one: bool) -> tuple[ColumnElement[bool], ...]:
    return (owned_by(bindparam("b_submitter"), _r.submitter_id, _r.type),) if is_one else ()


@lru_cache(_MOST_KEPT)
def _one(permissions: Permissions, is_one: bool) -> Question:
    """The current version of one resource."""
    return Question(
        with_versions().where(
            _r.payer_id == bindparam("b_payer"),
            _r.type == bindparam("b_type"),
            _r.id == bindparam("b_id"),
            *_mine(is_one),
            seen(permissions, "r", _r.type, _r.label),
            is_version(_r.version),
        )
    )


@lru_cache(_MOST_KEPT)
def _handed_over(permissions: Permissions, is_one: bool) -> Select[Any]:
    """The versions that one poll handed over, in order."""
    its = [_h.payer_id == bindparam("b_payer"), _h.task_id == bindparam("b_task")]
    if is_one:
        its.append(_h.submitter_id == bindparam("b_submitter"))
    is_named = and_(_r.payer_id == _h.payer_id, _r.type == _h.type, _r.id == _h.resource_id)
    is_kept = and_(
        _v.payer_id == _r.payer_id, _v.type == _r.type, _v.id == _r.id, _v.version == _h.version
    )
    is_seen = seen(permissions, "r", _r.type, _r.label)
    return (
        select(_h.delivery, *with_versions().selected_columns)
        .join_from(tables.handed_over, tables.resource, and_(is_named, is_seen, *_mine(is_one)))
        # What was purged has no version left, and was handed over all the same.
        .join(tables.resource_version, is_kept, isouter=True)
        .join(tables.data_key, is_its_key(), isouter=True)
        .where(*its, is_version(_h.version))
        .order_by(_h.position)
    )
