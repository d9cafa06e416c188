"""A Task's outcome in R4: the asker's Task, and only what the answer changes changed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from fhir.resources.R4B.task import Task

from app.domain.adjudication import Awaiting
from app.domain.canonical import AWAITING, ERRORS, EXPRESSION, OR_MORE, TASK_OUTPUTS
from app.domain.codes import Outcome, OutputType, TaskCode, TaskStatus
from app.domain.issues import ErrorCode, Issue
from app.domain.money import Money
from app.domain.references import Identifier, Reference
from app.domain.tasks import Awaited, Output, Remaining, completed, without_effect
from app.fhir import json_text
from app.fhir.tasks.writing import answered
from app.fhir.validation import check
from tests.builders import NOW, TASK_SYSTEM, a_task, an_input

OURS = Identifier("http://gateway.test/task", "1")
ISSUE = Issue(ErrorCode.FOCUS_NOT_FOUND, "The focus is not known.", "Task.focus")


def write(document, outcome):
    """The answered document, which is valid R4 by both judges and what the text says."""
    text = json_text.write(document)
    answer, told = answered(text, json_text.parsed(text), outcome, OURS, NOW)
    found = json_text.parsed(answer)
    assert told == found
    assert check(found) == []
    Task.model_validate_json(answer)
    return found, answer


SPELLED = {
    "response": (
        Output(OutputType.RESPONSE, Reference("ClaimResponse", "2", 3)),
        {"valueReference": {"reference": "ClaimResponse/2/_history/3"}},
    ),
    "status": (Output(OutputType.STATUS, Outcome.QUEUED), {"valueCode": "queued"}),
    "resource-status": (Output(OutputType.RESOURCE_STATUS, "active"), {"valueCode": "active"}),
    "allowed": (Output(OutputType.ALLOWED, TaskCode.POLL), {"valueCode": "poll"}),
    "disposition": (Output(OutputType.DISPOSITION, "Paid."), {"valueString": "Paid."}),
    "total": (
        Output(OutputType.TOTAL, Money(Decimal("80.00"), "EUR")),
        {"valueMoney": {"value": Decimal("80.00"), "currency": "EUR"}},
    ),
    "awaiting": (
        Output(OutputType.AWAITING, Awaited(Awaiting.COVERAGE, "No coverage.")),
        {
            "valueCodeableConcept": {
                "coding": [{"system": AWAITING, "code": "coverage"}],
                "text": "No coverage.",
            }
        },
    ),
    "due": (Output(OutputType.DUE, NOW), {"valueDateTime": json_text.instant(NOW)}),
    "remaining": (Output(OutputType.REMAINING, Remaining(3)), {"valueInteger": 3}),
    "or more": (
        Output(OutputType.REMAINING, Remaining(1000, or_more=True)),
        {"valueInteger": 1000, "extension": [{"url": OR_MORE, "valueBoolean": True}]},
    ),
}


@pytest.mark.parametrize(("output", "expected"), SPELLED.values(), ids=SPELLED)
def test_an_output_is_spelled_by_its_type(output, expected):
    document, _ = write(a_task("poll"), completed(output))

    type = {"coding": [{"system": TASK_OUTPUTS, "code": str(output.type)}]}
    assert document["output"] == [{"type": type, **expected}]


def test_money_keeps_its_last_zero():
    _, text = write(a_task("poll"), completed(SPELLED["total"][0]))

    assert '"value":80.00' in text


@pytest.mark.parametrize("status", [TaskStatus.FAILED, TaskStatus.REJECTED])
def test_errors_are_outputs_and_the_first_is_the_reason(status):
    other = Issue(ErrorCode.ACK_NOT_FOUND, "Not known.")

    document, _ = write(a_task("poll"), without_effect(status, (ISSUE, other)))

    first, second = (output["valueCodeableConcept"] for output in document["output"])
    entry = ErrorCode.FOCUS_NOT_FOUND.entry
    assert document["status"] == status
    assert document["statusReason"] == first
    assert first == {
        "coding": [{"system": ERRORS, "code": entry.id, "display": entry.meaning}],
        "text": "The focus is not known.",
        "extension": [{"url": EXPRESSION, "valueString": "Task.focus"}],
    }
    assert "extension" not in second


def test_what_was_done_has_no_reason_and_no_empty_outputs():
    document, _ = write(a_task("cancel", focus="Claim/1"), completed())

    assert document["status"] == "completed"
    assert {"statusReason", "output"}.isdisjoint(document)


def test_what_the_asker_wrote_stays_as_it_was():
    inputs = [an_input("period", valuePeriod={"start": "2026"})]
    asked = a_task("poll", number="T1", inputs=inputs, description="Zoë")

    document, _ = write(asked, completed())

    changed = {"status", "identifier", "lastModified"}
    assert {name: value for name, value in document.items() if name not in changed} == {
        name: value for name, value in asked.items() if name not in changed
    }


@pytest.mark.parametrize("number", [None, "T1"])
def test_our_identifier_comes_after_the_askers(number):
    document, _ = write(a_task("poll", number=number), completed())

    ours = {"system": OURS.system, "value": OURS.value}
    theirs = [{"system": TASK_SYSTEM, "value": number}] if number else []
    assert document["identifier"] == [*theirs, ours]


@pytest.mark.parametrize(
    ("authored_on", "is_kept"),
    [
        (None, False),
        ("2026", False),
        ((NOW - timedelta(minutes=1)).isoformat(), False),
        ((NOW + timedelta(minutes=1)).isoformat(), True),
    ],
)
def test_last_modified_is_never_before_authored_on(authored_on, is_kept):
    document, _ = write(a_task("poll", authoredOn=authored_on), completed())

    assert document["lastModified"] == (authored_on if is_kept else json_text.instant(NOW))


def test_what_is_scrubbed_has_nothing_of_what_was_sent_in_text_or_document():
    sent = a_task("nullify", focus="Claim/1", number="T1", description="A tooth of Zoe's.")
    kept = completed(focus=("Claim", "1"))

    plain, _ = write(sent, kept)
    scrubbed, _ = write(sent, replace(kept, is_scrubbed=True))

    assert plain["description"] == "A tooth of Zoe's."
    assert "description" not in scrubbed
    assert scrubbed["identifier"] == plain["identifier"]
