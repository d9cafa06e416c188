"""The conditions of conditional changes: the query of a search that one resource is to meet.

http://hl7.org/fhir/R4/http.html#cond-update
"""

from urllib.parse import parse_qsl

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.references import Identifier
from app.gateway.changes.target import Target
from app.store.unit_of_work import UnitOfWork


def matches_of(type: str, query: str, work: UnitOfWork) -> list[tuple[str, str]]:
    """Type and id of every resource in reach that meets the condition.

    A submitter reaches its own and what it may read of the payer's, the payer's side what the
    payer keeps. Raises Unacceptable for a condition that cannot be used.
    """
    pairs = parse_qsl(query.lstrip("?"), keep_blank_values=True)
    if [name for name, _ in pairs] != ["identifier"]:
        raise unusable()
    system, separator, value = pairs[0][1].partition("|")
    if not separator or not value:
        raise unusable()
    # What submitters sent must not stop the payer from keeping data of its own.
    is_submitter = work.scope.submitter_id is not None
    known = work.resources if is_submitter else work.reference_data
    return known.identified((type,), Identifier(system or None, value))


def unusable() -> Unacceptable:
    """What is raised for a condition that cannot be used."""
    text = "The condition is understood as identifier=system|value."
    return Unacceptable(Issue(ErrorCode.PARAMETER, text))


def own_of(matches: list[tuple[str, str]], work: UnitOfWork) -> list[str]:
    """The ids of those that belong to who asks: a submitter, or the payer."""
    found = (work.resources.find(*match) for match in matches)
    return [
        one.id for one in found if one is not None and one.submitter_id == work.scope.submitter_id
    ]


def id_of(target: Target, work: UnitOfWork) -> str | None:
    """The id of what is to change; None where nothing of the client's meets the condition.

    Raises Unacceptable where several do.
    """
    if target.id is not None:
        return target.id
    if not target.condition:
        raise unusable()
    own = own_of(matches_of(target.type, target.condition, work), work)
    if len(own) > 1:
        text = f"{len(own)} resources of type {target.type} meet the condition."
        raise Unacceptable(Issue(ErrorCode.MULTIPLE_MATCHES, text))
    return own[0] if own else None
