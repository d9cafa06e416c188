"""Links to the next page: what was asked and where in it one is, for nobody but the server to read.

A query names patients and identifiers, and URLs end up in the logs of proxies: so what a link
carries is encrypted, and bound to the client it was given to.
http://hl7.org/fhir/R4/http.html#paging
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from secrets import token_bytes
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.store.hashing import Hasher

# The query parameter that a link has, and nothing beside it.
PAGE = "_page"
_NONCE_BYTES = 12
# Proxies refuse addresses that are much longer.
_MOST_BYTES = 4 * 1024


class PageLinks:
    """Seals places in one kind of answer, and opens them again for the same client."""

    def __init__(self, hasher: Hasher, kind: str) -> None:
        self._cipher = AESGCM(hasher.key_for(f"page-links of {kind}"))

    def sealed(self, client: Client, place: Mapping[str, Any]) -> str:
        """A place as a token for a URL; raises Unacceptable where what was asked is too long."""
        nonce = token_bytes(_NONCE_BYTES)
        content = zlib.compress(json_text.write(place).encode())
        if len(content) > _MOST_BYTES:
            text = "What is asked is too long for a link to its next page: ask for less at once."
            raise Unacceptable(Issue(ErrorCode.SEARCH_COSTLY, text))
        sealed = self._cipher.encrypt(nonce, content, client.id.encode())
        return urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def opened(self, client: Client, token: str) -> dict[str, Any]:
        """The place behind a token; raises Unacceptable for what was not sealed for this client."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            content = self._cipher.decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], client.id.encode()
            )
        except (InvalidTag, NotBase64, ValueError):
            text = "This is no page link that was given to this client."
            raise Unacceptable(Issue(ErrorCode.PARAMETER, text)) from None
        place: dict[str, Any] = json_text.parsed(zlib.decompress(content).decode())
        return place
