"""Tasks written for operations that stand for one."""

from app.domain.codes import TaskCode
from app.fhir.tasks.reading import read_task
from app.fhir.tasks.request import task_request
from app.fhir.validation import check
from tests.builders import NOW

BASE = "http://gateway.test/fhir/r4"


def test_it_is_the_task_that_a_sender_would_write():
    document = task_request(TaskCode.CANCEL, "Claim/1", [])

    task, issues = read_task(document, BASE, NOW)

    assert (check(document), issues) == ([], [])
    assert (task.code, task.focus.id, task.inputs) == (TaskCode.CANCEL, "1", ())


def test_each_parameter_is_an_input():
    given = [
        {"name": "item", "valuePositiveInt": 2, "id": "a"},
        {"name": "reference", "valueString": "4711", "_valueString": {"id": "b"}},
    ]
    document = task_request(TaskCode.REPROCESS, "Claim/1", given)

    task, issues = read_task(document, BASE, NOW)

    assert (check(document), issues) == ([], [])
    assert [(each.type, each.kind, each.value) for each in task.inputs] == [
        ("item", "PositiveInt", 2),
        ("reference", "String", "4711"),
    ]


def test_a_parameter_that_means_no_input_is_told():
    _, issues = read_task(
        task_request(TaskCode.CANCEL, "Claim/1", [{"name": "colour", "valueString": "x"}]),
        BASE,
        NOW,
    )

    assert [issue.expression for issue in issues] == ["Task.input[0].type"]
