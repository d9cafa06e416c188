"""Spells a Task's outcome in R4: the asker's Task, with only what the answer changes changed.

http://hl7.org/fhir/R4/task.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.domain.canonical import (
    AWAITING,
    BUSINESS_STATUSES,
    DELIVERY_COUNT,
    ERRORS,
    EXPRESSION,
    OR_MORE,
    TAGS,
    TASK_OUTPUTS,
)
from app.domain.codes import BusinessStatus, OutputType
from app.domain.issues import Issue
from app.domain.money import Money
from app.domain.period import span
from app.domain.permissions import CONFIDENTIALITY, label_of
from app.domain.references import Identifier, Reference
from app.domain.tasks import Awaited, Output, Redelivered, Remaining, TaskOutcome
from app.fhir import json_text
from app.fhir.documents import Document

# What stays of a Task whose focus was nullified.
_TELLS_NOTHING = (
    "resourceType",
    "id",
    "status",
    "businessStatus",
    "intent",
    "priority",
    "authoredOn",
    "lastModified",
)
_OUR_META = ("versionId", "lastUpdated")
_IDENTITY = ("system", "value")
_BARE_OUTPUT = ("type", "valueReference", "valueCode", "valueInteger")
_CODES = frozenset({OutputType.STATUS, OutputType.RESOURCE_STATUS, OutputType.ALLOWED})


class Answer(NamedTuple):
    """A Task as it is answered: its text, and what is in it."""

    text: str
    document: Document


def answered(
    text: str, document: Mapping[str, Any], outcome: TaskOutcome, ours: Identifier, now: datetime
) -> Answer:
    """The asker's Task with status, outputs, our identifier and lastModified put in.

    Scrubbed, where the outcome says so: of what was sent stays what tells nothing of its focus.
    """
    own = {"system": ours.system, "value": ours.value}
    told = _told(outcome, document.get("authoredOn"), now)
    if outcome.label is not None and label_of(document) != outcome.label:
        text, document = with_label(text, document, outcome.label)
    identifier = _appended(json_text.member(text, "identifier"), own)
    identifiers = [*document.get("identifier", ()), own]
    answer = json_text.replaced(text, {"identifier": identifier, **_spelled(told)})
    if outcome.is_scrubbed and outcome.focus is not None:
        bare = scrubbed(answer, outcome.focus)
        return Answer(bare, json_text.parsed(bare))
    now_in_it = {**document, **told, "identifier": identifiers}
    return Answer(answer, {name: value for name, value in now_in_it.items() if value is not None})


def with_label(text: str, document: Mapping[str, Any], label: str) -> tuple[str, Mapping[str, Any]]:
    """A resource with one guarded label more, and what is in it."""
    coding = {"system": CONFIDENTIALITY, "code": label}
    meta, told = json_text.member(text, "meta") or "{}", document.get("meta", {})
    security = _appended(json_text.member(meta, "security"), coding)
    labelled = json_text.replaced(text, {"meta": json_text.replaced(meta, {"security": security})})
    codings = [*told.get("security", ()), coding]
    return labelled, {**document, "meta": {**told, "security": codings}}


def ended(text: str, outcome: TaskOutcome, now: datetime) -> str:
    """The next version of a Task that was answered `in-progress`."""
    authored_on = json_text.parsed(text).get("authoredOn")
    return json_text.replaced(text, _spelled(_told(outcome, authored_on, now)))


def marked(text: str, status: BusinessStatus, now: datetime) -> str:
    """A Task with another business status, and all else as it was."""
    authored_on = json_text.parsed(text).get("authoredOn")
    members = {
        "businessStatus": json_text.write(_business_status(status)),
        "lastModified": json_text.write(_last_modified(authored_on, now)),
    }
    return json_text.replaced(text, members)


def rehearsed(text: str, asked: str) -> str:
    """The answer to a Task that was only tried: with no id or identifier of ours, and tagged so."""
    tagged = json_text.write({"tag": [{"system": TAGS, "code": "dry-run"}]})
    theirs = json_text.member(asked, "identifier")
    return json_text.replaced(text, {"id": None, "meta": tagged, "identifier": theirs})


def scrubbed(text: str, focus: tuple[str, str]) -> str:
    """What stays of a Task about something that was nullified: no word of its content.

    Its own identifiers stay, for they are how its sender knows it.
    """
    document = json_text.parsed(text)
    kept = {name: document[name] for name in _TELLS_NOTHING if name in document}
    meta = document.get("meta", {})
    kept["meta"] = {name: meta[name] for name in _OUR_META if name in meta}
    identities = (
        {name: each[name] for name in _IDENTITY if name in each}
        for each in document.get("identifier", ())
    )
    kept["identifier"] = [each for each in identities if each]
    kept["code"] = {"coding": [_bare_coding(each) for each in document["code"]["coding"]]}
    kept["focus"] = {"reference": f"{focus[0]}/{focus[1]}"}
    outputs = (_bare(each) for each in document.get("output", ()))
    kept["output"] = [each for each in outputs if len(each) > 1]
    return json_text.write({name: value for name, value in kept.items() if value})


def _bare(output: Mapping[str, Any]) -> dict[str, Any]:
    """An output's type, and its value where that tells nothing of what the Task was about."""
    kept = {name: output[name] for name in _BARE_OUTPUT if name in output}
    concept = output.get("valueCodeableConcept", {}).get("coding")
    if concept:
        kept["valueCodeableConcept"] = {"coding": concept}
    if output["type"]["coding"][0]["code"] == OutputType.RECEIPT:
        kept["valueString"] = output["valueString"]
    return kept


