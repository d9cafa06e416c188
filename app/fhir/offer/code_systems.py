"""The gateway's own CodeSystems, and all that it publishes, readable under its FHIR base.

They are built from the enums and the catalogue that the code itself runs on, so that what is
published is what is spoken.
http://hl7.org/fhir/R4/codesystem.html
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

from app.domain.canonical import code_system as canonical_of
from app.domain.issues import ErrorCode
from app.fhir.answers.adjudications import OURS
from app.fhir.documents import Document
from app.fhir.offer.operation_definitions import OPERATION_DEFINITIONS
from app.fhir.offer.structure_definitions import STRUCTURE_DEFINITIONS, machine_name

_VERSION = "1.0.0"
# When they last changed: the day of the version, for whoever asks what is new.
PUBLISHED_AT = datetime(2026, 11, 22, tzinfo=UTC)

_TASK_CODES = {
    "cancel": "Stop the request, or reverse it where it is decided; a copy is kept.",
    "nullify": "As cancel, and purge every copy of the submission; the audit trail stays.",
    "release": "Give back what a preauthorization still reserves.",
    "reprocess": "Decide a Claim again, all of it or the named items.",
    "status": "Tell how far the processing of a request is.",
    "poll": "Hand over what is waiting for the submitter.",
    "deliver": "Take a resource that belongs to an earlier exchange.",
}
_TASK_INPUTS = {
    "include": "A resource type that a poll hands over.",
    "exclude": "A resource type that a poll leaves where it is.",
    "origresponse": "The response that was given to the focus before.",
    "reference": "A number to quote so that the action is authorized.",
    "item": "The sequence of an item to decide again.",
    "period": "The period within which the date of a polled resource lies.",
    "status": "The processing status, where a sender puts it among the inputs.",
    "count": "How many resources a poll hands over at most.",
    "ack": "What was received in an earlier poll.",
    "resource": "The resource that is delivered, or that supports the request.",
}
_TASK_OUTPUTS = {
    "response": "The answer, a versioned reference.",
    "status": "The outcome code of the focus.",
    "resource-status": "The status of the focus as a resource.",
    "disposition": "The outcome in words.",
    "total": "The benefit in total.",
    "awaiting": "What the Claim waits for.",
    "due": "Until when it waits.",
    "allowed": "A Task code that would be accepted now.",
    "error": "One reason why the Task was not done.",
    "remaining": "How many resources still match the poll.",
    "amount": "The amount that was moved.",
    "receipt": "What was purged.",
}
_AWAITING = {
    "coverage": "A Coverage of the payer that matches the one submitted.",
    "plan": "The plan that the Coverage names.",
    "operator": "A person of the payer.",
    "information": "Information from the submitter.",
    "other-payer": "The answer of a payer that comes earlier in the order of coordination.",
}
_BUSINESS_STATUS = {
    "awaiting-adjudication": "The Claim is being decided again.",
    "purge-pending": "The rows are purged, the files are not yet verified.",
    "purge-verified": "Nothing of the submission is left.",
    "awaiting-approval": "A second person has to approve.",
}
_TAGS = {"dry-run": "The request was only tried: nothing of it was kept."}
_ADJUDICATION = {
    "contractual": "What the provider has agreed not to ask of anybody.",
    "noncovered": "What the plan does not cover; the patient owes it.",
    "coinsurance": "The patient's percentage of what is left after deductible and copay.",
    "cob-paid": "What earlier payers have paid of this.",
    "patient-share": "In totals only: noncovered, deductible, copay and coinsurance.",
}
_PLAN = {
    "general": "The benefit category of what has no other.",
    "deductible-individual": "The deductible of a member in a calendar year.",
    "deductible-family": "The deductible of a family in a calendar year.",
    "out-of-pocket-individual": "The most a member pays in a calendar year.",
    "out-of-pocket-family": "The most a family pays in a calendar year.",
    "amount-per-year": "The most the plan, or the category, pays in a calendar year.",
    "amount-per-lifetime": "The most the category ever pays.",
    "visits-per-year": "The days with a covered service in a calendar year.",
    "units-per-claim": "The quantity covered in one Claim.",
    "excluded-service": "Services of the category that are not covered.",
    "frequency": "The units of a service covered within a time.",
    "minimum-age": "The age in years from which services are covered.",
    "maximum-age": "The age in years up to which services are covered.",
    "sex": "The administrative gender that services are covered for.",
    "copay": "What the member pays of a category on a day.",
    "coinsurance": "The member's share in percent.",
    "deductible": "With value 0: the deductible does not apply to the category.",
    "attachment-required": "In answers: a Claim for the service is paid with an attachment only.",
    "standard": "Coordination: the benefit is cut to what is left of the allowed amount.",
    "maintenance-of-benefits": "Coordination: the plan is applied to what earlier payers left.",
    "carve-out": "Coordination: what earlier payers paid is taken off the benefit.",
}
_REISSUE_REASONS = {
    "cancelled": "The request was cancelled: the predecessor is reversed.",
    "reprocessed": "The request was decided again.",
}
_CHANGE_CAUSES = {
    "rules": "The rule set of the adjudicator, or its version.",
    "request": "How the request is read.",
    "received": "The day on which the request counts as received.",
    "patient": "What is known of the patient.",
    "coverage": "The Coverage that matches, its days, or whose it is.",
    "plan": "The plan or its version.",
    "network": "The days on which the provider is in a network of the plan.",
    "price": "The price of a service of the line.",
    "other-claims": "Other requests for the same services.",
    "review": "What a person of the payer said of it.",
    "authorization": "What the quoted preauthorizations grant.",
    "other-payer": "What earlier payers answered.",
    "counters": "What was used before of a deductible, maximum or limit.",
    "attachments": "Attachments came or were cancelled.",
    "last-call": "What was waited for did not come, or can be waited for again.",
    "lines": "Lines that are carried over come before others.",
    "not-kept": "Not known: what the earlier decision was made from is not kept.",
    "other": "Something else that the adjudicator is asked with.",
}


@cache
def published() -> dict[tuple[str, str], Document]:
    """Every definition that is ours, by resource type and id."""
    systems = (
        _code_system("task-code", "Task codes", _TASK_CODES),
        _code_system("task-input", "Task input types", _TASK_INPUTS),
        _code_system("task-output", "Task output types", _TASK_OUTPUTS),
        _errors(),
        _code_system("awaiting", "What a Claim waits for", _AWAITING),
        _code_system("business-status", "Business statuses of a Task", _BUSINESS_STATUS),
        _code_system("tag", "Tags", _TAGS),
        _code_system("adjudication", "Adjudication categories beside HL7's", _ADJUDICATION),
        _code_system("plan", "Codes of the plan profile", _PLAN),
        _code_system("reissue-reason", "Why a response follows another", _REISSUE_REASONS),
        _code_system("change-cause", "Why a decision made again differs", _CHANGE_CAUSES),
    )
    return {
        (each["resourceType"], each["id"]): each
        for each in (*systems, *STRUCTURE_DEFINITIONS, *OPERATION_DEFINITIONS)
    }


def _code_system(id_: str, title: str, meanings: dict[str, str]) -> Document:
    displays = {category.value: display for category, display in OURS.items()}
    return _system(
        id_,
        title,
        (
            {
                "code": code,
                "display": displays.get(code, code.replace("-", " ").capitalize()),
                "definition": definition,
            }
            for code, definition in meanings.items()
        ),
    )


def _errors() -> Document:
    """The error catalogue; what a program may ask of an entry is a property of its concept."""
    entries = [error.entry for error in ErrorCode]
    concepts = [
        {
            "code": entry.id,
            "display": entry.meaning,
            "definition": entry.meaning,
            "property": [
                {"code": "issue-type", "valueCode": entry.type.value},
                {"code": "http-status", "valueInteger": entry.status},
                {"code": "retryable", "valueBoolean": entry.retryable},
            ],
        }
        for entry in entries
    ]
    properties = [
        {"code": "issue-type", "description": "OperationOutcome.issue.code", "type": "code"},
        {"code": "http-status", "description": "The status on plain REST.", "type": "integer"},
        {"code": "retryable", "description": "It may succeed later.", "type": "boolean"},
    ]
    return _system("error", "Error catalogue", concepts, properties)


def _system(
    id_: str,
    title: str,
    concepts: Iterable[Document],
    properties: list[Document] | None = None,
) -> Document:
    listed = list(concepts)
    return {
        "resourceType": "CodeSystem",
        "id": id_,
        "url": canonical_of(id_),
        "version": _VERSION,
        "name": machine_name(id_),
        "title": title,
        "status": "active",
        "experimental": False,
        "description": f"{title}, as the eClaims Gateway uses them.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(listed),
        **({"property": properties} if properties else {}),
        "concept": listed,
    }
