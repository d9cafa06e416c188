"""What may be asked of each type of resource, and by whom: the ownership table of the protocol.

The CapabilityStatement, the OpenAPI document and the refusals are all read off this one table.
"""

from enum import StrEnum

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client, ClientKind
from app.gateway.ownership import OUTGOING, PAYER_AUTHORED, REFERENCE_DATA, REQUESTS, SUPPORTING


class Interaction(StrEnum):
    """The RESTful interactions with a type: http://hl7.org/fhir/R4/http.html."""

    READ = "read"
    VREAD = "vread"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"
    HISTORY = "history-instance"
    HISTORY_OF_TYPE = "history-type"
    CREATE = "create"
    SEARCH = "search-type"


_I = Interaction
READING = frozenset({_I.READ, _I.VREAD, _I.HISTORY, _I.HISTORY_OF_TYPE, _I.SEARCH})
CHANGING = frozenset({_I.CREATE, _I.UPDATE, _I.PATCH, _I.DELETE})
# Written by nobody from outside, and without versions of their own.
PUBLISHED = frozenset({"CodeSystem", "OperationDefinition", "StructureDefinition"})
_READ_ALONE = {
    "AuditEvent": frozenset({_I.READ, _I.SEARCH}),
    "Bundle": frozenset({_I.READ, _I.VREAD}),
    **{type: frozenset({_I.READ, _I.VREAD, _I.SEARCH}) for type in PUBLISHED},
}
# Made by the gateway itself, for whoever it belongs to, who changes nothing of it but its status.
_MADE_HERE = frozenset({"Invoice"})
TYPES = REQUESTS | SUPPORTING | PAYER_AUTHORED | {"Task"} | _MADE_HERE | _READ_ALONE.keys()

# Immutable once they are there, but for the change of status that cancels them.
IMMUTABLE = REQUESTS | {
    "ClaimResponse",
    "CoverageEligibilityResponse",
    "EnrollmentResponse",
    "ExplanationOfBenefit",
    "PaymentReconciliation",
    "CommunicationRequest",
}


def offered(type: str, kind: ClientKind) -> frozenset[Interaction]:
    """The interactions with a type that a kind of client is offered; empty for unknown types.

    An update that is offered may still be refused for what it changes.
    """
    if type in _READ_ALONE:
        return _read_alone(type, kind)
    if type not in TYPES:
        return frozenset()
    if kind is ClientKind.PAYER_CLIENT:
        return READING | _of_the_payer(type)
    return READING | _of_a_submitter(type)


def require_offered(interaction: Interaction, type: str, client: Client) -> None:
    """Pass where this client is offered the interaction; raises Unacceptable, 405.

    A change of what a submitter sees, but that nobody changes, is let pass to be refused as that.
    """
    is_seen = client.kind is ClientKind.SUBMITTER and type in IMMUTABLE
    if is_seen and interaction in {_I.UPDATE, _I.PATCH}:
        return
    if interaction not in offered(type, client.kind):
        raise not_offered(f"This client is offered no {interaction} of a {type}.", type)


def not_offered(text: str, type: str) -> Unacceptable:
    """What is raised for an interaction that is not offered: 405."""
    return Unacceptable(Issue(ErrorCode.METHOD, text, type))


def is_created(type: str) -> bool:
    """Whether resources of a type come about by anybody's request, whoever may send it."""
    return type in TYPES - _MADE_HERE - _READ_ALONE.keys()


def may_choose_id(type: str, kind: ClientKind) -> bool:
    """Whether an update of what is not there creates it: ids of reference data are the payer's."""
    return kind is ClientKind.PAYER_CLIENT and type in REFERENCE_DATA


def _read_alone(type: str, kind: ClientKind) -> frozenset[Interaction]:
    # Who did what is the payer's to read.
    if type == "AuditEvent" and kind is not ClientKind.PAYER_CLIENT:
        return frozenset()
    return _READ_ALONE[type]


def _of_the_payer(type: str) -> frozenset[Interaction]:
    if type in REFERENCE_DATA:
        return CHANGING
    return frozenset({_I.CREATE} if type in OUTGOING else ())


def _of_a_submitter(type: str) -> frozenset[Interaction]:
    if type in SUPPORTING:
        return CHANGING
    if type in REQUESTS:
        return frozenset({_I.CREATE, _I.UPDATE, _I.PATCH})
    if type in _MADE_HERE:
        return frozenset({_I.UPDATE, _I.PATCH})
    # An earlier payer's answer may be handed in as evidence.
    return frozenset({_I.CREATE} if type in {"Task", "ClaimResponse"} else ())
