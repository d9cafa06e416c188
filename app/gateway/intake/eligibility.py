"""A CoverageEligibilityRequest comes in and is answered at once: is the coverage in force?

http://hl7.org/fhir/R4/coverageeligibilityrequest.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.adjudication import Coverage
from app.domain.codes import Outcome
from app.domain.lifecycle import State
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.coverages import read_coverage
from app.fhir.eligibility_response import eligibility_response
from app.gateway import answers
from app.gateway.coverages import matched
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
    """Answer which of the named coverages are known and in force; the response's reference."""
    id = work.new_id()
    told = answers.answering(
        client.payer, document, stored.reference, "CoverageEligibilityResponse", id, work
    )
    insurances = [
        (entry, _coverage(document, entry, base, work)) for entry in document.get("insurance", ())
    ]
    today = work.now.astimezone(client.payer.settings.zone).date()
    answer = eligibility_response(told, insurances, today)
    response = answers.added(answer, id, client.scope.submitter_id, work)
    submission = Submission(
        type=stored.type,
        id=stored.id,
        submitter_id=client.id,
        state=State.DECIDED,
        epoch=1,
        created_at=work.now,
        decided_at=work.now,
        response_type=response.type,
        response_id=response.id,
        outcome=Outcome.COMPLETE,
        disposition=answer["disposition"],
    )
    work.submissions.add(submission)
    answers.pend(response, submission, client.payer, work, is_delivered=is_handed_over)
    return response.reference


def _coverage(
    document: Mapping[str, Any], entry: Mapping[str, Any], base: str, work: UnitOfWork
) -> Coverage | None:
    stored = matched(document, entry["coverage"], base, work)
    if stored is None or stored.text is None:
        return None
    return read_coverage(json_text.parsed(stored.text), stored.id)
