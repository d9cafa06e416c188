"""The installation's own keys: numbered, so that of two that make the next one, one wins."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from app.store import tables
from app.store.statements import inserted_if_absent

_s = tables.signing_key.c


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of ours; `public` is a JWK, `sealed` the private part, or None once it signs no more.

    What it signed is believed until `ends_at`; None while it is the newest.
    """

    number: int
    kid: str
    public: str
    sealed: str | None
    created_at: datetime
    ends_at: datetime | None = None


def newest(connection: Connection) -> SigningKey | None:
    """The one with the highest number, whether it has ended or not."""
    query = select(tables.signing_key).order_by(_s.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else SigningKey(*row)


def every(connection: Connection) -> list[SigningKey]:
    """All that there ever were, the newest first."""
    query = select(tables.signing_key).order_by(_s.number.desc())
    return [SigningKey(*row) for row in connection.execute(query)]


def add(connection: Connection, key: SigningKey) -> bool:
    """Make it the newest; False where another has its number."""
    row = {
        "number": key.number,
        "kid": key.kid,
        "public": key.public,
        "sealed": key.sealed,
        "created_at": key.created_at,
    }
    return inserted_if_absent(connection, tables.signing_key, row)


def end_before(connection: Connection, number: int, ends_at: datetime) -> None:
    """Those of lower numbers sign no more, and are believed no longer than until an instant."""
    older = update(tables.signing_key).where(_s.number < number)
    connection.execute(older.values(sealed=None))
    is_later = or_(_s.ends_at.is_(None), _s.ends_at > ends_at)
    connection.execute(older.where(is_later).values(ends_at=ends_at))


def end(connection: Connection, kid: str, now: datetime) -> bool:
    """Believe nothing of a key's from now on; whether there is such a key."""
    ended = update(tables.signing_key).where(_s.kid == kid)
    is_later = or_(_s.ends_at.is_(None), _s.ends_at > now)
    connection.execute(ended.where(is_later).values(ends_at=now, sealed=None))
    return connection.execute(select(_s.kid).where(_s.kid == kid)).first() is not None


def forget(connection: Connection) -> None:
    """Leave none of them: nothing that any of them signed is believed."""
    connection.execute(delete(tables.signing_key))
