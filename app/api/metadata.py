"""What this server offers, told from what is registered.

http://hl7.org/fhir/R4/http.html#capabilities
"""

from flask import Blueprint, Response, current_app, request

from app.api.context import context
from app.api.fixed_documents import Fixed, answered, fixed, tag_of
from app.api.negotiation import media_type
from app.api.offer import offer_of
from app.fhir import json_text
from app.fhir.offer.capability_statement import capability_statement
from app.gateway.trust.addresses import token_url

blueprint = Blueprint("metadata", __name__)


@blueprint.get("/metadata")
def metadata() -> Response:
    """GET [base]/metadata; needs no credential. Whatever `mode` asks, this is what there is."""
    made_at = context().started_at
    return answered(request, fixed("metadata", _statement), media_type(request), made_at)


def _statement() -> Fixed:
    here = context()
    base_path = request.path.removesuffix("/metadata")
    document = capability_statement(
        here.base_url,
        here.started_at,
        offer_of(current_app, base_path),
        token_url(here.installation),
    )
    # When it was made is no content: servers of one installation answer with one tag.
    undated = json_text.write({**document, "date": ""})
    return Fixed(json_text.write(document), tag_of(undated))
