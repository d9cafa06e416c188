"""Versions of resources as their rows hold them: encrypted where they have a key."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, update

from app.store import tables
from app.store.bodies import Seal, encoded, place
from app.store.versions import Stored

_v = tables.resource_version.c


def body_values(payer_id: str, stored: Stored) -> dict[str, Any]:
    """The columns of a version's row that hold its text."""
    text, key, seal = stored.text or "", stored.key, None
    if key is not None:
        where = place(payer_id, stored.type, stored.id, stored.version)
        seal = Seal(key.id, key.secret, where)
    body = encoded(text, seal)
    return {
        "body_format": body.format,
        "key_id": body.key_id,
        "body": body.content,
        "size": None if seal is None else len(text.encode()),
    }


def rewrite(connection: Connection, payer_id: str, versions: Sequence[Stored]) -> None:
    """Put the texts of versions into their rows anew, each with the key that it has now."""
    rows = [
        {
            "b_payer": payer_id,
            "b_type": one.type,
            "b_id": one.id,
            "b_version": one.version,
            **{f"c_{name}": value for name, value in body_values(payer_id, one).items()},
        }
        for one in versions
    ]
    connection.execute(_rewriting(), rows)


@cache
def _rewriting() -> Update:
    return (
        update(tables.resource_version)
        .where(
            _v.payer_id == bindparam("b_payer"),
            _v.type == bindparam("b_type"),
            _v.id == bindparam("b_id"),
            _v.version == bindparam("b_version"),
        )
        .values(
            {name: bindparam(f"c_{name}") for name in ("body_format", "key_id", "body", "size")}
        )
    )
