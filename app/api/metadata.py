"""What this server offers, told from what is registered.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

from flask import Blueprint, Response, request

from app.api import answers
from app.api.context import context
from app.fhir import json_text
from app.fhir.capability_statement import capability_statement
from app.gateway.ownership import (
    OUTGOING,
    PAYER_AUTHORED,
    REFERENCE_DATA,
    REQUESTS,
    SUPPORTING,
)
from app.store.resources import Stored

blueprint = Blueprint("metadata", __name__)


@blueprint.get("/metadata")
def metadata() -> Response:
    """GET [base]/metadata; needs no credential."""
    here = context()
    made_at = here.started_at
    document = capability_statement(
        here.base_url,
        made_at,
        created=REQUESTS | SUPPORTING | REFERENCE_DATA | OUTGOING | {"Task"},
        read=PAYER_AUTHORED
        | {"Bundle", "CodeSystem", "OperationDefinition", "StructureDefinition"},
    )
    stored = Stored("CapabilityStatement", "gateway", 1, made_at, json_text.write(document))
    return answers.found(request, stored)
