"""The eClaims Gateway: the factory that puts the layers together.

The one module that knows every layer; it imports them when it is called, so that `eclaims --help`
need not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from flask import Flask

    from app.domain.rates import Limits
    from app.gateway.installation import Installation
    from app.gateway.jobs.worker import Worker
    from app.gateway.trust.fetched_keys import Fetched
    from app.settings import Settings
    from app.store.encryption.vault import Vault


# For the keys at an address; whoever asks with one waits so long for it.
_FETCH_SECONDS = 3.0


def utc_now() -> datetime:
    """The clock of this machine."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


def create_installation(
    settings: Settings,
    *,
    clock: Callable[[], datetime] | None = None,
    base_url: str | None = None,
) -> Installation:
    """Open an installation's database; `base_url` None takes the settings' own.

    Raises WrongSettings where the keys of another issuer cannot be used.
    `clock` None is the one that all processes of the installation share.
    """
    from uuid_utils import uuid7

    from app.gateway.installation import Installation
    from app.gateway.trust.configured import configured
    from app.store.database.clock import SharedClock
    from app.store.database.engine import Store
    from app.store.hashing import Hasher

    store = Store(settings.database, vault=_vault(settings))
    return Installation(
        store=store,
        hasher=Hasher(settings.index_key),
        base_url=base_url or settings.fhir_base(),
        clock=clock or SharedClock(store, utc_now),
        new_id=lambda: str(uuid7()),
        terms=configured(settings, _published),
        audits_reads=settings.audit_reads,
    )


def _published(url: str) -> Fetched:
    """The keys at an address outside; raises NotFetched."""
    # Seldom asked for, so it is not loaded before.
    from app.gateway.trust.fetched_keys import NotFetched
    from app.gateway.trust.key_sets import MOST_BYTES
    from app.outbound.fetching import Unreachable, fetch

    try:
        return fetch(url, most_bytes=MOST_BYTES, seconds=_FETCH_SECONDS)
    except Unreachable as fault:
        raise NotFetched(fault.reason) from None


def _vault(settings: Settings) -> Vault:
    """The keys of an installation: given to the process, printed by a command, or in its file."""
    from app.store.encryption.sources import Given, KeyCommand, KeyFile, Source
    from app.store.encryption.vault import Vault

    source: Source = KeyFile(settings.keys_file)
    if settings.encryption_keys is not None:
        source = Given(settings.encryption_keys)
    elif settings.keys_command:
        source = KeyCommand(settings.keys_command)
    return Vault(source, is_required=settings.encryption)


def create_worker(installation: Installation, lease_seconds: float = 60.0) -> Worker:
    """A worker with every adjudicator that is installed; each has half a lease to answer.

    Shorter than its lease on purpose: a slow payer would else be asked again for ever.
    """
    from datetime import timedelta

    from app.gateway.adjudicators import installed
    from app.gateway.jobs.worker import Worker

    lease = timedelta(seconds=lease_seconds)
    return Worker(installation, installed(), timeout=lease / 2, lease=lease)


def create_app(
    installation: Installation,
    lease_seconds: float = 60.0,
    limits: Limits | None = None,
    headers: Mapping[str, str] | None = None,
) -> Flask:
    """The web application of an installation; without `limits` anybody may ask at any rate.

    `headers` None are those of every answer in any profile.
    """
    from app.api.application import web_application
    from app.api.context import Context
    from app.gateway.limiting import Limiting

    worker = create_worker(installation, lease_seconds)
    limiting = Limiting(installation, limits)
    context = Context.of(installation, worker, installation.clock(), limiting)
    return web_application(context, headers)
