"""Keys for tests: `make test` with ECLAIMS_TEST_ENCRYPTION=1 has all text encrypted with them."""

import os
from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from app.store import tables
from app.store.encryption.ring import Ring, WrappingKey
from app.store.encryption.sources import Given
from app.store.encryption.vault import Vault, vault_of

IS_ENCRYPTED = os.environ.get("ECLAIMS_TEST_ENCRYPTION") == "1"
KEY = WrappingKey("2026-01-01-tests", datetime(2026, 1, 1, tzinfo=UTC), b"k" * 32)


def an_encrypting_vault() -> Vault:
    """What encrypts with the one key of the tests."""
    return Vault(Given(Ring.of(KEY.id, KEY).written()))


def a_vault() -> Vault | None:
    """The same where this run of the tests has everything encrypted."""
    return an_encrypting_vault() if IS_ENCRYPTED else None


def registered(connection: Connection) -> None:
    """Let the key of the tests wrap others in this database, where the store has it."""
    vault = vault_of(connection)
    ring = vault.source.read() if vault is not None else None
    if ring is not None and ring.current == KEY.id:
        row = {"id": KEY.id, "created_at": KEY.created_at}
        connection.execute(insert(tables.wrapping_key), row)
