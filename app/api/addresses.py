"""Which address a request comes from, where proxies stand before the gateway.

https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

_LONGEST = 64


def sender_address(
    remote: str | None, forwarded: str, trusted: Sequence[IPv4Network | IPv6Network]
) -> str:
    """The last address that is no proxy of ours: `remote`, else what our proxies wrote.

    `forwarded` is the header X-Forwarded-For, to which each proxy adds whom it heard; what stands
    before the first that we do not trust is anybody's to write.
    """
    address = remote or ""
    for before in reversed(forwarded.split(",")):
        if not _is_trusted(address, trusted):
            break
        told = before.strip()[:_LONGEST]
        if not told:
            break
        address = told
    return address


def _is_trusted(text: str, trusted: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain.version == one.version and plain in one for one in trusted)
