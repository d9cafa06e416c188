"""Searches: what a client may see, page by page, with what belongs to it.

http://hl7.org/fhir/R4/search.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from app.domain.auditing import SEARCH
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.domain.search.query import Place
from app.fhir import json_text
from app.fhir.answers.operation_outcome import warning
from app.fhir.search.asking import passed_over, unknown
from app.fhir.search.reading import Query, read_query
from app.fhir.searchset import Mode, SearchEntry, searchset
from app.fhir.subsets import Summary, part_of
from app.gateway.auditing.accesses import Access, given
from app.gateway.auditing.events import AUDIT_EVENT
from app.gateway.auditing.searching import Audited
from app.gateway.installation import Installation
from app.gateway.reading.included import included
from app.gateway.reading.page_links import PAGE, PageLinks
from app.gateway.reading.published import Published
from app.gateway.surface import PUBLISHED, Interaction, offered
from app.store.searching.searching import Page
from app.store.searching.searching import Searching as Found
from app.store.unit_of_work import UnitOfWork

USUAL_COUNT = 20
MOST_ON_A_PAGE = 200
# Counting goes no further unless it is asked for: the page costs the same however many match.
COUNTED_AT_MOST = 1000
# Definitions come in the order of their ids, events with the newest first.
UNSORTED = PUBLISHED | {AUDIT_EVENT}


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was asked; `compartment` is the Patient whose compartment is searched.

    `at` is when its first page was asked for: what "about now" means must not change on the way.
    """

    type: str
    pairs: tuple[tuple[str, str], ...]
    at: datetime
    is_strict: bool = False
    compartment: str | None = None

    @property
    def path(self) -> str:
        """Where it is asked, under the FHIR base."""
        return self.type if self.compartment is None else f"Patient/{self.compartment}/{self.type}"


