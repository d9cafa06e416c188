"""The OpenAPI document of the whole surface.

https://spec.openapis.org/oas/v3.1.0
"""

from importlib.metadata import version
from typing import Any

from app.fhir.offer.interactions import Offer
from app.fhir.openapi.messages import parameters, responses
from app.fhir.openapi.paths import paths
from app.fhir.openapi.schemas import Schema, components

_ALWAYS = ("Bundle", "CapabilityStatement", "OperationOutcome", "Parameters")
# http://hl7.org/fhir/R4/http.html#patch, RFC 6902
_JSON_PATCH: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
            "path": {"type": "string"},
            "from": {"type": "string"},
            "value": True,
        },
    },
}


def openapi_document(base: str, offer: Offer) -> dict[str, Any]:
    """An OpenAPI 3.1 document for the FHIR base."""
    types = {each.type for each in offer.types}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "eClaims Gateway",
            "version": version("eclaims-gateway"),
            "description": "HL7 FHIR R4 (4.0.1). See also metadata, the CapabilityStatement.",
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": base}],
        "security": [{"bearer": []}],
        "paths": paths(offer),
        "components": {
            "schemas": {**components({*types, *_ALWAYS}), "JsonPatch": _JSON_PATCH},
            "parameters": parameters(),
            "responses": responses(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
