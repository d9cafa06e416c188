"""What this application offers: the routes that are there, and the table of who may do what.

An interaction is offered where the table has it for somebody and there is a route for it.
"""

import re
from collections.abc import Iterable

from flask import Flask

from app.api.operations import OPERATIONS, Operation
from app.domain.parties import ClientKind
from app.fhir.offer.interactions import Offer, OperationOffer, ParameterOffer, TypeOffer
from app.fhir.search.compartments import compartment
from app.fhir.search.definitions import Parameter, parameters_of, searchable_types
from app.gateway.surface import IMMUTABLE, TYPES, Interaction, may_choose_id, offered

_I = Interaction
# The shape of each interaction's address: http://hl7.org/fhir/R4/http.html#summary
_ROUTES = {
    _I.READ: ("GET", "/<>/<>"),
    _I.VREAD: ("GET", "/<>/<>/_history/<>"),
    _I.UPDATE: ("PUT", "/<>/<>"),
    _I.PATCH: ("PATCH", "/<>/<>"),
    _I.DELETE: ("DELETE", "/<>/<>"),
    _I.HISTORY: ("GET", "/<>/<>/_history"),
    _I.HISTORY_OF_TYPE: ("GET", "/<>/_history"),
    _I.CREATE: ("POST", "/<>"),
    _I.SEARCH: ("GET", "/<>"),
}
_SYSTEM = {
    "transaction": ("POST", "/"),
    "batch": ("POST", "/"),
    "search-system": ("GET", "/"),
    "history-system": ("GET", "/_history"),
}
_CONDITIONAL_UPDATE = ("PUT", "/<>")
_CONDITIONAL_DELETE = ("DELETE", "/<>")
_COMPARTMENT = ("GET", "/Patient/<>/<>")
_ROLES = {ClientKind.SUBMITTER: "submitter", ClientKind.PAYER_CLIENT: "payer client"}


def offer_of(application: Flask, base_path: str) -> Offer:
    """Everything that is routed below the FHIR base."""
    routed = frozenset(_shapes(application, base_path))
    types = tuple(_type(type, routed) for type in sorted(TYPES))
    return Offer(
        types=types,
        system=frozenset(code for code, route in _SYSTEM.items() if route in routed),
        compartments=("Patient",) if _COMPARTMENT in routed else (),
    )


def _shapes(application: Flask, base_path: str) -> Iterable[tuple[str, str]]:
    """Each route as its method and its address, whatever its variables are called."""
    for rule in application.url_map.iter_rules():
        if rule.rule.startswith(base_path):
            shape = re.sub(r"<[^>]*>", "<>", rule.rule.removeprefix(base_path)) or "/"
            for method in rule.methods or ():
                yield method, shape


def _type(type: str, routed: frozenset[tuple[str, str]]) -> TypeOffer:
    by_role = tuple(
        (name, frozenset(str(each) for each in offered(type, kind) if _ROUTES[each] in routed))
        for kind, name in _ROLES.items()
    )
    codes = frozenset().union(*(codes for _, codes in by_role))
    parameters = parameters_of(type).values()
    return TypeOffer(
        type=type,
        by_role=by_role,
        # A Task is answered once by its identifier, and never found by a condition.
        has_conditional_create="create" in codes,
        has_conditional_update="update" in codes and _CONDITIONAL_UPDATE in routed,
        has_conditional_delete="delete" in codes and _CONDITIONAL_DELETE in routed,
        has_update_create="update" in codes and any(may_choose_id(type, kind) for kind in _ROLES),
        is_immutable=type in IMMUTABLE,
        is_in_compartment="search-type" in codes and bool(compartment(type)),
        has_includes=type in searchable_types(),
        parameters=tuple(_parameter(each) for each in parameters),
        operations=tuple(_operation(each) for each in OPERATIONS if each.is_of(type)),
    )


def _parameter(parameter: Parameter) -> ParameterOffer:
    targets = tuple(sorted(parameter.targets))
    return ParameterOffer(parameter.code, str(parameter.type), parameter.url, targets)


def _operation(operation: Operation) -> OperationOffer:
    return OperationOffer(
        operation.name,
        operation.definition,
        operation.at_type is not None,
        operation.at_instance is not None,
        operation.affects_state,
        operation.takes,
        operation.gives,
        operation.may_be_tried,
    )