class Searching:
    """What clients search for in an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._links = PageLinks(installation.hasher, "search")

    def search(
        self,
        client: Client,
        type: str,
        pairs: Sequence[tuple[str, str]],
        *,
        is_strict: bool = False,
        compartment: str | None = None,
        request_id: str | None = None,
    ) -> str:
        """The first page, a Bundle; raises Unacceptable for what cannot be asked."""
        at = self._installation.clock()
        asked = Asked(type, tuple(pairs), at, is_strict, compartment)
        return self._page(client, asked, {}, request_id)

    def page(
        self,
        client: Client,
        type: str,
        token: str,
        compartment: str | None = None,
        request_id: str | None = None,
    ) -> str:
        """The page behind a link; raises Unacceptable for a link of somebody else."""
        place = self._links.opened(client, token)
        asked = Asked(
            place["type"],
            tuple((name, value) for name, value in place["pairs"]),
            datetime.fromisoformat(place["at"]),
            place["strict"],
            place["compartment"],
        )
        if (asked.type, asked.compartment) != (type, compartment):
            raise Unacceptable(Issue(ErrorCode.PARAMETER, "This page link belongs elsewhere."))
        return self._page(client, asked, place, request_id)

    def _page(
        self, client: Client, asked: Asked, place: Mapping[str, Any], request_id: str | None
    ) -> str:
        if Interaction.SEARCH not in offered(asked.type, client.kind):
            raise Unacceptable(Issue(ErrorCode.METHOD, f"{asked.type} is not searched here."))
        query = _read(asked, self._installation.base_url)
        find = partial(self._answer, client, asked, query, place)
        if asked.type in PUBLISHED:
            return self._installation.read(client.scope, find)[0]
        # What was asked names patients: the audit tells of which type, and how many were found.
        access = Access(SEARCH, asked.type, request_id=request_id)
        return given(self._installation, client, access, find, lambda answer: answer[1])[0]

    def _answer(
        self,
        client: Client,
        asked: Asked,
        query: Query,
        place: Mapping[str, Any],
        work: UnitOfWork,
    ) -> tuple[str, int]:
        """The page, and how many resources are on it."""
        after, before = _place(place.get("after")), _place(place.get("before"))
        is_count = query.summary is Summary.COUNT or query.count == 0
        source = self._source(asked.type, work)
        page = Page([], has_more=False)
        if not is_count:
            page = source.page(query.search, query.count or 0, after=after, before=before)
        links = self._linked(client, asked, query, page, after, before)
        entries = [] if is_count else self._entries(page, query, work)
        total = _total(source, query, page, is_count=is_count)
        shown = sum(entry.mode is not Mode.OUTCOME for entry in entries)
        return searchset(work.new_id(), work.now, entries, links, total), shown

    def _source(self, type: str, work: UnitOfWork) -> Published | Audited | Found:
        """Where resources of a type are found."""
        if type in PUBLISHED:
            return Published(self._installation)
        return Audited(work) if type == AUDIT_EVENT else work.search

    def _entries(self, page: Page, query: Query, work: UnitOfWork) -> list[SearchEntry]:
        found = [stored for stored, _ in page.found]
        added, is_cut = included(found, query.includes, work)
        base = self._installation.base_url
        entries = [
            SearchEntry(
                part_of(stored.text or "", query.summary, query.elements),
                mode,
                f"{base}/{stored.reference}",
            )
            for mode, group in ((Mode.MATCH, found), (Mode.INCLUDE, added))
            for stored in group
        ]
        warnings = [is_cut] if is_cut else []
        if query.ignored:
            warnings.append(json_text.write(warning(passed_over(query.ignored))))
        return [*entries, *(SearchEntry(each, Mode.OUTCOME) for each in warnings)]

    def _linked(
        self,
        client: Client,
        asked: Asked,
        query: Query,
        page: Page,
        after: Place | None,
        before: Place | None,
    ) -> dict[str, str]:
        """The links of a page: `self` tells what was understood, the others are opaque."""
        address = f"{self._installation.base_url}/{asked.path}"
        # The parameters of a self link are told to whoever asked them, in the body alone.
        used = urlencode(query.used, safe="|,:/$")
        links = {"self": f"{address}?{used}" if used else address}
        if not page.found:
            return links
        is_backward = before is not None
        if page.has_more or is_backward:
            links["next"] = self._link(address, client, asked, after=page.found[-1][1])
        if after is not None or (is_backward and page.has_more):
            links["previous"] = self._link(address, client, asked, before=page.found[0][1])
        if len(links) > 1:
            links["first"] = self._link(address, client, asked)
        return links

    def _link(self, address: str, client: Client, asked: Asked, **place: Place) -> str:
        sealed = self._links.sealed(
            client,
            {
                "type": asked.type,
                "pairs": asked.pairs,
                "at": asked.at.isoformat(),
                "strict": asked.is_strict,
                "compartment": asked.compartment,
                **{name: [*at.values, at.id] for name, at in place.items()},
            },
        )
        return f"{address}?{PAGE}={sealed}"


def _read(asked: Asked, base: str) -> Query:
    compartment = None if asked.compartment is None else ("Patient", asked.compartment)
    query = read_query(
        asked.type,
        asked.pairs,
        base=base,
        now=asked.at,
        is_strict=asked.is_strict,
        compartment=compartment,
    )
    if asked.type in UNSORTED and query.search.order:
        query = _unsorted(query, is_strict=asked.is_strict)
    count = USUAL_COUNT if query.count is None else min(query.count, MOST_ON_A_PAGE)
    return replace(query, count=count)


def _unsorted(query: Query, *, is_strict: bool) -> Query:
    """What is no row of the index comes in an order of its own, and that is told."""
    if is_strict:
        raise unknown("_sort")
    used = tuple(pair for pair in query.used if pair[0] != "_sort")
    search = replace(query.search, order=())
    return replace(query, search=search, used=used, ignored=(*query.ignored, "_sort"))


def _place(told: Sequence[str | None] | None) -> Place | None:
    if told is None:
        return None
    *values, id = told
    return Place(tuple(values), str(id))


def _total(source: Any, query: Query, page: Page, *, is_count: bool) -> int | None:
    """How many match; None where nobody asked for it and it is more than is counted by default."""
    if query.total == "none" and not is_count:
        return None
    if page.total is not None:
        return page.total
    if query.total == "accurate" or is_count:
        exact: int = source.total(query.search, None)
        return exact
    counted: int = source.total(query.search, COUNTED_AT_MOST)
    return counted if counted <= COUNTED_AT_MOST else None
