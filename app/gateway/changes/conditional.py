"""The conditions of conditional changes: the query of a search that one resource is to meet.

http://hl7.org/fhir/R4/http.html#cond-update
"""

from datetime import datetime
from urllib.parse import parse_qsl

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.search.query import Search
from app.fhir.search.reading import read_query
from app.gateway.changes.target import Target
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# So many are looked at for those that are one's own; a condition that more meet means none of them.
_MOST_MATCHES = 500


def condition_of(type: str, query: str, base: str, now: datetime) -> Search:
    """The condition in a query; raises Unacceptable for one that cannot be used, or says nothing.

    What a search would pass over is refused: more would meet what is left of the condition.
    """
    pairs = parse_qsl(query.lstrip("?"), keep_blank_values=True, errors="replace")
    read = read_query(type, pairs, base=base, now=now, is_strict=True)
    if not read.search.conditions:
        text = "A condition is the query of a search, as in identifier=system|value."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    return read.search


def matches_of(type: str, query: str, work: UnitOfWork) -> list[tuple[str, str]]:
    """Type and id of what meets the condition; of many, more than one.

    A submitter reaches its own and what it may read of the payer's, the payer's side what the
    payer keeps. Raises Unacceptable for a condition that cannot be used.
    """
    found = _matches(type, query, work)
    if work.scope.submitter_id is None:
        # What submitters sent must not stop the payer from keeping data of its own.
        found = _own(found, work)
    return [(one.type, one.id) for one in found]


def id_of(target: Target, work: UnitOfWork) -> str | None:
    """The id of what is to change; None where nothing of the client's meets the condition.

    Raises Unacceptable where several do.
    """
    if target.id is not None:
        return target.id
    own = own_ids(target.type, target.condition or "", work)
    if len(own) > 1:
        text = f"Several resources of type {target.type} meet the condition."
        raise Unacceptable(Issue(ErrorCode.MULTIPLE_MATCHES, text))
    return own[0] if own else None


def own_ids(type: str, query: str, work: UnitOfWork) -> list[str]:
    """The ids of what meets the condition and belongs to who asks: a submitter, or the payer."""
    return [one.id for one in _own(_matches(type, query, work), work)]


def _own(found: list[Stored], work: UnitOfWork) -> list[Stored]:
    return [one for one in found if one.submitter_id == work.scope.submitter_id]


def _matches(type: str, query: str, work: UnitOfWork) -> list[Stored]:
    page = work.search.page(condition_of(type, query, work.base, work.now), _MOST_MATCHES)
    if page.has_more:
        text = f"More than {_MOST_MATCHES} resources of type {type} meet the condition."
        raise Unacceptable(Issue(ErrorCode.MULTIPLE_MATCHES, text))
    return [stored for stored, _ in page.found]
