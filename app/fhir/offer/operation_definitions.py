"""The gateway's own operations, as R4 defines an operation.

http://hl7.org/fhir/R4/operationdefinition.html
"""

from app.domain.canonical import operation_definition
from app.fhir.documents import Document

_VERSION = "1.0.0"


def _parameter(name: str, most: str, type: str, documentation: str) -> Document:
    return {
        "name": name,
        "use": "in",
        "min": 0,
        "max": most,
        "documentation": documentation,
        "type": type,
    }


def _result(type: str, documentation: str) -> Document:
    return {
        "name": "return",
        "use": "out",
        "min": 1,
        "max": "1",
        "documentation": documentation,
        "type": type,
    }


def _on_an_instance(code: str, resource: str, description: str, *parameters: Document) -> Document:
    """An operation with an effect that is called on an instance, and nowhere else."""
    return {
        "resourceType": "OperationDefinition",
        "id": code,
        "url": operation_definition(code),
        "version": _VERSION,
        "name": code.capitalize(),
        "title": code.capitalize(),
        "status": "active",
        "kind": "operation",
        "experimental": False,
        "description": description,
        "affectsState": True,
        "code": code,
        "resource": [resource],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": list(parameters),
    }


_ORIGRESPONSE = _parameter(
    "origresponse", "1", "Reference", "The response that was given to the Claim before."
)
_REFERENCE = _parameter(
    "reference", "1", "string", "A number to quote so that the action is authorized."
)
_TASK = _result("Task", "The Task that this request stands for, as it was answered.")

OPERATION_DEFINITIONS: tuple[Document, ...] = (
    _on_an_instance(
        "acknowledge",
        "Task",
        "What this poll handed over has arrived. To say so again is no error.",
        _result("OperationOutcome", "How many answers are acknowledged."),
    ),
    _on_an_instance(
        "cancel",
        "Claim",
        "Stop the Claim, or reverse it where it is decided: what a Task with code cancel does.",
        _ORIGRESPONSE,
        _REFERENCE,
        _TASK,
    ),
    _on_an_instance(
        "invoice",
        "Account",
        "Bill what is billable of the Account. Where nothing is, its latest Invoice is the answer.",
        _parameter(
            "status", "1", "code", "The Invoice is made as 'draft' or, without it, 'issued'."
        ),
        _result("Invoice", "The Invoice."),
    ),
    _on_an_instance(
        "reprocess",
        "Claim",
        "Decide the Claim again, all of it or some lines: what a Task with code reprocess does.",
        _ORIGRESPONSE,
        _REFERENCE,
        _parameter("item", "*", "string", "A line: a sequence, or a path of them such as 2.1.3."),
        _parameter("resource", "*", "Reference", "What supports the request."),
        _TASK,
    ),
)
