"""Histories: of one resource, of a type, of everything that a client may read.

http://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.auditing import HISTORY, HISTORY_OF_ALL, HISTORY_OF_TYPE
from app.domain.issues import ErrorCode, Issue, ScopeMissing, Unacceptable
from app.domain.parties import Client
from app.domain.permissions import EACH, scope_for
from app.fhir import json_text
from app.fhir.history import Version, history
from app.gateway.auditing.accesses import Access, given
from app.gateway.installation import Installation
from app.gateway.permitted import refuse
from app.gateway.reading.page_links import PAGE, PageLinks
from app.gateway.surface import TYPES, Interaction, offered
from app.store.history import Place, Span
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

DEFAULT_COUNT = 50
MOST_COUNT = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What a history is asked of: an instance, a type (id None), or everything (type None too).

    `count` 0 asks only how many versions there are.
    """

    type: str | None = None
    id: str | None = None
    since: datetime | None = None
    count: int = DEFAULT_COUNT

    @property
    def path(self) -> str:
        """The address under the base."""
        return "/".join(part for part in (self.type, self.id, "_history") if part is not None)


@dataclass(frozen=True, slots=True)
class _Found:
    """The versions of a page, which of them brought something back, and where the next begins."""

    versions: Sequence[Stored] = ()
    restored: Collection[tuple[str, str, int]] = ()
    onwards: Place | None = None
    total: int | None = None


class History:
    """The histories of an installation, each as the text of a Bundle."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._links = PageLinks(installation.hasher, "history")

    def first(self, client: Client, asked: Asked, request_id: str | None = None) -> str:
        """The newest versions; raises Unacceptable, ScopeMissing where it is of nothing."""
        return self._page(client, asked, None, request_id)

    def next(self, client: Client, path: str, token: str, request_id: str | None = None) -> str:
        """The page that a link leads to; raises Unacceptable where it does not lead from here."""
        asked, after = _opened(self._links.opened(client, token))
        if asked.path != path:
            text = "This page link belongs to another address."
            raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
        return self._page(client, asked, after, request_id)

    def _page(
        self, client: Client, asked: Asked, after: Place | None, request_id: str | None
    ) -> str:
        types = _types(client, asked)
        if not types:
            refuse(self._installation, client, ScopeMissing(scope_for("s", EACH)), EACH, request_id)
        span = Span(types, asked.id, asked.since)

        def found(work: UnitOfWork) -> _Found:
            _require_instance(asked, work)
            if asked.count == 0:
                return _Found(total=work.history.size(span))
            shown, has_more = work.history.page(span, asked.count, after)
            place = _place(shown[-1]) if has_more else None
            return _Found(shown, work.history.restored(shown), place)

        access = Access(_action(asked), asked.type, asked.id, request_id)
        page = given(self._installation, client, access, found, lambda each: len(each.versions))
        return history(
            self._installation.base_url,
            self._installation.clock(),
            [_version(each, page.restored) for each in page.versions],
            self._relations(client, asked, after, page.onwards),
            page.total,
        )

    def _relations(
        self, client: Client, asked: Asked, here: Place | None, onwards: Place | None
    ) -> dict[str, str]:
        address = f"{self._installation.base_url}/{asked.path}"
        query = [f"_count={asked.count}"]
        if asked.since is not None:
            query.append(f"_since={json_text.instant(asked.since)}")
        links = {"self": f"{address}?{'&'.join(query)}"}
        if here is not None:
            links["self"] = f"{address}?{PAGE}={self._links.sealed(client, _sealed(asked, here))}"
        if onwards is not None:
            token = self._links.sealed(client, _sealed(asked, onwards))
            links["next"] = f"{address}?{PAGE}={token}"
        return links


def _action(asked: Asked) -> str:
    if asked.type is None:
        return HISTORY_OF_ALL
    return HISTORY_OF_TYPE if asked.id is None else HISTORY


def _types(client: Client, asked: Asked) -> tuple[str, ...]:
    """The types whose versions are told; raises Unacceptable for one that has no history here."""
    if asked.type is None:
        told = (
            each
            for each in TYPES
            if Interaction.HISTORY_OF_TYPE in offered(each, client.kind)
            and client.permissions.touches("s", each)
        )
        return tuple(sorted(told))
    wanted = Interaction.HISTORY if asked.id is not None else Interaction.HISTORY_OF_TYPE
    if wanted in offered(asked.type, client.kind):
        return (asked.type,)
    text = f"{asked.type} has no history here."
    raise Unacceptable(Issue(ErrorCode.METHOD, text, asked.type))


def _require_instance(asked: Asked, work: UnitOfWork) -> None:
    if asked.type is None or asked.id is None:
        return
    found = work.visible.find(asked.type, asked.id)
    if found is None:
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))
    if found.text is None and not found.is_deletion:
        raise Unacceptable(Issue(ErrorCode.GONE, "The resource is gone, and its versions with it."))


def _version(stored: Stored, restored: Collection[tuple[str, str, int]]) -> Version:
    key = (stored.type, stored.id, stored.version)
    is_new = stored.version == 1 or key in restored
    return Version(*key, stored.updated_at, stored.made_by, stored.text, is_new)


def _place(stored: Stored) -> Place:
    return Place(stored.updated_at, stored.type, stored.id, stored.version)


def _sealed(asked: Asked, place: Place) -> Mapping[str, Any]:
    return {
        "of": "history",
        "type": asked.type,
        "id": asked.id,
        "since": asked.since.isoformat() if asked.since else None,
        "count": asked.count,
        "after": [place.updated_at.isoformat(), place.type, place.id, place.version],
    }


def _opened(place: Mapping[str, Any]) -> tuple[Asked, Place]:
    """What a link carries; raises Unacceptable for one of another kind."""
    if place.get("of") != "history":
        text = "This page link belongs to another address."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    since, (at, type, id, version) = place["since"], place["after"]
    asked = Asked(
        place["type"],
        place["id"],
        datetime.fromisoformat(since) if since else None,
        place["count"],
    )
    return asked, Place(datetime.fromisoformat(at), type, id, version)
