"""The conditions of conditional changes: the query of a search that one resource is to meet.

http://hl7.org/fhir/R4/http.html#cond-update
"""

from datetime import datetime
from urllib.parse import parse_qsl

from app.domain.issues import ErrorCode, Issue, ScopeMissing, Unacceptable
from app.domain.permissions import scope_for
from app.domain.search.query import Search
from app.fhir.search.reading import read_query
from app.gateway.changes.target import Target
from app.store.unit_of_work import UnitOfWork

# Ids alone, so that a transaction may take all that its entries delete away, and see what is left.
_MOST_MATCHES = 502


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


def matches_of(
    type: str, query: str, work: UnitOfWork, at_most: int = _MOST_MATCHES
) -> list[tuple[str, str]]:
    """Type and id of what meets the condition; of many, more than one.

    A submitter reaches its own and what it may read of the payer's, the payer's side what the
    payer keeps: what submitters sent must not stop the payer from keeping data of its own.
    Raises Unacceptable for a condition that cannot be used.
    """
    is_own = work.scope.submitter_id is None
    return [(type, id) for id in _ids(type, query, work, at_most, is_own=is_own)]


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
    """The ids of what meets the condition and belongs to who asks, a submitter or the payer.

    Of many, two.
    """
    return _ids(type, query, work, 2, is_own=True)


def _ids(type: str, query: str, work: UnitOfWork, at_most: int, *, is_own: bool) -> list[str]:
    if not work.scope.permissions.touches("s", type):
        # The answer tells what is there, as a search does.
        raise ScopeMissing(scope_for("s", type), type)
    search = condition_of(type, query, work.base, work.now)
    return work.search.ids(search, at_most, is_own=is_own)
