"""The names of the keys that wrap others, and keys of texts wrapped anew under another.

A key that wraps others goes in this order: its row, then the key itself. So nothing can be wrapped
under a key that nobody has.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, tuple_, update

from app.store import tables
from app.store.encryption.ring import Ring, WrappingKey
from app.store.encryption.vault import Vault, opens, wrapped_row
from app.store.statements import inserted_if_absent

_w = tables.wrapping_key.c
_k = tables.data_key.c
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Registered:
    """A key that wraps others, as the database knows it, and how many are wrapped under it."""

    id: str
    created_at: datetime
    wraps: int


class Registry:
    """The keys of all payers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: WrappingKey) -> None:
        """Let others be wrapped under a key."""
        row = {"id": key.id, "created_at": key.created_at}
        inserted_if_absent(self._connection, tables.wrapping_key, row)

    def only(self, current: str) -> list[str]:
        """Let nothing be wrapped under any other key; which they were.

        Raises Busy where something still is.
        """
        others = delete(tables.wrapping_key).where(_w.id != current).returning(_w.id)
        return sorted(self._connection.execute(others).scalars())

    def instant(self) -> datetime:
        """This instant, by the clock of a server; of SQLite, which needs none, any."""
        if self._connection.dialect.name == "sqlite":
            return datetime.now(UTC)
        found: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        return found

    def not_opened(self, ring: Ring | None) -> list[str]:
        """The keys under which others are wrapped that are not here, or are others by that name."""
        is_one = select(_k.id).where(_k.wrapping_id == _w.id).exists()
        used = self._connection.execute(select(_w.id).where(is_one).order_by(_w.id)).scalars()
        return [id for id in used.all() if ring is None or not self._is_opened(id, ring)]

    def _is_opened(self, wrapping_id: str, ring: Ring) -> bool:
        """Whether a key opens one of those that are wrapped under it, and so the others too."""
        one = select(_k.payer_id, _k.id, _k.wrapping_id, _k.wrapped)
        row = self._connection.execute(one.where(_k.wrapping_id == wrapping_id).limit(1)).first()
        return row is None or opens(ring, row)

    def registered(self) -> list[Registered]:
        """All keys that wrap others, the oldest first."""
        query = (
            select(_w.id, _w.created_at, func.count(_k.id))
            .outerjoin(tables.data_key, _k.wrapping_id == _w.id)
            .group_by(_w.id, _w.created_at)
            .order_by(_w.created_at, _w.id)
        )
        return [Registered(*row) for row in self._connection.execute(query)]

    def plain(self) -> int:
        """How many texts are not encrypted."""
        versions, decisions = tables.resource_version.c, tables.decision.c
        of_resources = select(func.count()).where(versions.key_id.is_(None))
        of_decisions = select(func.count()).where(
            decisions.key_id.is_(None), decisions.inputs.is_not(None)
        )
        counts = (of_resources, of_decisions)
        return sum(self._connection.execute(query).scalar_one() for query in counts)

    def count(self) -> int:
        """How many keys of texts there are."""
        query = select(func.count()).select_from(tables.data_key)
        return int(self._connection.execute(query).scalar_one())

    def rewrap(
        self, vault: Vault, ring: Ring, after: Place, limit: int
    ) -> tuple[Place, int] | None:
        """Wrap the keys after a place under the current one; None after the last.

        Where that ended, and how many keys were looked at. Raises KeyUnknown.
        """
        keys = tuple_(_k.payer_id, _k.id)
        query = (
            select(_k.payer_id, _k.id, _k.wrapping_id, _k.wrapped)
            .where(keys > after)
            .order_by(_k.payer_id, _k.id)
            .limit(limit)
            .with_for_update()
        )
        rows = self._connection.execute(query).all()
        changed = [_rewrapped(row, vault, ring) for row in rows if row.wrapping_id != ring.current]
        if changed:
            self._connection.execute(_REWRAPPING, changed)
        return ((rows[-1].payer_id, rows[-1].id), len(rows)) if rows else None


_REWRAPPING = (
    update(tables.data_key)
    .where(_k.payer_id == bindparam("b_payer"), _k.id == bindparam("b_id"))
    .values(wrapping_id=bindparam("c_wrapping"), wrapped=bindparam("c_wrapped"))
)


def _rewrapped(row: Any, vault: Vault, ring: Ring) -> dict[str, Any]:
    key = vault.unwrap(row.payer_id, row.id, row.wrapping_id, row.wrapped)
    values = wrapped_row(row.payer_id, key, ring)
    return {
        "b_payer": row.payer_id,
        "b_id": row.id,
        "c_wrapping": values["wrapping_id"],
        "c_wrapped": values["wrapped"],
    }
