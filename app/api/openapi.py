"""The OpenAPI document of this application, for whoever generates a client or a test from it.

https://spec.openapis.org/oas/v3.1.0
"""

from flask import Blueprint, Response, current_app, request

from app.api.context import context, current_entry
from app.api.fixed_documents import Fixed, answered, fixed, tag_of
from app.api.offer import offer_of
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.fhir import json_text
from app.fhir.openapi.document import openapi_document

blueprint = Blueprint("openapi", __name__)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """GET [base]/openapi.json; needs no credential."""
    if current_entry() is not None:
        text = "The document is no resource, and so no entry of a Bundle."
        raise Unacceptable(Issue(ErrorCode.BUNDLE_STEP, text))
    made_at = context().started_at
    return answered(request, fixed("openapi", _document), "application/json", made_at)


def _document() -> Fixed:
    base_path = request.path.removesuffix("/openapi.json")
    text = json_text.write(openapi_document(context().base_url, offer_of(current_app, base_path)))
    return Fixed(text, tag_of(text))
