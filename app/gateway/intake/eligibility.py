"""A CoverageEligibilityRequest comes in and is answered at once, from what the payer keeps.

http://hl7.org/fhir/R4/coverageeligibilityrequest.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.lifecycle import State
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.answers.eligibility_response import disposition_of, eligibility_response, outcome_of
from app.fhir.business.eligibility_request import asked_days
from app.gateway import answers
from app.gateway.eligibility.answering import Asking, answered, issues_of
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# A sender waits for the answer; who asks about more sends several requests.
MOST_INSURANCES = 10
MOST_ITEMS = 50
MOST_PROVIDERS = 5


def take(
    document: Mapping[str, Any],
    stored: Stored,
    client: Client,
    base: str,
    work: UnitOfWork,
    is_handed_over: bool,
) -> str:
    """Answer what is asked; the response's reference. Raises Unacceptable for too much at once."""
    request = dict(document)
    _require_few(request)
    today = work.now.astimezone(client.payer.settings.zone).date()
    asking = Asking(request, client, asked_days(request, today), base, work)
    issues = issues_of(asking)
    found = answered(asking, issues)
    id = work.new_id()
    told = answers.answering(
        client.payer, document, stored.reference, "CoverageEligibilityResponse", id, work
    )
    url = client.payer.settings.authorization_url
    answer = eligibility_response(told, found, issues, url)
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
        outcome=outcome_of(found, issues),
        disposition=disposition_of(found, issues),
    )
    work.submissions.add(submission)
    answers.pend(response, submission, client.payer, work, is_delivered=is_handed_over)
    return response.reference


def _require_few(request: Mapping[str, Any]) -> None:
    items = request.get("item", [])
    providers = {json_text.write(item["provider"]) for item in items if "provider" in item}
    for element, count, most in (
        ("insurance", len(request.get("insurance", ())), MOST_INSURANCES),
        ("item", len(items), MOST_ITEMS),
        ("item.provider", len(providers), MOST_PROVIDERS),
    ):
        if count > most:
            text = f"The request has {count} of {element}; {most} are answered at once."
            place = f"CoverageEligibilityRequest.{element}"
            raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text, place))
