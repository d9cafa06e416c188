"""One version of a resource, and the rows it is read from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from app.domain.parties import Scope
from app.store import tables
from app.store.bodies import Seal, decoded, place
from app.store.encryption.vault import DataKey, opened

DELETE = "DELETE"

# What one page holds at most, beside its first resource: nobody asks for as many bytes as they are.
PAGE_BYTES = 8 * 1024 * 1024

_r = tables.resource.c
_v = tables.resource_version.c
_k = tables.data_key.c

# How many bytes a text has.
SIZE = func.coalesce(_v.size, func.length(_v.body))


class VersionConflict(Exception):
    """The resource was changed by someone else since it was read."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a resource; `text` is None once it is gone, or where it tells a deletion.

    `label` is the guarded label of its current version.
    `key` is what its text is encrypted with; None where that is plain.
    """

    type: str
    id: str
    version: int
    updated_at: datetime
    text: str | None
    submitter_id: str | None = None
    method: str | None = None
    label: str | None = None
    key: DataKey | None = field(default=None, repr=False, compare=False)

    @property
    def made_by(self) -> str:
        """The HTTP method that the version came about by, or would have."""
        return self.method or ("POST" if self.version == 1 else "PUT")

    @property
    def is_deletion(self) -> bool:
        """Whether this version tells that the resource was deleted."""
        return self.method == DELETE

    @property
    def reference(self) -> str:
        """The relative reference, without a version."""
        return f"{self.type}/{self.id}"

    @property
    def versioned(self) -> str:
        """The relative reference to this very version."""
        return f"{self.type}/{self.id}/_history/{self.version}"


def with_versions() -> Select[Any]:
    """Resources with their versions, one row each; of what was purged one row without a version."""
    versions = select(
        _r.payer_id,
        _r.type,
        _r.id,
        _r.submitter_id,
        _r.gone_at,
        _r.label,
        _r.version.label("current"),
        _v.version,
        _v.updated_at,
        _v.body_format,
        _v.key_id,
        _v.body,
        _v.method,
        _k.wrapping_id,
        _k.wrapped,
    ).join_from(
        tables.resource,
        tables.resource_version,
        and_(_v.payer_id == _r.payer_id, _v.type == _r.type, _v.id == _r.id),
        # What was purged has no version left, and that it was there is told all the same.
        isouter=True,
    )
    return versions.join(tables.data_key, is_its_key(), isouter=True)


def is_its_key() -> ColumnElement[bool]:
    """Whether a key is that of a version; with it, no text needs a statement of its own."""
    return and_(_k.payer_id == _v.payer_id, _k.id == _v.key_id)


def is_version(version: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a row is this version, or stands for one that was purged."""
    return or_(_v.version == version, and_(_v.version.is_(None), _r.gone_at.is_not(None)))


def version_key(scope: Scope, type: str, id: str) -> tuple[ColumnElement[bool], ...]:
    """Every version of one resource."""
    return (_v.payer_id == scope.payer_id, _v.type == type, _v.id == id)


def stored_from(row: Row[Any], connection: Connection) -> Stored:
    """The version behind a row that the connection read; raises KeyUnknown."""
    if row.gone_at is not None:
        return Stored(
            row.type, row.id, row.current, row.gone_at, None, row.submitter_id, label=row.label
        )
    key, text = opened(connection, row), None
    if row.method != DELETE:
        text = decoded(row.body_format, row.key_id, row.body, _seal(key, row))
    return Stored(
        row.type,
        row.id,
        row.version,
        row.updated_at,
        text,
        row.submitter_id,
        row.method,
        row.label,
        key,
    )


def _seal(key: DataKey | None, row: Row[Any]) -> Seal | None:
    if key is None:
        return None
    return Seal(key.id, key.secret, place(row.payer_id, row.type, row.id, row.version))


def within_a_page(sizes: Iterable[int]) -> int:
    """How many of these sizes, in their order, one page holds: one at least, if there is one."""
    taken = running = 0
    for size in sizes:
        running += size
        if taken and running > PAGE_BYTES:
            break
        taken += 1
    return taken
