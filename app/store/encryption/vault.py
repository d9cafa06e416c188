"""What opens and closes: the keys of a process, looked up anew where they may have changed.

Bound to a store's engines, so that whoever has a connection has it. Keys of texts are kept by
nobody: they are unwrapped for the row that is read, and gone with it.
"""

import os
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete

from app.store import tables
from app.store.encryption.ring import SECRET_BYTES, KeyDamaged, KeyUnknown, Ring
from app.store.encryption.sources import Mark, Source
from app.store.together.transaction import insert_rows
from app.store.types import microseconds

OPTION = "eclaims_vault"
_k = tables.data_key.c


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of some texts."""

    id: str
    secret: bytes = field(repr=False)


class Vault:
    """The keys that wrap others, as they are now. Thread-safe."""

    def __init__(self, source: Source, *, is_required: bool = False) -> None:
        """`is_required`: without keys nothing is written, rather than plain."""
        self.source = source
        self._is_required = is_required
        self._reading = threading.Lock()
        self._known: tuple[Mark, Ring | None] | None = None

    def ring(self) -> Ring | None:
        """The keys as they are now; None where text is not encrypted.

        Raises KeyUnknown where they are required and not there, WrongKeys.
        """
        ring = self._current(is_wanted=False)
        if ring is None and self._is_required:
            raise KeyUnknown("any")
        return ring

    def require(self) -> Ring:
        """The keys as they are now; raises KeyUnknown where there are none."""
        ring = self.ring()
        if ring is None:
            raise KeyUnknown("any")
        return ring

    def look_again(self) -> None:
        """Read the keys anew where they may be others, as the current one is refused.

        A program that tells them is not asked otherwise while none is missing. Raises WrongKeys.
        """
        self._current(is_wanted=True)

    def unwrap(self, payer_id: str, id: str, wrapping_id: str, wrapped: bytes) -> DataKey:
        """A key of texts; raises KeyUnknown, KeyDamaged, WrongKeys."""
        known = self._known
        ring = known[1] if known is not None else None
        if ring is None or wrapping_id not in ring.keys:
            ring = self._current(is_wanted=True)
        if ring is None:
            raise KeyUnknown(wrapping_id)
        about = _about(payer_id, id, wrapping_id)
        return DataKey(id, ring.unwrap(wrapping_id, wrapped, about))

    def _current(self, *, is_wanted: bool) -> Ring | None:
        mark, known = self.source.mark(is_wanted=is_wanted), self._known
        if known is not None and (known[0] == mark or (mark is None and known[1] is not None)):
            # A file that is gone takes nothing away: what is written would be plain from then on.
            return known[1]
        with self._reading:
            self._known = (mark, self.source.read())
            return self._known[1]


def vault_of(connection: Connection) -> Vault | None:
    """What opens and closes on this connection; None where nothing was ever to be encrypted."""
    found: Vault | None = connection.get_execution_options().get(OPTION)
    return found


def wrapped_row(payer_id: str, key: DataKey, ring: Ring) -> dict[str, Any]:
    """The row of a key, wrapped under the current one."""
    about = _about(payer_id, key.id, ring.current)
    return {
        "payer_id": payer_id,
        "id": key.id,
        "wrapping_id": ring.current,
        "wrapped": ring.wrap(key.secret, about),
    }


def made(connection: Connection, payer_id: str, now: datetime) -> DataKey | None:
    """A new key for texts, kept with the rest of the transaction; None without encryption."""
    vault = vault_of(connection)
    ring = vault.ring() if vault is not None else None
    if ring is None:
        return None
    # The time first: what is made together lies together.
    id = f"{microseconds(now):014x}-{os.urandom(8).hex()}"
    key = DataKey(id, os.urandom(SECRET_BYTES))
    insert_rows(connection, tables.data_key, (wrapped_row(payer_id, key, ring),))
    return key


def opened(connection: Connection, row: Row[Any]) -> DataKey | None:
    """The key of a row that was read with its wrapped key; None for a plain one.

    Raises KeyUnknown, KeyDamaged.
    """
    if row.key_id is None or row.wrapped is None:
        return None
    vault = vault_of(connection)
    if vault is None:
        raise KeyUnknown(row.wrapping_id)
    return vault.unwrap(row.payer_id, row.key_id, row.wrapping_id, row.wrapped)


def opens(ring: Ring, row: Any) -> bool:
    """Whether keys open the wrapped key of a row of `data_key`."""
    try:
        ring.unwrap(row.wrapping_id, row.wrapped, _about(row.payer_id, row.id, row.wrapping_id))
    except (KeyUnknown, KeyDamaged):
        return False
    return True


def destroy(connection: Connection, payer_id: str, ids: set[str]) -> None:
    """Destroy keys: what was encrypted with them cannot be read any more."""
    if ids:
        its = (_k.payer_id == payer_id, _k.id.in_(sorted(ids)))
        connection.execute(delete(tables.data_key).where(*its))


def _about(payer_id: str, id: str, wrapping_id: str) -> bytes:
    """What a wrapped key is held to: it opens nothing in another's place."""
    return f"{payer_id}\x1f{id}\x1f{wrapping_id}".encode()
