"""Reads an R4 Task into the gateway's own words; what is unusable on its face is refused here.

http://hl7.org/fhir/R4/task.html
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from app.domain.codes import InputType, TaskStatus
from app.domain.issues import ErrorCode, Issue
from app.domain.period import instant, span
from app.domain.tasks import Task, TaskInput
from app.fhir.documents import identifiers_of, reference_of
from app.fhir.tasks.codes import input_types, task_codes

# How far a sender's clock may run ahead: what NPHIES tolerates as well.
_KNOWN_INPUTS = ", ".join(InputType)

CLOCK_TOLERANCE = timedelta(minutes=15)
# Where each day begins first: a bare date tells no zone.
_FIRST_ZONE = timezone(timedelta(hours=14))


def read_task(
    document: Mapping[str, Any], base: str, now: datetime
) -> tuple[Task | None, list[Issue]]:
    """The Task that a valid document asks for, and everything that is wrong with it on its face.

    None where no single Task code is known: its inputs then have no meaning to look into.
    """
    issues = [*_standing_issues(document), *_clock_issues(document, now)]
    codes = task_codes(document.get("code"))
    if len(codes) != 1:
        issues.append(_code_issue(len(codes)))
    inputs, input_issues = _inputs(document, base)
    issues += input_issues
    if len(codes) != 1:
        return None, issues
    task = Task(
        code=codes[0],
        identifiers=identifiers_of(document),
        focus=_reference(document, "focus", base),
        inputs=tuple(inputs),
        authored_on=_instant(document.get("authoredOn")),
        is_stat=document.get("priority") == "stat",
    )
    return task, issues


def _standing_issues(document: Mapping[str, Any]) -> list[Issue]:
    issues = []
    if document.get("status") != TaskStatus.REQUESTED:
        text = "Send the Task with status 'requested'."
        issues.append(Issue(ErrorCode.TASK_STATUS, text, "Task.status"))
    if "output" in document:
        text = "Outputs are the gateway's to give; send the Task without."
        issues.append(Issue(ErrorCode.TASK_OUTPUT, text, "Task.output"))
    return issues


def _clock_issues(document: Mapping[str, Any], now: datetime) -> list[Issue]:
    authored_on = document.get("authoredOn")
    begun = span(authored_on, _FIRST_ZONE).start if authored_on else None
    if begun is None or begun <= now + CLOCK_TOLERANCE:
        return []
    text = "authoredOn lies more than 15 minutes ahead of the gateway's clock."
    return [Issue(ErrorCode.TASK_FUTURE, text, "Task.authoredOn")]


def _code_issue(meanings: int) -> Issue:
    if meanings:
        text = "The codings mean several Task codes; send exactly one that is known."
    else:
        text = "No coding means cancel, nullify, release, reprocess, status, poll or deliver."
    return Issue(ErrorCode.TASK_CODE, text, "Task.code")


def _inputs(document: Mapping[str, Any], base: str) -> tuple[list[TaskInput], list[Issue]]:
    inputs, issues = [], []
    for index, element in enumerate(document.get("input", ())):
        expression = f"Task.input[{index}]"
        types = input_types(element["type"])
        if len(types) != 1:
            text = f"The input's type means none of {_KNOWN_INPUTS}, or several of them."
            issues.append(Issue(ErrorCode.INPUT_TYPE, text, f"{expression}.type"))
            continue
        name = next((name for name in element if name.startswith("value")), None)
        if name is None:
            text = "The input's value is given by an extension alone, which says nothing here."
            issues.append(Issue(ErrorCode.INPUT_VALUE, text, expression))
            continue
        kind = name.removeprefix("value")
        inputs.append(TaskInput(types[0], kind, _value(kind, element[name], base), expression))
    return inputs, issues


def _value(kind: str, value: Any, base: str) -> Any:
    if kind == "Reference":
        return reference_of(value, base)
    return value


def _reference(document: Mapping[str, Any], name: str, base: str) -> Any:
    return reference_of(document[name], base) if name in document else None


def _instant(text: str | None) -> datetime | None:
    """A dateTime as an instant; a bare date has none."""
    return instant(text) if text and "T" in text else None
