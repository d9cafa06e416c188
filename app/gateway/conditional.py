"""The header If-None-Exist: create only where nothing carries the identifier yet.

http://hl7.org/fhir/R4/http.html#ccreate
"""

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.gateway.received import Received
from app.store.unit_of_work import UnitOfWork


def existing(received: Received, work: UnitOfWork) -> tuple[str, str] | None:
    """Type and id of what meets the condition; None without a condition, or without a match.

    Raises Unacceptable where several do.
    """
    if received.if_none_exist is None:
        return None
    # What submitters sent must not stop the payer from keeping data of its own.
    is_submitter = work.scope.submitter_id is not None
    known = work.resources if is_submitter else work.reference_data
    matches = known.identified((received.type,), received.if_none_exist)
    if len(matches) > 1:
        text = f"{len(matches)} resources of type {received.type} carry the identifier."
        raise Unacceptable(Issue(ErrorCode.MULTIPLE_MATCHES, text))
    return matches[0] if matches else None
