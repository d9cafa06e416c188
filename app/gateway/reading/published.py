"""Searches among the definitions that the server publishes: they live in no table.

http://hl7.org/fhir/R4/codesystem.html#search
"""

from collections.abc import Sequence

from app.domain.search.entries import DateEntry, Entry, TokenEntry
from app.domain.search.matching import local, matches
from app.domain.search.query import ID, LAST_UPDATED, Place, Search
from app.fhir import json_text
from app.fhir.offer.code_systems import PUBLISHED_AT, published
from app.fhir.search.indexing import entries_of
from app.gateway.installation import Installation
from app.store.resources import Stored
from app.store.searching.searching import Page


def as_stored(type: str, id: str) -> Stored:
    """A published definition as a version; raises KeyError where there is none."""
    text = json_text.write(published()[(type, id)])
    stamped = json_text.stamped(text, id, 1, PUBLISHED_AT)
    return Stored(type, id, 1, PUBLISHED_AT, stamped)


class Published:
    """The published definitions, paged as the store pages resources: in the order of their ids."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def page(
        self, search: Search, limit: int, *, after: Place | None = None, before: Place | None = None
    ) -> Page:
        """A page of those that match."""
        found = self._matching(search)
        if before is not None:
            earlier = [each for each in found if each.id < before.id]
            return _page(earlier[-limit:], has_more=len(earlier) > limit)
        later = [each for each in found if after is None or each.id > after.id]
        return _page(later[:limit], has_more=len(later) > limit)

    def total(self, search: Search, at_most: int | None) -> int:
        """How many match: they are few, so all are counted."""
        return len(self._matching(search))

    def _matching(self, search: Search) -> list[Stored]:
        base = self._installation.base_url
        since = DateEntry(LAST_UPDATED, PUBLISHED_AT, PUBLISHED_AT)
        return [
            as_stored(type, id)
            for (type, id), document in sorted(published().items())
            if type == search.type
            and _meets([TokenEntry(ID, id), since, *entries_of(type, document, base)], search)
        ]


def _meets(entries: Sequence[Entry], search: Search) -> bool:
    """Whether all conditions hold; one that asks of other resources finds none that is theirs."""
    conditions = [local(condition) for condition in search.conditions]
    return all(each is not None and matches(entries, each) for each in conditions)


def _page(found: list[Stored], *, has_more: bool) -> Page:
    return Page([(each, Place((), each.id)) for each in found], has_more)
