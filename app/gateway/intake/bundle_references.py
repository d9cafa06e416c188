"""References between the entries of a Bundle, made references to what is stored.

http://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Iterable, Mapping
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable

_SEVERAL = ""


class BundleReferences:
    """What each entry of a Bundle is called from now on.

    `entries` are (fullUrl, type, id in the document, new reference); an entry without a fullUrl can
    only be meant by its type and id.
    """

    def __init__(self, entries: Iterable[tuple[str | None, str, str | None, str]]) -> None:
        self._by_address: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        for address, type, id, stored in entries:
            if address is not None:
                self._by_address[address] = stored
            if id is not None:
                name = f"{type}/{id}"
                self._by_name[name] = _SEVERAL if name in self._by_name else stored

    def rewritten(self, value: Any, address: str | None) -> Any:
        """A document, found in the entry of this fullUrl, with every reference followed.

        Raises Unacceptable for one that several entries answer to.
        """
        if isinstance(value, list):
            return [self.rewritten(each, address) for each in value]
        if not isinstance(value, Mapping):
            return value
        document = {name: self.rewritten(each, address) for name, each in value.items()}
        if isinstance(document.get("reference"), str):
            document["reference"] = self._followed(document["reference"], address)
        return document

    def _followed(self, reference: str, address: str | None) -> str:
        if reference.startswith("#"):
            return reference
        stored = self._by_address.get(reference) or self._by_address.get(
            _beside(address, reference)
        )
        if stored is None:
            stored = self._by_name.get(reference, reference)
        if stored == _SEVERAL:
            text = "A reference is that of several entries: use the fullUrl of the one meant."
            raise Unacceptable(Issue(ErrorCode.BUNDLE, text, "Bundle.entry"))
        return stored


def _beside(address: str | None, reference: str) -> str:
    """A relative reference as an address on the server that the entry itself is from."""
    if address is None or not address.startswith(("http://", "https://")):
        return reference
    return f"{address.rsplit('/', 2)[0]}/{reference}"
