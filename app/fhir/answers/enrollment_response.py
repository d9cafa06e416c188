"""Writing the EnrollmentResponse to an EnrollmentRequest.

http://hl7.org/fhir/R4/enrollmentresponse.html
"""

from app.domain.codes import Outcome
from app.fhir.answers.writing import (
    Answering,
    detached,
    filled,
    head,
    insurer_of,
    name_of,
    narrative,
    request_of,
)
from app.fhir.documents import Document


def enrollment_response(answering: Answering, outcome: Outcome, disposition: str) -> Document:
    """The answer; R4 gives it no list of errors, so the disposition says what was wrong."""
    request = answering.request
    provider = request.get("provider")
    told = narrative(f"Answer to {name_of(request)}: {disposition}", [f"Outcome: {outcome}"])
    return filled(
        **head(answering, "EnrollmentResponse", told),
        request=request_of(answering),
        outcome=outcome.value,
        disposition=disposition,
        created=answering.created.isoformat(timespec="seconds"),
        organization=insurer_of(answering),
        requestProvider=provider and detached(provider, request),
    )
