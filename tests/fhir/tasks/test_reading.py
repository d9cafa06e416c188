"""A Task read into the gateway's own words."""

from datetime import timedelta

import pytest

from app.domain.codes import InputType, TaskCode
from app.domain.issues import ErrorCode
from app.domain.references import Identifier, Reference
from app.domain.tasks import Task, TaskInput
from app.fhir.tasks.reading import CLOCK_TOLERANCE, read_task
from tests.builders import NOW, TASK_SYSTEM, a_task, an_input
from tests.fhir.asked import BASE

SECOND = timedelta(seconds=1)


def read(document):
    return read_task(document, BASE, NOW)


def problems(document):
    return [(issue.error, issue.expression) for issue in read(document)[1]]


WRONG = {
    "status": (a_task("poll", status="draft"), ErrorCode.TASK_STATUS, "Task.status"),
    "output": (a_task("poll", output=[{}]), ErrorCode.TASK_OUTPUT, "Task.output"),
    "code": (a_task("swallow"), ErrorCode.TASK_CODE, "Task.code"),
    "no code": (a_task("poll", code=None), ErrorCode.TASK_CODE, "Task.code"),
    "two codes": (
        a_task("poll", code={"coding": [{"code": "poll"}, {"code": "cancel"}]}),
        ErrorCode.TASK_CODE,
        "Task.code",
    ),
    "ahead": (
        a_task("poll", authoredOn=(NOW + CLOCK_TOLERANCE + SECOND).isoformat()),
        ErrorCode.TASK_FUTURE,
        "Task.authoredOn",
    ),
    "a date ahead": (
        a_task("poll", authoredOn="2026-03-04"),
        ErrorCode.TASK_FUTURE,
        "Task.authoredOn",
    ),
    "input type": (
        a_task("poll", inputs=[an_input("colour", valueCode="red")]),
        ErrorCode.INPUT_TYPE,
        "Task.input[0].type",
    ),
    "input without a value": (
        a_task("poll", inputs=[an_input("count", _valuePositiveInt={"extension": []})]),
        ErrorCode.INPUT_VALUE,
        "Task.input[0]",
    ),
}
RIGHT = {
    "status": a_task("poll", status="requested"),
    "not too far ahead": a_task("poll", authoredOn=(NOW + CLOCK_TOLERANCE).isoformat()),
    "a date that has begun": a_task("poll", authoredOn="2026"),
    "today, wherever that is": a_task("poll", authoredOn="2026-03-02"),
    "a known and an unknown coding": a_task(
        "poll", code={"coding": [{"code": "poll"}, {"system": "http://other.test", "code": "x"}]}
    ),
}


@pytest.mark.parametrize(("document", "error", "expression"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_on_its_face_is_named(document, error, expression):
    assert problems(document) == [(error, expression)]


@pytest.mark.parametrize("document", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_read(document):
    task, issues = read(document)

    assert issues == []
    assert task.code is TaskCode.POLL


def test_every_problem_is_told():
    document = a_task(
        "swallow",
        status="draft",
        inputs=[an_input("colour", valueCode="red"), an_input("shape", valueCode="round")],
    )

    assert read(document)[0] is None
    assert [expression for _, expression in problems(document)] == [
        "Task.status",
        "Task.code",
        "Task.input[0].type",
        "Task.input[1].type",
    ]


def test_a_task_is_read_whole():
    document = a_task(
        "cancel",
        number="T1",
        focus=f"{BASE}/Claim/1",
        requester={"reference": "Organization/1"},
        owner={"identifier": {"system": "s", "value": "payer"}},
        authoredOn=NOW.isoformat(),
        inputs=[
            an_input("origresponse", valueReference={"reference": "ClaimResponse/2"}),
            an_input("reference", valueString="R1"),
        ],
    )

    task, issues = read(document)

    assert issues == []
    assert task == Task(
        code=TaskCode.CANCEL,
        identifiers=(Identifier(TASK_SYSTEM, "T1"),),
        focus=Reference("Claim", "1"),
        inputs=(
            TaskInput(
                InputType.ORIGRESPONSE,
                "Reference",
                Reference("ClaimResponse", "2"),
                "Task.input[0]",
            ),
            TaskInput(InputType.REFERENCE, "String", "R1", "Task.input[1]"),
        ),
        authored_on=NOW,
    )
