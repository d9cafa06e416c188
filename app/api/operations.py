"""Operations: Claim/$submit, and our own Task/{id}/$acknowledge.

http://hl7.org/fhir/R4/claim-operation-submit.html, http://hl7.org/fhir/R4/operations.html
"""

from flask import Blueprint, Response, request

from app.api import answers
from app.api.context import context
from app.api.negotiation import media_type, received, require_no_parameters
from app.api.resources import require_id
from app.fhir import json_text
from app.fhir.operation_outcome import information

blueprint = Blueprint("operations", __name__)


@blueprint.post("/Claim/$submit")
def submit_claim() -> Response:
    """A Claim, a Bundle of a Claim, or Parameters with either; the ClaimResponse comes back."""
    here = context()
    client = here.client()
    sent = received(request, {"Claim", "Bundle", "Parameters"}, here.request_id)
    return answers.found(request, here.gateway.submit_claim(client, sent))


@blueprint.post("/Task/<id>/$acknowledge")
def acknowledge(id: str) -> Response:
    """What this poll handed over has arrived; an OperationOutcome tells how many answers it was."""
    here = context()
    client = here.client()
    require_no_parameters(request, here.request_id)
    require_id(id)
    done = here.gateway.acknowledge(client, id, here.request_id)
    text = (
        f"Answers of this poll that are acknowledged: {done.in_all}, by this request: {done.now}."
    )
    return Response(json_text.write(information(text)), 200, mimetype=media_type(request))
