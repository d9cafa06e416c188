"""The registry of operations: the routes and what metadata tells of them are made from it.

http://hl7.org/fhir/R4/operations.html
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response
from werkzeug.exceptions import MethodNotAllowed

from app.api import invocations
from app.domain.canonical import operation_definition
from app.domain.codes import TaskCode

View = Callable[..., Response]

_HL7 = "http://hl7.org/fhir/OperationDefinition"
_OTHER_METHODS = ("GET", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on a type, on an instance of it, or both; `type` None is every type.

    `takes` are the resource types of its body, `gives` those of its answer. GET is let in only
    where it does not affect state, and then by `asked`, on an instance.
    """

    name: str
    type: str | None
    definition: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    at_type: View | None = None
    at_instance: View | None = None
    asked: View | None = None
    may_be_tried: bool = False

    @property
    def affects_state(self) -> bool:
        """Whether it has an effect."""
        return self.asked is None

    def is_of(self, type: str) -> bool:
        """Whether a resource type has it."""
        return self.type in (None, type)


OPERATIONS = (
    Operation(
        "submit",
        "Claim",
        f"{_HL7}/Claim-submit",
        ("Claim", "Bundle", "Parameters"),
        ("ClaimResponse",),
        at_type=invocations.submit_claim,
    ),
    Operation(
        "submit",
        "CoverageEligibilityRequest",
        f"{_HL7}/CoverageEligibilityRequest-submit",
        ("CoverageEligibilityRequest", "Bundle", "Parameters"),
        ("CoverageEligibilityResponse",),
        at_type=invocations.submit_eligibility_request,
    ),
    *(
        Operation(
            code,
            "Claim",
            operation_definition(code),
            ("Parameters",),
            ("Task",),
            at_instance=invocations.carrying_out(code),
            may_be_tried=True,
        )
        for code in (TaskCode.CANCEL, TaskCode.REPROCESS)
    ),
    Operation(
        "acknowledge",
        "Task",
        operation_definition("acknowledge"),
        ("Parameters",),
        ("OperationOutcome",),
        at_instance=invocations.acknowledge,
    ),
    Operation(
        "invoice",
        "Account",
        operation_definition("invoice"),
        ("Parameters",),
        ("Invoice",),
        at_instance=invocations.invoice,
    ),
    Operation(
        "validate",
        None,
        f"{_HL7}/Resource-validate",
        ("Resource", "Parameters"),
        ("OperationOutcome",),
        at_type=invocations.validate,
        at_instance=invocations.validate,
        asked=invocations.validate_stored,
    ),
)


def _post_only(**_variables: str) -> Response:
    """The address is an operation's, so it is not read or changed as a resource."""
    raise MethodNotAllowed(["POST"])


def _read_or_post(**_variables: str) -> Response:
    raise MethodNotAllowed(["GET", "POST"])


def _routed(operations: tuple[Operation, ...]) -> Blueprint:
    blueprint = Blueprint("operations", __name__)
    for each in operations:
        type = each.type or "<type>"
        if each.at_type is not None:
            _add(blueprint, f"/{type}/${each.name}", each.at_type, None)
        if each.at_instance is not None:
            _add(blueprint, f"/{type}/<id>/${each.name}", each.at_instance, each.asked)
    return blueprint


def _add(blueprint: Blueprint, rule: str, view: View, asked: View | None) -> None:
    names = rule.translate({ord(sign): None for sign in "<>$"}).strip("/").replace("/", "_")
    blueprint.add_url_rule(rule, names, view, methods=["POST"])
    if asked is None:
        blueprint.add_url_rule(rule, f"{names}_otherwise", _post_only, methods=_OTHER_METHODS)
        return
    blueprint.add_url_rule(rule, f"{names}_asked", asked, methods=["GET"])
    others = [method for method in _OTHER_METHODS if method != "GET"]
    blueprint.add_url_rule(rule, f"{names}_otherwise", _read_or_post, methods=others)


blueprint = _routed(OPERATIONS)
