"""On what terms an installation believes credentials: what its operator configured."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network

from app.gateway.trust.fetched_keys import (
    Fetch,
    FetchedKeys,
    InMemory,
    Shelf,
    nothing_fetched,
)
from app.gateway.trust.key_sets import OF_ISSUERS, PublicKey, key_set


@dataclass(frozen=True, slots=True)
class ExternalIssuer:
    """An authorization server that is believed beside our own; its keys by value or by URL."""

    issuer: str
    jwks: str | None = None
    jwks_url: str | None = None
    shelf: Shelf = field(default_factory=InMemory)

    def find_key(
        self, kid: str, algorithm: str, fetch: Fetch, clock: Callable[[], datetime]
    ) -> PublicKey | None:
        """Its one key of a name; None where none is known."""
        if self.jwks is not None:
            return key_set(self.jwks, OF_ISSUERS).find(kid, algorithm)
        url = self.jwks_url or ""
        return FetchedKeys(url, OF_ISSUERS, self.shelf, fetch, clock).find(kid, algorithm)


@dataclass(frozen=True, slots=True)
class Terms:
    """`bearer_tokens`: whether the tokens that never expire count.

    `fetch` reads the keys that a client or an issuer publishes; it raises NotFetched.
    In `certificate_header` one of `trusted_proxies` tells the certificate that a client showed, in
    `address_header` the addresses that a request came by.
    """

    bearer_tokens: bool = True
    external_issuer: ExternalIssuer | None = None
    fetch: Fetch = nothing_fetched
    certificate_header: str | None = None
    address_header: str = "X-Forwarded-For"
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def binds_to_certificates(self) -> bool:
        """Whether tokens are bound to certificates."""
        return self.certificate_header is not None
