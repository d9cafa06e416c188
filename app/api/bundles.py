"""POST [base]: a batch, a transaction, or a collection of requests.

http://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Sequence

from flask import Blueprint, Response, request

from app.api.context import Context, Entry, context, current_entry
from app.api.entries import answered
from app.api.negotiation import media_type, received
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.answers.operation_outcome import operation_outcome
from app.fhir.bundle import Answered, outcome_within, responses
from app.gateway.batch.reading import TRANSACTION, Step, require_usable, steps_of
from app.gateway.batch.room import Room
from app.gateway.batch.transaction import Part, StepFailed, carried_out
from app.gateway.real_time import WithinOneBudget

blueprint = Blueprint("bundles", __name__)


@blueprint.post("")
@blueprint.post("/")
def take() -> Response:
    """Each entry for itself, or all of a transaction or none of it."""
    here = context()
    client = here.sender()
    if current_entry() is not None:
        text = "A Bundle is no entry of a Bundle."
        raise Unacceptable(Issue(ErrorCode.BUNDLE_STEP, text))
    sent = received(request, {"Bundle"}, here.request_id, require_usable)
    if sent.if_none_exist is not None:
        text = "If-None-Exist is said of each entry: request.ifNoneExist."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    steps = steps_of(dict(sent.document), here.base_url, sent.idempotency_key)
    if sent.document["type"] == TRANSACTION:
        return _transaction(here, client, steps)
    return _answer("batch-response", here, _each(here, client, steps))


def _each(here: Context, client: Client, steps: Sequence[Step]) -> list[Answered]:
    within = here.with_parts(here.installation, WithinOneBudget(here.decides))
    room = Room()
    answers = []
    for step in steps:
        try:
            room.require(step)
        except Unacceptable as full:
            text = json_text.write(operation_outcome(full.issues))
            answers.append(Answered(full.status, text))
        else:
            answers.append(room.taken(_performed(within, client, here.request_id, step)))
    return answers


def _transaction(here: Context, client: Client, steps: Sequence[Step]) -> Response:
    request_id = here.request_id

    def perform(part: Part, step: Step) -> Answered:
        within = here.with_parts(part.installation, part.decides)
        return _performed(within, client, request_id, step)

    try:
        answers = carried_out(
            here.installation, client, steps, perform, WithinOneBudget(here.decides), request_id
        )
    except StepFailed as failed:
        text = outcome_within(failed.step.place, failed.answer.text or "{}")
        return Response(text, failed.answer.status, mimetype=media_type(request))
    return _answer("transaction-response", here, answers)


def _performed(within: Context, client: Client, request_id: str, step: Step) -> Answered:
    prefer = request.headers.get("Prefer")
    headers = {} if prefer is None else {"Prefer": prefer}
    entry = Entry(within, client, request_id, headers, step.id, step.sent)
    return answered(request.path.rstrip("/"), step, entry)


def _answer(type: str, here: Context, answers: Sequence[Answered]) -> Response:
    text = responses(type, here.base_url, answers)
    return Response(text, 200, mimetype=media_type(request))
