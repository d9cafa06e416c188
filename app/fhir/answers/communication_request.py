"""Writing the CommunicationRequest that asks a provider for what a decision needs.

http://hl7.org/fhir/R4/communicationrequest.html
"""

from datetime import datetime

from app.fhir.answers.writing import (
    Answering,
    detached,
    filled,
    insurer_of,
    labelled,
    narrative,
    request_of,
)
from app.fhir.answers.writing import identifier_document as spelled
from app.fhir.documents import Document


def communication_request(answering: Answering, asked: str, due_at: datetime) -> Document:
    """Ask the provider of a Claim for something, in words, until an instant (with a zone)."""
    request = answering.request
    provider = detached(request["provider"], request)
    return filled(
        resourceType="CommunicationRequest",
        **labelled(request),
        text=narrative(asked, [f"Please answer until {due_at.date().isoformat()}."]),
        identifier=[spelled(answering.identifier)],
        status="active",
        priority="routine",
        subject=detached(request["patient"], request),
        about=[request_of(answering)],
        payload=[{"contentString": asked}],
        occurrencePeriod={
            "start": answering.created.isoformat(timespec="seconds"),
            "end": due_at.isoformat(timespec="seconds"),
        },
        authoredOn=answering.created.isoformat(timespec="seconds"),
        requester=insurer_of(answering),
        recipient=[provider],
        sender=insurer_of(answering),
    )
