"""By which keys a client proves who it is: registered by value, or by the address they are at."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.parties import Client
from app.gateway.installation import Installation
from app.gateway.trust.fetched_keys import BETWEEN, FetchedKeys, Kept
from app.gateway.trust.key_sets import OF_CLIENTS, NotUsable, PublicKey, key_set
from app.outbound.addresses import is_public
from app.outbound.faults import Unreachable
from app.outbound.origins import Origin, origin_of
from app.store.database.walls import EVERYBODY
from app.store.trust import client_keys as rows
from app.store.trust.client_keys import KeyRow

_LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class KeysOf:
    """What a client was registered with: a JSON Web Key Set, or the https address of one."""

    jwks: str | None = None
    jwks_url: str | None = None

    def require_usable(self) -> None:
        """Pass for keys that can be used; raises NotUsable."""
        if self.jwks is not None:
            key_set(self.jwks, OF_CLIENTS)
            return
        require_fetchable(self.jwks_url or "")


def require_fetchable(url: str) -> None:
    """Pass for an address that keys could be fetched from; raises NotUsable.

    What its name means is looked at with each fetch.
    """
    try:
        origin = origin_of(url)
    except Unreachable:
        origin = None
    if origin is None or origin != Origin("https", origin.host, 443) or len(url) > _LONGEST_URL:
        told = "the address is no https URL of port 443 without user, password and fragment"
        raise NotUsable(f"{told}; a name is ASCII, with xn-- where it has to be")
    if origin.address is not None and not is_public(origin.address):
        raise NotUsable("the address is not on the public internet")


@dataclass(frozen=True, slots=True)
class _OfClient:
    """The shelf that all processes share: a row of the client's."""

    installation: Installation
    client: Client
    url: str

    def kept(self) -> Kept:
        row = self.installation.store.read(lambda on: rows.find(on, self.client), EVERYBODY)
        if row is None or row.jwks_url != self.url:
            return Kept()
        return Kept(row.fetched, row.fetched_at, row.fresh_until)

    def may_ask(self, now: datetime) -> bool:
        since = now - BETWEEN
        return self.installation.store.write(
            lambda on: rows.may_ask(on, self.client, now, since), EVERYBODY
        )

    def keep(self, found: Kept) -> None:
        text, at, until = found.text, found.fetched_at, found.fresh_until
        if text is None or at is None or until is None:
            raise TypeError("nothing was found")
        self.installation.store.write(
            lambda on: rows.keep(on, self.client, self.url, text, at, until), EVERYBODY
        )


def registered(installation: Installation, client: Client) -> KeyRow | None:
    """The keys of a client as they are registered; None for one that has none."""
    return installation.store.read(lambda connection: rows.find(connection, client), EVERYBODY)


def find_key(
    installation: Installation, client: Client, row: KeyRow, kid: str, algorithm: str
) -> PublicKey | None:
    """A client's one key of a name; None where none is known."""
    if row.jwks is not None:
        return key_set(row.jwks, OF_CLIENTS).find(kid, algorithm)
    url = row.jwks_url or ""
    shelf = _OfClient(installation, client, url)
    fetch, clock = installation.terms.fetch, installation.clock
    return FetchedKeys(url, OF_CLIENTS, shelf, fetch, clock).find(kid, algorithm)
