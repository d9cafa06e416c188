"""How often a client may ask, poll in vain, and an address fail to say who it is.

Counted for all servers of an installation together. Docs: docs/operations.md, "Rate limits".
"""

from ipaddress import IPv6Address, ip_address, ip_network

from app.domain.parties import Client
from app.domain.rates import Limits, TooOften
from app.gateway.installation import Installation
from app.store.database.walls import EVERYBODY
from app.store.rate_limits import buckets_of, forget

# What one customer of a provider has: single addresses in it cost nothing.
_NETWORK_BITS = 64


class Limiting:
    """The limits of an installation; with none of them everything passes and nothing is asked."""

    def __init__(self, installation: Installation, limits: Limits | None) -> None:
        self._limits = limits
        self._hasher = installation.hasher
        self._buckets = buckets_of(installation.store)

    def request(self, client: Client) -> int:
        """Count a request; raises TooOften. Microseconds until this client may poll in vain again.

        One statement for both, before anything else of the request is done.
        """
        if self._limits is None:
            return 0
        beside = (self._polls_of(client), self._limits.empty_polls)
        name = self._hasher("rate", "requests", client.payer.id, client.id)
        asked = self._buckets.take(name, self._limits.requests, beside)
        _require(asked.wait)
        return asked.beside

    def poll(self, client: Client, wait: int | None) -> None:
        """Pass for a poll; raises TooOften where too many found nothing.

        `wait` is what `request` said; None where that was not asked.
        """
        if self._limits is None:
            return
        if wait is None:
            wait = self._buckets.wait(self._polls_of(client), self._limits.empty_polls)
        _require(wait)

    def polled_in_vain(self, client: Client) -> None:
        """Count a poll that found nothing; it was answered already, so it is not refused."""
        if self._limits is not None:
            self._buckets.take(self._polls_of(client), self._limits.empty_polls)

    @property
    def is_on(self) -> bool:
        """Whether anything is counted."""
        return self._limits is not None

    def attempt(self, address: str | None) -> None:
        """Pass for an address that wants to say who it is; raises TooOften after many failures.

        None, which a proxy did not tell, passes: by its own address all clients would be one.
        """
        if self._limits is not None and address is not None:
            _require(self._buckets.wait(self._failures_of(address), self._limits.failures))

    def failed(self, address: str | None) -> None:
        """Count an attempt that failed."""
        if self._limits is not None and address is not None:
            self._buckets.take(self._failures_of(address), self._limits.failures)

    def _polls_of(self, client: Client) -> str:
        return self._hasher("rate", "empty-polls", client.payer.id, client.id)

    def _failures_of(self, address: str) -> str:
        return self._hasher("rate", "failures", network_of(address))


def forget_counted(installation: Installation) -> None:
    """Let go of buckets that are full again. Raises Busy."""
    installation.store.write(forget, EVERYBODY)


def network_of(address: str) -> str:
    """Who counts as one: an IPv4 address, the network of an IPv6 address; else the text itself."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    plain = IPv6Address(int(read))
    return str(ip_network((plain, _NETWORK_BITS), strict=False))


def _require(wait: int) -> None:
    if wait:
        raise TooOften(wait)
