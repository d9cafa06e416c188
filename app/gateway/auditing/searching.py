"""Searches among the events of the audit: the newest first.

http://hl7.org/fhir/R4/auditevent.html#search
"""

from datetime import datetime

from app.domain.search.query import Place, Search
from app.gateway.auditing.events import as_audit_events
from app.store.audit_search import Position
from app.store.searching.searching import Page
from app.store.unit_of_work import UnitOfWork


class Audited:
    """The events of one payer, paged as the store pages resources."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def page(
        self, search: Search, limit: int, *, after: Place | None = None, before: Place | None = None
    ) -> Page:
        """A page of those that match."""
        found, has_more = self._work.audit.page(
            search.conditions, limit, _position(after), _position(before)
        )
        places = [Place((each.at.isoformat(),), str(each.seq)) for each in found]
        stored = as_audit_events(found, self._work)
        return Page(list(zip(stored, places, strict=True)), has_more)

    def total(self, search: Search, at_most: int | None) -> int:
        """How many match; counted up to one more than `at_most`."""
        return self._work.audit.total(search.conditions, at_most)


def _position(place: Place | None) -> Position | None:
    if place is None:
        return None
    return Position(datetime.fromisoformat(place.values[0] or ""), int(place.id))
