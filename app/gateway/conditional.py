"""The header If-None-Exist: create only where nothing meets the condition yet.

http://hl7.org/fhir/R4/http.html#ccreate
"""

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.gateway.changes.conditional import matches_of, own_ids
from app.gateway.once import TakenMeanwhile
from app.gateway.received import Received
from app.store.unit_of_work import UnitOfWork


def existing(received: Received, work: UnitOfWork) -> tuple[str, str] | None:
    """Type and id of what meets the condition; None without a condition, or without a match.

    Raises Unacceptable where several do, and TakenMeanwhile where an update that found none would
    find one now.
    """
    if received.if_none_exist is None:
        return None
    if received.is_update:
        if own_ids(received.type, received.if_none_exist, work):
            raise TakenMeanwhile
        return None
    matches = matches_of(received.type, received.if_none_exist, work, 2)
    if len(matches) > 1:
        text = f"Several resources of type {received.type} meet the condition."
        raise Unacceptable(Issue(ErrorCode.MULTIPLE_MATCHES, text))
    return matches[0] if matches else None
