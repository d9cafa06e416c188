"""Which address a request comes from, where proxies stand before the gateway.

https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For
"""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from app.gateway.trust.terms import Terms

_Networks = Sequence[IPv4Network | IPv6Network]
# As some proxies write it: with the port, of IPv6 in brackets.
_WITH_PORT = re.compile(r"(?P<v4>[0-9.]{7,15}):[0-9]{1,5}|\[(?P<v6>[^\]]{2,45})\](?::[0-9]{1,5})?")


def sender_address(remote: str | None, forwarded: str, trusted: _Networks) -> str | None:
    """The last address that is no proxy of ours: `remote`, else what our proxies wrote.

    `forwarded` is the header of that page, to which each proxy adds whom it heard; what stands
    before the first that we do not trust is anybody's to write. None where our proxies told none.
    """
    address = _read(remote or "")
    if address is None or not _is_trusted(address, trusted):
        return remote or ""
    told = None
    for before in reversed(forwarded.split(",")):
        address = _read(before.strip())
        if address is None:
            break
        told = str(address)
        if not _is_trusted(address, trusted):
            break
    return told


def sender_of(terms: Terms) -> Callable[[Mapping[str, Any]], str | None]:
    """Tells by a WSGI environment which address the request comes from."""
    name = f"HTTP_{terms.address_header.upper().replace('-', '_')}"

    def sender(environ: Mapping[str, Any]) -> str | None:
        forwarded = str(environ.get(name, ""))
        return sender_address(environ.get("REMOTE_ADDR"), forwarded, terms.trusted_proxies)

    return sender


def _read(text: str) -> IPv4Address | IPv6Address | None:
    with_port = _WITH_PORT.fullmatch(text)
    try:
        return ip_address(text if with_port is None else with_port["v4"] or with_port["v6"])
    except ValueError:
        return None


def _is_trusted(address: IPv4Address | IPv6Address, trusted: _Networks) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain.version == one.version and plain in one for one in trusted)
