"""What the entries of a transaction say of each other, said of what is stored.

http://hl7.org/fhir/R4/http.html#trules
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.fhir.documents import Document

# Addresses that are made up for the Bundle, and so mean nothing outside.
_TEMPORARY = ("urn:uuid:", "urn:oid:")
# Elements of the types uri, url, oid and uuid, under the names that R4 has for them.
_ADDRESSES = frozenset({"url", "uri", "valueUri", "valueUrl", "valueOid", "valueUuid"})
_LINK = re.compile(r"""(?P<before>\b(?:href|src)=(?P<quote>["']))(?P<address>.*?)(?P=quote)""")
_CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?(?P<query>.+)", re.DOTALL)

# Gives the reference of the one resource that meets a condition, or raises Unacceptable.
Resolve = Callable[[str, str], str]


class References:
    """`addresses` are the fullUrls of entries and what each is called from now on."""

    def __init__(self, addresses: Mapping[str, str], resolve: Resolve) -> None:
        self._addresses = addresses
        self._resolve = resolve

    def rewritten(self, document: Document, full_url: str | None) -> Document:
        """A resource of the entry with this fullUrl, as it is to be stored; raises Unacceptable."""
        rewritten: Document = self._value(document, full_url, "")
        return rewritten

    def _value(self, value: Any, full_url: str | None, name: str) -> Any:
        if isinstance(value, list):
            return [self._value(each, full_url, name) for each in value]
        if isinstance(value, Mapping):
            return {key: self._value(each, full_url, key) for key, each in value.items()}
        if not isinstance(value, str):
            return value
        if name == "reference":
            return self._followed(value, full_url)
        if name in _ADDRESSES and value.startswith(_TEMPORARY):
            return self._addresses.get(value, value)
        return self._linked(value) if name == "div" else value

    def _followed(self, reference: str, full_url: str | None) -> str:
        if reference.startswith("#"):
            return reference
        plain, mark, fragment = reference.partition("#")
        stored = self._addresses.get(plain) or self._addresses.get(_beside(full_url, plain))
        if stored is not None:
            return stored + mark + fragment
        conditional = _CONDITIONAL.fullmatch(reference)
        if conditional is None:
            return reference
        return self._resolve(conditional["type"], conditional["query"])

    def _linked(self, narrative: str) -> str:
        def link(found: re.Match[str]) -> str:
            stored = self._addresses.get(found["address"], found["address"])
            return f"{found['before']}{stored}{found['quote']}"

        return _LINK.sub(link, narrative)


def _beside(full_url: str | None, reference: str) -> str:
    """A relative reference as an address on the server that the entry itself is from."""
    if full_url is None or not full_url.startswith(("http://", "https://")):
        return reference
    return f"{full_url.rsplit('/', 2)[0]}/{reference}"
