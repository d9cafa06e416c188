"""The keys that a client was registered with, and what was found where they are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from app.domain.parties import Client
from app.store import tables

_k = tables.client_keys.c


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One of `jwks` and `jwks_url` is there; the others belong to the second.

    `asked_at` is when it was last asked for, whatever came of it.
    """

    jwks: str | None
    jwks_url: str | None
    fetched: str | None = None
    fetched_at: datetime | None = None
    fresh_until: datetime | None = None
    asked_at: datetime | None = None


def find(connection: Connection, client: Client) -> KeyRow | None:
    """A client's keys; None for one that has none."""
    columns = (_k.jwks, _k.jwks_url, _k.fetched, _k.fetched_at, _k.fresh_until, _k.asked_at)
    row = connection.execute(select(*columns).where(*_of(client))).one_or_none()
    return None if row is None else KeyRow(*row)


def put(connection: Connection, client: Client, jwks: str | None, jwks_url: str | None) -> None:
    """Register keys in the place of those that were there; nothing fetched before counts."""
    take_away(connection, client)
    row = {"payer_id": client.payer.id, "client_id": client.id}
    connection.execute(insert(tables.client_keys).values(**row, jwks=jwks, jwks_url=jwks_url))


def take_away(connection: Connection, client: Client) -> None:
    """From now on a client has none."""
    forget(connection, client.payer.id, client.id)


def forget(connection: Connection, payer_id: str, client_id: str) -> None:
    """As `take_away`, of a client by its id."""
    is_it = (_k.payer_id == payer_id, _k.client_id == client_id)
    connection.execute(delete(tables.client_keys).where(*is_it))


def may_ask(connection: Connection, client: Client, now: datetime, since: datetime) -> bool:
    """Whether it was not asked for since an instant; then it counts as asked for now."""
    is_due = or_(_k.asked_at.is_(None), _k.asked_at <= since)
    asked = update(tables.client_keys).where(*_of(client), _k.jwks_url.is_not(None), is_due)
    moved = asked.values(asked_at=now).returning(_k.client_id)
    return connection.execute(moved).first() is not None


def keep(
    connection: Connection,
    client: Client,
    url: str,
    fetched: str,
    fetched_at: datetime,
    fresh_until: datetime,
) -> None:
    """Keep what was found at an address, where the client is still registered with it."""
    found = {"fetched": fetched, "fetched_at": fetched_at, "fresh_until": fresh_until}
    connection.execute(
        update(tables.client_keys).where(*_of(client), _k.jwks_url == url).values(found)
    )


def _of(client: Client) -> tuple[ColumnElement[bool], ...]:
    return (_k.payer_id == client.payer.id, _k.client_id == client.id)
