"""Which token of a client counts, and since when: the newest of what databases and lists tell.

Docs: docs/backup.md, "What was nullified stays gone".
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import Connection, func, select, update

from app.domain.parties import Client
from app.store import tables
from app.store.audit import Audit, Event
from app.store.hashing import Hasher
from app.store.parties import Parties
from app.store.trust import client_keys

_a = tables.audit.c
_c = tables.client.c
_TYPE = "Client"
_ROTATE = "rotate"
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Token:
    """A client, the keyed hash of the token that counts, and since when none does.

    `changed_at` is when it was issued or disabled; None where the list is of a version that did
    not tell.
    """

    payer_id: str
    client_id: str
    token_hash: str
    disabled_at: datetime | None
    changed_at: datetime | None = None


def of(connection: Connection) -> tuple[Token, ...]:
    """The tokens of a database, of every payer."""
    rotated_at = (
        select(func.max(_a.at))
        .where(_a.payer_id == _c.payer_id, _a.type == _TYPE, _a.resource_id == _c.id)
        .where(_a.action == _ROTATE)
        .correlate(tables.client)
        .scalar_subquery()
    )
    columns = (_c.payer_id, _c.id, _c.token_hash, _c.disabled_at, _c.created_at, rotated_at)
    found = []
    for payer_id, id, token_hash, disabled_at, created_at, rotated in connection.execute(
        select(*columns).order_by(_c.id)
    ):
        instants = [one for one in (disabled_at, created_at, rotated) if one is not None]
        found.append(Token(payer_id, id, token_hash, disabled_at, max(instants)))
    return tuple(found)


def settled(told: Collection[Token], now: datetime) -> Token:
    """Which of what is told of one client counts; at least one of it has an instant.

    The newest does, in whatever order they are told; a token that was disabled stays so. Where it
    cannot be known which of two is newer, the client is disabled from `now` on.
    """
    timed = [(one.changed_at, one) for one in told if one.changed_at is not None]
    newest = max(at for at, _ in timed)
    known = {one.token_hash for _, one in timed}
    last = {one.token_hash for at, one in timed if at == newest}
    last |= {one.token_hash for one in told if one.token_hash not in known}
    # Of several any one: none of them lets in.
    token_hash = max(one.token_hash for at, one in timed if at == newest)
    same = [one for one in told if one.token_hash == token_hash]
    ended = [one.disabled_at for one in same if one.disabled_at is not None]
    disabled_at = min(ended, default=now if len(last) > 1 else None)
    return Token(same[0].payer_id, same[0].client_id, token_hash, disabled_at, newest)


def let_count(connection: Connection, told: Iterable[Token], hasher: Hasher, now: datetime) -> int:
    """Let the newest of these and of the database's own count; of how many clients that is news."""
    by_client: dict[tuple[str, str], set[Token]] = defaultdict(set)
    own = {(one.payer_id, one.client_id): one for one in of(connection)}
    for one in chain(own.values(), told):
        by_client[one.payer_id, one.client_id].add(one)
    changed = 0
    for (payer_id, id), known in own.items():
        one = settled(by_client[payer_id, id], now)
        if (one.token_hash, one.disabled_at) == (known.token_hash, known.disabled_at):
            continue
        values = {"token_hash": one.token_hash, "disabled_at": one.disabled_at}
        connection.execute(
            update(tables.client).where(_c.payer_id == payer_id, _c.id == id).values(values)
        )
        # Keys were set or taken away together with it: those that are here may be the old ones.
        client_keys.forget(connection, payer_id, id)
        if one.token_hash != known.token_hash:
            # So that the next list tells the same instant.
            audit = Audit(connection, payer_id, one.changed_at or now, hasher)
            audit.add(Event("restore", _ROTATE, "repeated", _TYPE, id))
        changed += 1
    return changed


def rotate(
    connection: Connection, client: Client, token_hash: str, hasher: Hasher, now: datetime
) -> None:
    """Only the new token is known from now on, and is newer than what was, whatever the clock."""
    at = _after(connection, client, now)
    Parties(connection).rotate_token(client, token_hash)
    Audit(connection, client.payer.id, at, hasher).add(
        Event("operator", _ROTATE, "done", _TYPE, client.id)
    )


def withdraw(
    connection: Connection, client: Client, nobodys_hash: str, hasher: Hasher, now: datetime
) -> None:
    """No token of a client is known from now on, though it is not disabled by that.

    `nobodys_hash` is that of a token which nobody was told.
    """
    at = _after(connection, client, now)
    connection.execute(
        update(tables.client).where(_c.id == client.id).values(token_hash=nobodys_hash)
    )
    Audit(connection, client.payer.id, at, hasher).add(
        Event("operator", _ROTATE, "withdrawn", _TYPE, client.id)
    )


def _after(connection: Connection, client: Client, now: datetime) -> datetime:
    """An instant that is later than whatever is told of a client's tokens, whatever the clock."""
    before = [one.changed_at for one in of(connection) if one.client_id == client.id]
    return max([now, *(one + _TICK for one in before if one is not None)])
