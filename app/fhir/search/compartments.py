"""Which resources belong to a Patient's compartment.

http://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.search.query import Has, ReferenceMatch

PATIENT = "Patient"

# The parameters of which one has to lead to the Patient; a type that is not here is in none.
_PARAMETERS = {
    "Account": ("subject",),
    "ChargeItem": ("subject",),
    "Claim": ("patient", "payee"),
    "ClaimResponse": ("patient",),
    "Communication": ("subject", "sender", "recipient"),
    "CommunicationRequest": ("subject", "sender", "recipient", "requester"),
    "Coverage": ("policy-holder", "subscriber", "beneficiary", "payor"),
    "CoverageEligibilityRequest": ("patient",),
    "CoverageEligibilityResponse": ("patient",),
    "EnrollmentRequest": ("subject",),
    "ExplanationOfBenefit": ("patient", "payee"),
    "Invoice": ("subject", "patient", "recipient"),
    "Patient": ("link",),
    "RelatedPerson": ("patient",),
    "VisionPrescription": ("patient",),
}


def compartment(type: str) -> tuple[str, ...]:
    """The parameters that put a resource of this type into a Patient's compartment; often none."""
    return _PARAMETERS.get(type, ())


def in_compartment(type: str, of: tuple[str, str]) -> Has:
    """That a resource is in a compartment, given as ("Patient", id).

    Raises Unacceptable for a type that is in none.
    """
    owner, id = of
    names = compartment(type) if owner == PATIENT else ()
    if not names:
        text = f"{type} is in no compartment of a {owner}."
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, text))
    return Has(names, (ReferenceMatch(owner, id),))
