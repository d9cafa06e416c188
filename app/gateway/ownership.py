"""Which client may create which type of resource: the ownership table of the protocol."""

from collections.abc import Mapping
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client, ClientKind
from app.fhir.documents import reference_of

REQUESTS = frozenset(
    {
        "Claim",
        "CoverageEligibilityRequest",
        "EnrollmentRequest",
        "Communication",
        "PaymentNotice",
    }
)
SUPPORTING = frozenset(
    {
        "Patient",
        "RelatedPerson",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "Coverage",
        "VisionPrescription",
        "Account",
        "ChargeItem",
    }
)
PAYER_AUTHORED = frozenset(
    {
        "ClaimResponse",
        "CoverageEligibilityResponse",
        "EnrollmentResponse",
        "ExplanationOfBenefit",
        "PaymentReconciliation",
        "CommunicationRequest",
        "OrganizationAffiliation",
        "InsurancePlan",
        "ChargeItemDefinition",
        "Contract",
    }
)
# What the payer itself sends a submitter.
OUTGOING = frozenset({"Communication", "CommunicationRequest"})
REFERENCE_DATA = frozenset(
    {
        "Patient",
        "RelatedPerson",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "OrganizationAffiliation",
        "Location",
        "Coverage",
        "InsurancePlan",
        "ChargeItemDefinition",
        "Contract",
    }
)


def require_creator(document: Mapping[str, Any], client: Client, base: str) -> None:
    """Pass where this client may create this resource; else raises Unacceptable."""
    type = document["resourceType"]
    if client.kind is ClientKind.PAYER_CLIENT:
        is_allowed = type in REFERENCE_DATA | OUTGOING
    else:
        is_allowed = type in REQUESTS | SUPPORTING or _is_evidence(document, client, base)
    if is_allowed:
        return
    if type in PAYER_AUTHORED | REQUESTS | SUPPORTING:
        text = f"This client may not create a {type}."
        raise Unacceptable(Issue(ErrorCode.FORBIDDEN, text, type))
    raise Unacceptable(Issue(ErrorCode.METHOD, f"{type} is not created here.", type))


def _is_evidence(document: Mapping[str, Any], client: Client, base: str) -> bool:
    """An earlier payer's ClaimResponse, handed in for coordination of benefits."""
    if document["resourceType"] != "ClaimResponse":
        return False
    insurer = reference_of(document["insurer"], base).identifier
    return insurer is not None and not client.payer.is_meant_by((insurer,))