def _bare_coding(coding: Mapping[str, Any]) -> dict[str, Any]:
    return {name: coding[name] for name in ("system", "code") if name in coding}


def _told(outcome: TaskOutcome, authored_on: str | None, now: datetime) -> dict[str, Any]:
    """What an answer says; what is None is the gateway's to say and is not carried over."""
    errors = [output.value for output in outcome.outputs if output.type is OutputType.ERROR]
    status, outputs = outcome.business_status, outcome.outputs
    return {
        "status": str(outcome.status),
        "statusReason": _error(errors[0]) if errors else None,
        "businessStatus": _business_status(status) if status else None,
        "lastModified": _last_modified(authored_on, now),
        "output": [_output(each) for each in outputs] if outputs else None,
    }


def _spelled(told: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else json_text.write(value) for name, value in told.items()}


def _business_status(status: BusinessStatus) -> dict[str, Any]:
    return {"coding": [{"system": BUSINESS_STATUSES, "code": str(status)}]}


def _appended(identifiers: str | None, own: Mapping[str, Any]) -> str:
    added = json_text.write(own)
    if identifiers is None:
        return f"[{added}]"
    return f"{identifiers.rstrip()[:-1]},{added}]"


def _last_modified(authored_on: str | None, now: datetime) -> str:
    """max(now, authoredOn): a sender's clock may run ahead, and inv-1 holds all the same."""
    begun = span(authored_on, UTC).start if authored_on else None
    if authored_on and begun and begun > now:
        return authored_on
    return json_text.instant(now)


def _output(output: Output) -> dict[str, Any]:
    spelled = {
        "type": {"coding": [{"system": TASK_OUTPUTS, "code": str(output.type)}]},
        **_value(output.type, output.value),
    }
    if isinstance(output.value, Remaining) and output.value.or_more:
        spelled["extension"] = [{"url": OR_MORE, "valueBoolean": True}]
    if isinstance(output.value, Redelivered):
        spelled["extension"] = [{"url": DELIVERY_COUNT, "valueInteger": output.value.delivery}]
    return spelled


def _value(type: OutputType, value: Any) -> dict[str, Any]:  # noqa: PLR0911  one per value[x]
    match value:
        case Issue():
            return {"valueCodeableConcept": _error(value)}
        case Awaited():
            return {"valueCodeableConcept": _awaited(value)}
        case Reference():
            return {"valueReference": {"reference": value.literal}}
        case Redelivered():
            return {"valueReference": {"reference": value.reference.literal}}
        case Money():
            return {"valueMoney": {"value": value.amount, "currency": value.currency}}
        case Remaining():
            return {"valueInteger": value.count}
        case datetime():
            return {"valueDateTime": json_text.instant(value)}
        case _:
            return {"valueCode" if type in _CODES else "valueString": str(value)}


def _awaited(awaited: Awaited) -> dict[str, Any]:
    concept: dict[str, Any] = {"coding": [{"system": AWAITING, "code": str(awaited.awaiting)}]}
    if awaited.text is not None:
        concept["text"] = awaited.text
    return concept


def _error(issue: Issue) -> dict[str, Any]:
    entry = issue.error.entry
    coding = {"system": ERRORS, "code": entry.id, "display": entry.meaning}
    concept: dict[str, Any] = {"coding": [coding], "text": issue.text}
    if issue.expression:
        concept["extension"] = [{"url": EXPRESSION, "valueString": issue.expression}]
    return concept
