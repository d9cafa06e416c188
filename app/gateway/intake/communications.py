"""A Communication comes in and is kept, with the Claim that it belongs to.

http://hl7.org/fhir/R4/communication.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.codes import Outcome, TaskCode
from app.domain.issues import Missing
from app.domain.lifecycle import State, refusal
from app.domain.parties import Client
from app.gateway.attachments import DELIVERABLE, attach, claim_of, complete_questions, names_in
from app.gateway.tasks import focus
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
) -> None:
    """Keep it as something that can be cancelled and asked about, and with the Claim it is for.

    One that belongs to nothing known is kept all the same.
    """
    communication = Submission(
        type=stored.type,
        id=stored.id,
        label=stored.label,
        submitter_id=client.id,
        state=State.STORED,
        epoch=1,
        created_at=work.now,
        outcome=Outcome.COMPLETE,
    )
    claim = _claim(document, base, work)
    work.submissions.add(communication)
    work.mentions.add(stored.type, stored.id, names_in(document, base))
    if claim is not None:
        attach(communication, claim, work)
    if document.get("status") in DELIVERABLE:
        complete_questions(document, base, work)


def _claim(document: Mapping[str, Any], base: str, work: UnitOfWork) -> Submission | None:
    """The Claim that takes it; None where there is none, several, or one that takes nothing."""
    if document.get("status") not in DELIVERABLE:
        return None
    found = _takes(document, base, work)
    if found is None:
        # A Claim that is on its way in at this moment finds this one as it begins to wait.
        work.submitters.let_none_wait()
        found = _takes(document, base, work)
    return found


def _takes(document: Mapping[str, Any], base: str, work: UnitOfWork) -> Submission | None:
    try:
        claim = claim_of(document, base, work)
    except Missing:
        return None
    if claim is None or refusal(TaskCode.DELIVER, focus.standing(claim, work)) is not None:
        return None
    return claim
