"""The certificate that a client showed to the proxy before us, believed from that proxy alone.

https://www.rfc-editor.org/rfc/rfc8705, https://www.rfc-editor.org/rfc/rfc9440
"""

import ssl
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from urllib.parse import unquote

from app.gateway.trust.terms import Terms

_MOST_CHARACTERS = 32 * 1024


def thumbprint(terms: Terms, value: str | None, peer: str | None) -> str | None:
    """The hash of the certificate in the header's value; None where there is none to believe.

    `peer` is the address of whoever is connected to us.
    """
    if value is None or not _is_proxy(terms, peer) or len(value) > _MOST_CHARACTERS:
        return None
    der = _der(value.strip())
    return None if der is None else urlsafe_b64encode(sha256(der).digest()).decode().rstrip("=")


def _is_proxy(terms: Terms, peer: str | None) -> bool:
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in terms.trusted_proxies)


def _der(value: str) -> bytes | None:
    """The certificate as bytes: `:base64:` as in RFC 9440, or PEM with percent signs as nginx's."""
    try:
        if value.startswith(":") and value.endswith(":"):
            return b64decode(value[1:-1], validate=True) or None
        return ssl.PEM_cert_to_DER_cert(unquote(value, errors="strict")) or None
    except ValueError:
        return None
