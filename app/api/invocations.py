"""The views behind the operations: HTTP to the gateway and back.

http://hl7.org/fhir/R4/operations.html#executing
"""

from collections.abc import Callable
from typing import Any

from flask import Response, request

from app.api import answers
from app.api.context import Context, context
from app.api.negotiation import (
    document_of,
    media_type,
    nothing_or_parameters,
    received,
    require_no_parameters,
)
from app.api.resources import require_id, require_type
from app.domain.codes import TaskCode
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.answers.operation_outcome import information, operation_outcome
from app.fhir.documents import Document
from app.gateway.tasks.aliases import carried_out
from app.gateway.validating import Mode, Question


def submit_claim() -> Response:
    """A Claim, a Bundle of a Claim, or Parameters with either; the ClaimResponse comes back."""
    here = context()
    client = here.client("c", "Claim")
    sent = received(request, {"Claim", "Bundle", "Parameters"}, here.request_id)
    return answers.found(request, here.gateway.submit_claim(client, sent))


def submit_eligibility_request() -> Response:
    """A CoverageEligibilityRequest, in the same wrappings; its response comes back."""
    here = context()
    client = here.client("c", "CoverageEligibilityRequest")
    types = {"CoverageEligibilityRequest", "Bundle", "Parameters"}
    sent = received(request, types, here.request_id)
    return answers.found(request, here.gateway.submit_eligibility_request(client, sent))


def carrying_out(code: TaskCode) -> Callable[[str], Response]:
    """The view of Claim/{id}/$code: the Task that would be sent, carried out and answered."""

    def carry_out(id: str) -> Response:
        here = context()
        client = here.client("c", "Task")
        sent = nothing_or_parameters(request, here.request_id)
        require_id(id)
        taken = carried_out(here.gateway, client, code, f"Claim/{id}", sent)
        return answers.created(request, taken, here.base_url)

    return carry_out


def invoice(id: str) -> Response:
    """What is billable of an Account, billed: 201 with the Invoice, 200 where nothing was new."""
    here = context()
    client = here.client("c", "Invoice")
    sent = nothing_or_parameters(request, here.request_id, may_be_tried=False)
    require_id(id)
    return answers.created(request, here.gateway.invoice(client, sent, id), here.base_url)


def acknowledge(id: str) -> Response:
    """What this poll handed over has arrived; an OperationOutcome tells how many answers it was."""
    here = context()
    client = here.client("c", "Task")
    require_no_parameters(request, here.request_id)
    require_id(id)
    done = here.gateway.acknowledge(client, id, here.request_id)
    text = (
        f"Answers of this poll that are acknowledged: {done.in_all}, by this request: {done.now}."
    )
    return _answered(information(text))


def validate(type: str, id: str | None = None) -> Response:
    """POST [type]/$validate and [type]/[id]/$validate; 200 whatever is found."""
    here = _asked_of(type)
    client = here.sender()
    question = _question(type, id, document_of(request))
    return _validated(here, client, question)


def validate_stored(type: str, id: str) -> Response:
    """GET [type]/[id]/$validate: what is stored, by the mode and profile in the query."""
    here = _asked_of(type)
    client = here.sender()
    given = request.args
    profiles = tuple(given.getlist("profile"))
    question = Question(type, id, None, _mode(given.get("mode")), profiles)
    return _validated(here, client, question)


def _asked_of(type: str) -> Context:
    here = context()
    require_type(type)
    return here


def _validated(here: Context, client: Client, question: Question) -> Response:
    here.require(client, question.letter, question.type)
    if question.id is not None:
        require_id(question.id)
    return _answered(operation_outcome(here.gateway.validate(client, question)))


def _question(type: str, id: str | None, sent: Document) -> Question:
    """The bare resource, or Parameters with `resource`, `mode` and `profile`."""
    if sent.get("resourceType") != "Parameters" or type == "Parameters":
        asked = tuple(request.args.getlist("profile"))
        return Question(type, id, sent, _mode(request.args.get("mode")), asked)
    given = sent.get("parameter", [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        text = "Parameters.parameter is a list of objects."
        raise Unacceptable(Issue(ErrorCode.WRONG_TYPE, text, "Parameters.parameter"))
    resource = _single(given, "resource", "resource")
    mode = _single(given, "mode", "valueCode")
    profiles = [
        each.get("valueUri", each.get("valueCanonical")) for each in _named(given, "profile")
    ]
    if resource is not None and not isinstance(resource, dict):
        text = "The parameter 'resource' holds a resource."
        raise Unacceptable(Issue(ErrorCode.WRONG_TYPE, text, "Parameters.parameter"))
    return Question(type, id, resource, _mode(mode), tuple(str(one) for one in profiles))


def _named(given: list[Document], name: str) -> list[Document]:
    return [each for each in given if each.get("name") == name]


def _single(given: list[Document], name: str, member: str) -> Any:
    found = _named(given, name)
    if len(found) > 1 or any(member not in each for each in found):
        text = f"The parameter '{name}' is given once, as {member}."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text, "Parameters.parameter"))
    return found[0][member] if found else None


def _mode(code: Any) -> Mode | None:
    if code is None:
        return None
    if code not in list(Mode):
        text = f"The mode is one of {', '.join(Mode)}."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    return Mode(code)


def _answered(outcome: Document) -> Response:
    return Response(json_text.write(outcome), 200, mimetype=media_type(request))
