"""What a client's credential may do and its keys: the newest that databases and lists tell.

Docs: docs/backup.md, "What was nullified stays gone".
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, ScalarSelect, func, inspect, select, update

from app.store import tables
from app.store.audit import Audit, Event
from app.store.hashing import Hasher
from app.store.trust import client_keys

_a = tables.audit.c
_c = tables.client.c
_k = tables.client_keys.c
_TYPE = "Client"
SCOPE, KEYS = "scope", "keys"


@dataclass(frozen=True, slots=True)
class Rights:
    """A client's scopes, and a digest of its keys, each with the instant it was set at."""

    payer_id: str
    client_id: str
    scopes: str | None
    scoped_at: datetime
    keys: str | None
    keyed_at: datetime


def of(connection: Connection) -> tuple[Rights, ...]:
    """The rights of all clients; none in a database of a revision that knew neither."""
    columns = {one["name"] for one in inspect(connection).get_columns("client")}
    if "scopes" not in columns:
        return ()
    told = (_c.payer_id, _c.id, _c.scopes, _c.created_at, _k.jwks, _k.jwks_url)
    is_its = (_k.payer_id == _c.payer_id) & (_k.client_id == _c.id)
    query = (
        select(*told, _last(SCOPE).label("scoped_at"), _last(KEYS).label("keyed_at"))
        .outerjoin(tables.client_keys, is_its)
        .order_by(_c.id)
    )
    return tuple(
        Rights(
            row.payer_id,
            row.id,
            row.scopes,
            row.scoped_at or row.created_at,
            _digest(row.jwks, row.jwks_url),
            row.keyed_at or row.created_at,
        )
        for row in connection.execute(query)
    )


def let_count(connection: Connection, told: Iterable[Rights], hasher: Hasher) -> int:
    """Let the newest of these and of the database's own count; of how many clients that is news.

    Keys are not told, so a client whose keys were others has none from then on.
    """
    by_client: dict[tuple[str, str], list[Rights]] = defaultdict(list)
    for one in told:
        by_client[one.payer_id, one.client_id].append(one)
    changed = 0
    for own in of(connection):
        every = (*by_client[own.payer_id, own.client_id], own)
        # Of two of one instant that which takes away.
        scoped = max(every, key=lambda one: (one.scoped_at, one.scopes is not None))
        keyed = max(every, key=lambda one: (one.keyed_at, one.keys is None))
        if scoped.scopes != own.scopes:
            its = (_c.payer_id == own.payer_id, _c.id == own.client_id)
            connection.execute(update(tables.client).where(*its).values(scopes=scoped.scopes))
            _tell(connection, own, SCOPE, scoped.scoped_at, hasher)
        # Of those that are gone there is nothing to take away.
        is_another = own.keys is not None and keyed.keys != own.keys
        if is_another:
            client_keys.forget(connection, own.payer_id, own.client_id)
            _tell(connection, own, KEYS, keyed.keyed_at, hasher)
        changed += scoped.scopes != own.scopes or is_another
    return changed


def _last(action: str) -> ScalarSelect[datetime | None]:
    return (
        select(func.max(_a.at))
        .where(_a.payer_id == _c.payer_id, _a.type == _TYPE, _a.resource_id == _c.id)
        .where(_a.action == action)
        .correlate(tables.client)
        .scalar_subquery()
    )


def _tell(connection: Connection, own: Rights, action: str, at: datetime, hasher: Hasher) -> None:
    # At that instant, so that the next list tells the same.
    event = Event("restore", action, "repeated", _TYPE, own.client_id)
    Audit(connection, own.payer_id, at, hasher).add(event)


def _digest(jwks: str | None, jwks_url: str | None) -> str | None:
    if jwks is None and jwks_url is None:
        return None
    return hashlib.sha256(json.dumps([jwks, jwks_url]).encode()).hexdigest()
