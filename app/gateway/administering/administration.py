"""Payers, clients and their tokens: what an operator sets up, and who is behind a credential."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from app.domain.adjudication import Awaiting
from app.domain.parties import Client, Payer, Scope
from app.domain.settlement import Fault
from app.gateway.auditing.configuration import CONFIGURE, DISABLE, REGISTER, Change, changed
from app.gateway.installation import Installation
from app.gateway.trust.client_keys import KeysOf
from app.gateway.trust.client_keys import registered as client_keys_of
from app.store import tokens
from app.store.audit import Audit, Event
from app.store.database.walls import EVERYBODY
from app.store.jobs.work_queue import Depth, WorkQueue
from app.store.leases import Standing
from app.store.parties import Parties, Registration
from app.store.trust import client_keys

T = TypeVar("T")
_TOKEN_BYTES = 32


class NameTaken(Exception):
    """Another payer, or another client of the payer, goes by this name."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A client and its token, which is shown once and never again."""

    client: Client
    token: str


class Administration:
    """Who speaks with an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def ping(self) -> None:
        """Pass while the database answers; raises Busy."""
        self._read(lambda parties: parties.find_payer(None))

    def client_behind(self, token: str) -> Client | None:
        """The client that a token was issued to; None for an unknown token or a disabled client."""
        token_hash = self._hash(token)
        return self._installation.store.glance(
            lambda connection: Parties(connection).find_client(token_hash), EVERYBODY
        )

    def payers(self) -> list[Payer]:
        """Every payer, the default one first."""
        return self._read(lambda parties: parties.payers())

    def find_payer(self, name: str | None) -> Payer | None:
        """A payer by name or id, the default one without a name."""
        return self._read(lambda parties: parties.find_payer(name))

    def add_payer(self, payer: Payer, *, is_default: bool = False) -> None:
        """Register a payer; raises NameTaken."""
        now = self._installation.clock()

        def effect(parties: Parties) -> None:
            if parties.find_payer(payer.name) is not None:
                raise NameTaken(payer.name)
            check = self._key_check(payer.id)
            parties.add_payer(payer, now, is_default=is_default, key_check=check)

        self._write(effect, changed(payer.id, REGISTER, "Payer", payer.id))

    def set_payer_settings(self, payer: Payer) -> None:
        """Keep a payer's changed settings."""
        self._write(
            lambda parties: parties.set_payer_settings(payer),
            changed(payer.id, CONFIGURE, "Payer", payer.id),
        )

    def add_client(self, client: Client, keys: KeysOf | None = None) -> Issued:
        """Register a client, with its keys, and issue its token; raises NameTaken, NotUsable.

        Of a token that is told nobody, nobody makes use.
        """
        if keys is not None:
            keys.require_usable()
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._installation.clock()

        def effect(connection: Any) -> None:
            parties = Parties(connection)
            if parties.find_registration(client.name, client.payer) is not None:
                raise NameTaken(client.name)
            parties.add_client(client, self._hash(token), now)
            if keys is not None:
                client_keys.put(connection, client, keys.jwks, keys.jwks_url)
            told(connection, now, self._installation.hasher)

        told = changed(client.payer.id, REGISTER, "Client", client.id)
        self._installation.store.write(effect, EVERYBODY)
        return Issued(client, token)

    def registrations(self, payer: Payer | None = None) -> list[Registration]:
        """Every client, of one payer or of all."""
        return self._read(lambda parties: parties.registrations(payer))

    def find_registration(self, name: str, payer: Payer | None = None) -> Registration | None:
        """A client by name or id; None where there is none, or the name alone does not tell."""
        return self._read(lambda parties: parties.find_registration(name, payer))

    def set_permissions(self, client: Client) -> None:
        """From the next request on this client's credential may do what its permissions allow."""
        now, hasher = self._installation.clock(), self._installation.hasher

        def effect(connection: Any) -> None:
            Parties(connection).set_permissions(client)
            event = Event("operator", "scope", "done", "Client", client.id)
            Audit(connection, client.payer.id, now, hasher).add(event)

        self._installation.store.write(effect, EVERYBODY)

    def disable(self, client: Client) -> None:
        """From now on no token of this client is known, and it has no keys any more.

        A new token lets the client in again, and must not let in whoever has its keys.
        """
        now = self._installation.clock()
        told = changed(client.payer.id, DISABLE, "Client", client.id)

        def effect(connection: Any) -> None:
            Parties(connection).disable_client(client, now)
            client_keys.take_away(connection, client)
            told(connection, now, self._installation.hasher)

        self._installation.store.write(effect, EVERYBODY)

    def rotate(self, client: Client) -> Issued:
        """Issue a new token; the old one is no longer known."""
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._installation.clock()
        token_hash, hasher = self._hash(token), self._installation.hasher
        self._installation.store.write(
            lambda rows: tokens.rotate(rows, client, token_hash, hasher, now), EVERYBODY
        )
        return Issued(client, token)

    def keys_of(self, client: Client) -> KeysOf | None:
        """The keys that a client is registered with; None for one without."""
        row = client_keys_of(self._installation, client)
        return None if row is None else KeysOf(row.jwks, row.jwks_url)

    def set_keys(self, client: Client, keys: KeysOf | None, *, keeps_token: bool = False) -> None:
        """Register keys in the place of those there were, or take them away; raises NotUsable.

        The client's bearer token is known no more, unless it keeps it.
        """
        if keys is not None:
            keys.require_usable()
        now, hasher = self._installation.clock(), self._installation.hasher
        nobodys = self._hash(secrets.token_urlsafe(_TOKEN_BYTES))

        def effect(connection: Any) -> None:
            client_keys.take_away(connection, client)
            if keys is not None:
                client_keys.put(connection, client, keys.jwks, keys.jwks_url)
            if not keeps_token:
                tokens.withdraw(connection, client, nobodys, hasher, now)
            event = Event("operator", "keys", "done", "Client", client.id)
            Audit(connection, client.payer.id, now, hasher).add(event)

        self._installation.store.write(effect, EVERYBODY)

    def depths(self) -> list[Depth]:
        """How each kind of job stands: its depth by state, and since when the oldest is due."""
        now = self._installation.clock()
        return self._installation.store.read(
            lambda connection: WorkQueue(connection, now).depths(), EVERYBODY
        )

    def awaited(self, payer: Payer) -> list[tuple[Awaiting, int, datetime | None]]:
        """For what a payer's Claims wait, how many for each, and when the first is closed."""
        return self._installation.read(Scope(payer.id), lambda work: work.submissions.awaited())

    def answers(self, payer: Payer) -> list[Standing]:
        """How many answers of each submitter are undelivered, lent and parked."""
        return self._installation.read(Scope(payer.id), lambda work: work.leases.standings())

    def quarantined(self, payer: Payer) -> list[tuple[Fault, int]]:
        """Why a payer's Claims are left out of payments, and how many for each reason."""
        return self._installation.read(Scope(payer.id), lambda work: work.payments.faults())

    def is_key_known(self) -> bool:
        """Whether the index key is the one that the database was written with."""
        return self.fits(self._read(lambda parties: parties.key_checks()))

    def fits(self, checks: Mapping[str, str]) -> bool:
        """Whether the index key is the one that these checks, by payer, were made with."""
        return all(check == self._key_check(id) for id, check in checks.items())

    def _key_check(self, payer_id: str) -> str:
        return self._installation.hasher("key-check", payer_id)

    def _hash(self, token: str) -> str:
        return self._installation.hasher("token", token)

    def _read(self, query: Callable[[Parties], T]) -> T:
        return self._installation.store.read(
            lambda connection: query(Parties(connection)), EVERYBODY
        )

    def _write(self, effect: Callable[[Parties], T], change: Change) -> T:
        """What an operator changes, and its row in the audit."""
        now = self._installation.clock()

        def both(connection: Any) -> T:
            result = effect(Parties(connection))
            change(connection, now, self._installation.hasher)
            return result

        return self._installation.store.write(both, EVERYBODY)
