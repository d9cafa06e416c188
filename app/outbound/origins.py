"""What a URL leads to, read once and strictly: origins are compared, never beginnings of text.

https://www.rfc-editor.org/rfc/rfc6454
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from app.outbound import addresses
from app.outbound.faults import Reason, Unreachable

_PORTS = {"https": 443, "http": 80}
_LONGEST_URL = 2048
_LONGEST_NAME = 253
# Printable ASCII without what parsers of URLs read differently.
_PLAIN = re.compile(r"[!$-;=?-Z_a-z~\[\]]+")
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Resolvers take such a last label for a part of an IPv4 address, in three numeral systems.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]@]+)(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port. `host`: a name in lower case, or an address in its usual spelling."""

    scheme: str
    host: str
    port: int

    @property
    def address(self) -> addresses.Address | None:
        """The address that stands in the place of a name."""
        return addresses.read(self.host)


@dataclass(frozen=True, slots=True)
class Target:
    """An origin, and what is asked of it: path and query."""

    origin: Origin
    path: str


def origin_of(url: str) -> Origin:
    """The origin of a URL. Raises Unreachable."""
    return target_of(url).origin


def target_of(url: str) -> Target:
    """What a URL leads to; raises Unreachable for one that could be read in two ways.

    So: no user, no fragment, no escape in the host, no name that is not ASCII (its `xn--` form is),
    no dot at the end of a name, and addresses in their usual spelling alone.
    """
    if len(url) > _LONGEST_URL or not _PLAIN.fullmatch(url):
        raise Unreachable(Reason.URL)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Unreachable(Reason.URL) from None
    scheme = parts.scheme.lower()
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if scheme not in _PORTS or authority is None:
        raise Unreachable(Reason.URL)
    port = int(authority["port"] or _PORTS[scheme])
    if not 0 < port < 65536:
        raise Unreachable(Reason.URL)
    query = f"?{parts.query}" if parts.query else ""
    return Target(Origin(scheme, _host(authority["host"]), port), (parts.path or "/") + query)


def _host(text: str) -> str:
    if text.startswith("["):
        address = addresses.read(text[1:-1])
        if not isinstance(address, IPv6Address):
            raise Unreachable(Reason.URL)
        return str(address)
    # Leading zeros and missing parts are refused by the standard library.
    if isinstance(addresses.read(text), IPv4Address):
        return text
    name = text.lower()
    is_name = len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None
    if not is_name or _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise Unreachable(Reason.URL)
    return name
