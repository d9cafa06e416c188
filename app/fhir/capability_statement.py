"""The CapabilityStatement, derived from what the server really registers.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version
from typing import Any

from app.domain.canonical import CANONICAL
from app.fhir import json_text
from app.fhir.operation_definitions import ACKNOWLEDGE

FHIR_VERSION = "4.0.1"
# One each so far: its name, and what defines it.
_OPERATIONS = {
    "Claim": ("submit", "http://hl7.org/fhir/OperationDefinition/Claim-submit"),
    "Task": (ACKNOWLEDGE["code"], ACKNOWLEDGE["url"]),
}


def capability_statement(
    base: str, made_at: datetime, *, created: Iterable[str], read: Iterable[str]
) -> dict[str, Any]:
    """A CapabilityStatement of kind `instance`: types that may be created, and those only read."""
    creatable = frozenset(created)
    types = sorted(creatable | frozenset(read))
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{CANONICAL}/CapabilityStatement/gateway",
        "name": "EClaimsGateway",
        "title": "eClaims Gateway",
        "status": "active",
        "date": json_text.instant(made_at),
        "kind": "instance",
        "software": {"name": "eClaims Gateway", "version": version("eclaims-gateway")},
        "implementation": {"description": "eClaims operations of a payer", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "A bearer token of a registered client."},
                "resource": [_resource(type, type in creatable) for type in types],
            }
        ],
    }


def _resource(type: str, is_creatable: bool) -> dict[str, Any]:
    interactions = ["read", "vread", *(["create"] if is_creatable else [])]
    resource: dict[str, Any] = {
        "type": type,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": is_creatable,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "logical", "local"],
    }
    if type in _OPERATIONS:
        name, definition = _OPERATIONS[type]
        resource["operation"] = [{"name": name, "definition": definition}]
    return resource
