"""An EnrollmentRequest comes in and is answered at once: the Coverage is enrolled, or ends.

http://hl7.org/fhir/R4/enrollmentrequest.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.lifecycle import State
from app.domain.parties import Client
from app.fhir.answers.enrollment_response import enrollment_response
from app.gateway import answers
from app.gateway.administering.enrollment import enrolled
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


def take(
    document: Mapping[str, Any],
    stored: Stored,
    client: Client,
    base: str,
    work: UnitOfWork,
    is_handed_over: bool,
) -> str:
    """Carry it out as far as the submitter may and the rules allow; the response's reference."""
    decided = enrolled(document, stored.id, client, base, work)
    id = work.new_id()
    told = answers.answering(
        client.payer, document, stored.reference, "EnrollmentResponse", id, work
    )
    answer = enrollment_response(told, decided.outcome, decided.disposition)
    response = answers.added(answer, id, client.scope.submitter_id, work, family=stored)
    submission = Submission(
        type=stored.type,
        id=stored.id,
        label=stored.label,
        submitter_id=client.id,
        state=State.DECIDED,
        epoch=1,
        created_at=work.now,
        decided_at=work.now,
        response_type=response.type,
        response_id=response.id,
        outcome=decided.outcome,
        disposition=decided.disposition,
    )
    work.submissions.add(submission)
    answers.pend(response, submission, client.payer, work, is_delivered=is_handed_over)
    return response.reference
