"""Operations: Claim/$submit.

http://hl7.org/fhir/R4/claim-operation-submit.html
"""

from flask import Blueprint, Response, request

from app.api import answers
from app.api.context import context
from app.api.negotiation import received

blueprint = Blueprint("operations", __name__)


@blueprint.post("/Claim/$submit")
def submit_claim() -> Response:
    """A Claim, a Bundle of a Claim, or Parameters with either; the ClaimResponse comes back."""
    here = context()
    client = here.client()
    sent = received(request, {"Claim", "Bundle", "Parameters"}, here.request_id)
    return answers.found(request, here.gateway.submit_claim(client, sent))
