"""Reads that leave a row in the audit: kept before a byte of the answer is given, or none is.

Docs: docs/audit.md. https://profiles.ihe.net/ITI/BALP/
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app.domain.auditing import DENIED, SHOWN
from app.domain.issues import Unacceptable
from app.domain.parties import Client
from app.gateway.installation import Installation
from app.store.audit import Event
from app.store.hashing import Hasher
from app.store.unit_of_work import UnitOfWork

T = TypeVar("T")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What was asked for and is not there may be anything, also somebody's number.
HASHED = "hash."


@dataclass(frozen=True, slots=True)
class Access:
    """What a client asks to see: by which interaction, of which type, of which resource."""

    action: str
    type: str | None = None
    id: str | None = None
    request_id: str | None = None


def given(
    installation: Installation,
    client: Client,
    access: Access,
    query: Callable[[UnitOfWork], T],
    number: Callable[[T], int] = lambda _: 1,
    *,
    is_glance: bool = False,
) -> T:
    """What `query` finds, once the audit tells that it is given; `number` is how many resources.

    Raises what `query` does, which is told as well, and Busy, DiskFull, CommitUnknown where it
    cannot be told.
    """

    def tried(work: UnitOfWork) -> T | Unacceptable:
        try:
            return query(work)
        except Unacceptable as refusal:
            return refusal

    def told(found: T | Unacceptable) -> Event:
        if isinstance(found, Unacceptable):
            return refused(client, access, found, installation.hasher)
        return Event(
            client.id,
            access.action,
            SHOWN,
            access.type,
            access.id,
            request_id=access.request_id,
            number=number(found),
        )

    found = installation.accessed(client.scope, tried, told, is_glance=is_glance)
    if isinstance(found, Unacceptable):
        raise found
    return found


def refused(client: Client, access: Access, refusal: Unacceptable, hasher: Hasher) -> Event:
    """What is told of an access that came to nothing: the same for foreign and missing."""
    error = next(
        one.error.entry.id for one in refusal.issues if one.error.entry.status == refusal.status
    )
    id = access.id
    if id is not None and not _UUID.fullmatch(id):
        id = f"{HASHED}{hasher('asked-id', access.type or '', id)}"
    action = DENIED if refusal.status == 403 else access.action
    return Event(client.id, action, error, access.type, id, request_id=access.request_id)
