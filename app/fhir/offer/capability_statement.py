"""The CapabilityStatement, derived from what the server really registers.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

from datetime import datetime
from importlib.metadata import version
from typing import Any

from app.domain.canonical import CANONICAL
from app.fhir import json_text
from app.fhir.answers.writing import filled
from app.fhir.offer.interactions import Offer, OperationOffer, ParameterOffer, TypeOffer

FHIR_VERSION = "4.0.1"
# The order in which R4 lists the interactions with a type, and those with the whole system.
ORDER = (
    "read vread update patch delete history-instance history-type create search-type"
    " transaction batch search-system history-system"
).split()
_SECURITY = (
    "The access token of a registered client (SMART Backend Services: what"
    " .well-known/smart-configuration tells), but for metadata, openapi.json and that: 401 without."
)
_SMART = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
}
# https://hl7.org/fhir/smart-app-launch/conformance.html
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def capability_statement(
    base: str, made_at: datetime, offer: Offer, token_url: str
) -> dict[str, Any]:
    """A CapabilityStatement of kind `instance`; `made_at` is aware."""
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
        **({"patchFormat": ["application/json-patch+json"]} if _is_patched(offer) else {}),
        "rest": [_rest(offer, token_url)],
    }


def _is_patched(offer: Offer) -> bool:
    return any("patch" in each.interactions for each in offer.types)


def _rest(offer: Offer, token_url: str) -> dict[str, Any]:
    compartments = [
        f"http://hl7.org/fhir/CompartmentDefinition/{type.lower()}" for type in offer.compartments
    ]
    return filled(
        mode="server",
        security=_security(token_url),
        resource=[_resource(each, offer) for each in offer.types],
        interaction=[{"code": code} for code in ORDER if code in offer.system],
        compartment=compartments,
    )


def _security(token_url: str) -> dict[str, Any]:
    token = {"url": "token", "valueUri": token_url}
    return {
        "extension": [{"url": _OAUTH_URIS, "extension": [token]}],
        "cors": False,
        "service": [{"coding": [_SMART]}],
        "description": _SECURITY,
    }


def _resource(type: TypeOffer, offer: Offer) -> dict[str, Any]:
    codes = type.interactions
    may_search = "search-type" in codes
    return {
        "type": type.type,
        "documentation": _documentation(type),
        "interaction": [_interaction(type, code) for code in ORDER if code in codes],
        # An update may name the version that it is based on, and need not.
        "versioning": "versioned",
        "readHistory": "vread" in codes,
        "updateCreate": type.has_update_create,
        "conditionalCreate": type.has_conditional_create,
        "conditionalRead": "full-support" if "read" in codes else "not-supported",
        "conditionalUpdate": type.has_conditional_update,
        "conditionalDelete": "single" if type.has_conditional_delete else "not-supported",
        "referencePolicy": ["literal", "logical", "local"],
        **filled(
            searchInclude=_includes(type) if may_search and type.has_includes else [],
            searchRevInclude=_reverse_includes(type, offer) if may_search else [],
            searchParam=[_parameter(each) for each in type.parameters] if may_search else [],
            operation=[_operation(each) for each in type.operations],
        ),
    }


def _documentation(type: TypeOffer) -> str:
    told = [
        f"A {role} may {', '.join(code for code in ORDER if code in codes)}."
        for role, codes in type.by_role
        if codes
    ]
    if type.is_immutable and "update" in type.interactions:
        told.append("Once it is active, an update may only cancel it.")
    return " ".join(told)


def _interaction(type: TypeOffer, code: str) -> dict[str, Any]:
    roles = [role for role, codes in type.by_role if code in codes]
    told = f"For a {roles[0]} only." if len(roles) == 1 < len(type.by_role) else None
    return filled(code=code, documentation=told)


def _includes(type: TypeOffer) -> list[str]:
    named = [f"{type.type}:{each.name}" for each in type.parameters if each.type == "reference"]
    return ["*", *named] if named else []


def _reverse_includes(type: TypeOffer, offer: Offer) -> list[str]:
    if not type.has_includes:
        return []
    return [
        f"{source.type}:{each.name}"
        for source in offer.types
        if "search-type" in source.interactions and source.has_includes
        for each in source.parameters
        if each.type == "reference" and (type.type in each.targets or not each.targets)
    ]


def _parameter(parameter: ParameterOffer) -> dict[str, Any]:
    return filled(name=parameter.name, definition=parameter.definition, type=parameter.type)


def _operation(operation: OperationOffer) -> dict[str, Any]:
    levels = [
        *(["the type"] if operation.at_type else []),
        *(["an instance"] if operation.at_instance else []),
    ]
    told = f"Called on {' and '.join(levels)}."
    if operation.may_be_tried:
        told += " It can be tried with 'Prefer: dry-run'."
    return {
        "name": operation.name,
        "definition": operation.definition,
        "documentation": told,
    }
