"""Spells a Task's outcome in R4: the asker's Task, with only what the answer changes changed.

http://hl7.org/fhir/R4/task.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.domain.canonical import (
    AWAITING,
    DELIVERY_COUNT,
    ERRORS,
    EXPRESSION,
    OR_MORE,
    TASK_OUTPUTS,
)
from app.domain.codes import OutputType
from app.domain.issues import Issue
from app.domain.money import Money
from app.domain.period import span
from app.domain.references import Identifier, Reference
from app.domain.tasks import Awaited, Output, Redelivered, Remaining, TaskOutcome
from app.fhir import json_text

_CODES = frozenset({OutputType.STATUS, OutputType.RESOURCE_STATUS, OutputType.ALLOWED})


def answered(
    text: str, document: Mapping[str, Any], outcome: TaskOutcome, ours: Identifier, now: datetime
) -> str:
    """The asker's Task with status, outputs, our identifier and lastModified put in."""
    errors = [output.value for output in outcome.outputs if output.type is OutputType.ERROR]
    members: dict[str, str | None] = {
        "identifier": _appended(json_text.member(text, "identifier"), ours),
        "status": json_text.write(str(outcome.status)),
        # The gateway's to say: what the asker put there is not carried over.
        "statusReason": None,
        "businessStatus": None,
        "lastModified": json_text.write(_last_modified(document.get("authoredOn"), now)),
    }
    if errors:
        members["statusReason"] = json_text.write(_error(errors[0]))
    if outcome.outputs:
        members["output"] = json_text.write([_output(output) for output in outcome.outputs])
    return json_text.replaced(text, members)


def _appended(identifiers: str | None, ours: Identifier) -> str:
    added = json_text.write({"system": ours.system, "value": ours.value})
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
