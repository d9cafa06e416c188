"""Task.input read into parameters: every problem with its place, nothing guessed."""

import pytest

from app.domain.codes import InputType, TaskCode
from app.domain.issues import ErrorCode, Unacceptable
from app.domain.references import Identifier, Reference
from app.domain.tasks import Task, TaskInput
from app.gateway.handlers.cancel import Cancel, CancelInput
from app.gateway.handlers.deliver import Deliver, DeliverInput
from app.gateway.handlers.nullify import Nullify, NullifyInput
from app.gateway.handlers.poll import Poll, PollInput
from app.gateway.handlers.release import Release, ReleaseInput
from app.gateway.handlers.reprocess import Reprocess, ReprocessInput
from app.gateway.handlers.status import Status, StatusInput
from app.gateway.tasks.inputs import parameters_of

CLAIM_RESPONSE = Reference("ClaimResponse", "1")
COUNT = (InputType.COUNT, "PositiveInt", 1)
TASK = (InputType.INCLUDE, "Code", "Task")
SCHEMAS = [
    PollInput,
    CancelInput,
    StatusInput,
    NullifyInput,
    ReleaseInput,
    ReprocessInput,
    DeliverInput,
]


def read(schema, *inputs):
    given = [TaskInput(*one, f"Task.input[{n}]") for n, one in enumerate(inputs)]
    return parameters_of(schema, Task(TaskCode.POLL, inputs=tuple(given)))


def problems(schema, *inputs):
    with pytest.raises(Unacceptable) as refused:
        read(schema, *inputs)
    return [(issue.error, issue.expression) for issue in refused.value.issues]


UNUSABLE = [
    (PollInput, (InputType.COUNT, "PositiveInt", 0), ErrorCode.INPUT_COUNT),
    (PollInput, (InputType.COUNT, "PositiveInt", 101), ErrorCode.INPUT_COUNT),
    (PollInput, (InputType.COUNT, "Integer", -1), ErrorCode.INPUT_COUNT),
    (PollInput, (InputType.COUNT, "String", "5"), ErrorCode.INPUT_VALUE),
    (PollInput, (InputType.INCLUDE, "Code", "Nonsense"), ErrorCode.INPUT_VALUE),
    (PollInput, (InputType.INCLUDE, "CodeableConcept", {"text": "Task"}), ErrorCode.INPUT_VALUE),
    (PollInput, (InputType.INCLUDE, "Boolean", True), ErrorCode.INPUT_VALUE),
    (PollInput, (InputType.PERIOD, "DateTime", "2026"), ErrorCode.INPUT_VALUE),
    (PollInput, (InputType.ITEM, "PositiveInt", 1), ErrorCode.INPUT_TYPE),
    (CancelInput, COUNT, ErrorCode.INPUT_TYPE),
    (CancelInput, (InputType.ORIGRESPONSE, "String", "1"), ErrorCode.INPUT_VALUE),
    (CancelInput, (InputType.REFERENCE, "Reference", CLAIM_RESPONSE), ErrorCode.INPUT_VALUE),
    (ReleaseInput, COUNT, ErrorCode.INPUT_TYPE),
    (NullifyInput, COUNT, ErrorCode.INPUT_TYPE),
    (NullifyInput, (InputType.ORIGRESPONSE, "String", "1"), ErrorCode.INPUT_VALUE),
    (DeliverInput, COUNT, ErrorCode.INPUT_TYPE),
    (DeliverInput, (InputType.RESOURCE, "String", "Communication/1"), ErrorCode.INPUT_VALUE),
    (DeliverInput, (InputType.INCLUDE, "Code", "Communication"), ErrorCode.INPUT_VALUE),
    (ReprocessInput, COUNT, ErrorCode.INPUT_TYPE),
    (ReprocessInput, (InputType.ITEM, "PositiveInt", 0), ErrorCode.INPUT_VALUE),
    (ReprocessInput, (InputType.ITEM, "Integer", -1), ErrorCode.INPUT_VALUE),
    (ReprocessInput, (InputType.ITEM, "Decimal", 1), ErrorCode.INPUT_VALUE),
    *[
        (ReprocessInput, (InputType.ITEM, "String", written), ErrorCode.INPUT_VALUE)
        for written in ("", "0", "01", "2.", ".2", "2..1", "1.2.3.4", "2.0", " 2", "two", "2.1\n")
    ],
]


@pytest.mark.parametrize(("schema", "input", "error"), UNUSABLE, ids=str)
def test_an_input_that_cannot_be_used_is_named(schema, input, error):
    assert problems(schema, input) == [(error, "Task.input[0]")]


USABLE = [
    (PollInput, COUNT, Poll(count=1)),
    (PollInput, (InputType.COUNT, "Integer", 100), Poll(count=100)),
    (PollInput, (InputType.COUNT, "UnsignedInt", 5), Poll(count=5)),
    (PollInput, (InputType.INCLUDE, "Code", "Patient"), Poll(included=("Patient",))),
    (PollInput, (InputType.INCLUDE, "String", "Task"), Poll(included=("Task",))),
    (
        PollInput,
        (InputType.EXCLUDE, "CodeableConcept", {"coding": [{"code": "Task"}]}),
        Poll(excluded=("Task",)),
    ),
    (PollInput, (InputType.PERIOD, "Period", {"start": "2026"}), Poll(period=("2026", None))),
    (
        PollInput,
        (InputType.ACK, "Reference", CLAIM_RESPONSE),
        Poll(acknowledged=(CLAIM_RESPONSE,)),
    ),
    (CancelInput, (InputType.ORIGRESPONSE, "Reference", CLAIM_RESPONSE), Cancel(CLAIM_RESPONSE)),
    (
        CancelInput,
        (InputType.ORIGRESPONSE, "Identifier", {"system": "s", "value": "v"}),
        Cancel(Reference(identifier=Identifier("s", "v"))),
    ),
    (CancelInput, (InputType.REFERENCE, "String", "R1"), Cancel(reference="R1")),
    (CancelInput, (InputType.REFERENCE, "Identifier", {"value": "R1"}), Cancel(reference="R1")),
    (StatusInput, COUNT, Status()),
    (
        ReleaseInput,
        (InputType.ORIGRESPONSE, "Reference", CLAIM_RESPONSE),
        Release(CLAIM_RESPONSE),
    ),
    (ReleaseInput, (InputType.REFERENCE, "String", "R1"), Release(reference="R1")),
    (
        NullifyInput,
        (InputType.ORIGRESPONSE, "Reference", CLAIM_RESPONSE),
        Nullify(CLAIM_RESPONSE),
    ),
    (NullifyInput, (InputType.REFERENCE, "String", "R1"), Nullify(reference="R1")),
    (DeliverInput, (InputType.RESOURCE, "Reference", CLAIM_RESPONSE), Deliver(CLAIM_RESPONSE)),
    (
        DeliverInput,
        (InputType.INCLUDE, "Reference", CLAIM_RESPONSE),
        Deliver(include=CLAIM_RESPONSE),
    ),
    (DeliverInput, (InputType.STATUS, "Reference", CLAIM_RESPONSE), Deliver(status=CLAIM_RESPONSE)),
    (ReprocessInput, (InputType.ITEM, "PositiveInt", 2), Reprocess(items=((2,),))),
    (ReprocessInput, (InputType.ITEM, "Integer", 2147483647), Reprocess(items=((2147483647,),))),
    (ReprocessInput, (InputType.ITEM, "UnsignedInt", 2), Reprocess(items=((2,),))),
    (ReprocessInput, (InputType.ITEM, "String", "2"), Reprocess(items=((2,),))),
    (ReprocessInput, (InputType.ITEM, "String", "2.1"), Reprocess(items=((2, 1),))),
    (ReprocessInput, (InputType.ITEM, "String", "2.10.3"), Reprocess(items=((2, 10, 3),))),
    (
        ReprocessInput,
        (InputType.RESOURCE, "Reference", CLAIM_RESPONSE),
        Reprocess(resources=(CLAIM_RESPONSE,)),
    ),
    (ReprocessInput, (InputType.REFERENCE, "String", "R1"), Reprocess(reference="R1")),
]


@pytest.mark.parametrize(("schema", "input", "parameters"), USABLE, ids=str)
def test_an_input_that_can_be_used_is_read(schema, input, parameters):
    assert read(schema, input) == parameters


@pytest.mark.parametrize("schema", SCHEMAS)
def test_without_inputs_there_are_the_defaults(schema):
    assert read(schema) == schema.parameters()


def test_every_problem_of_every_input_is_told_in_order():
    item = (InputType.ITEM, "PositiveInt", 1)
    nonsense = (InputType.EXCLUDE, "Code", "Nonsense")

    assert problems(PollInput, item, COUNT, nonsense, COUNT) == [
        (ErrorCode.INPUT_TYPE, "Task.input[0]"),
        (ErrorCode.INPUT_VALUE, "Task.input[2]"),
        (ErrorCode.INPUT_TWICE, "Task.input[3]"),
    ]


@pytest.mark.parametrize(
    ("input", "name"),
    [(COUNT, "count"), ((InputType.PERIOD, "Period", {"start": "2026"}), "period")],
    ids=["count", "period"],
)
def test_a_single_input_is_not_given_twice(input, name):
    assert problems(PollInput, input, input) == [(ErrorCode.INPUT_TWICE, "Task.input[1]")]
    assert getattr(read(PollInput, input), name) is not None


def test_a_repeating_input_is_given_as_often_as_one_likes():
    assert read(PollInput, TASK, TASK) == Poll(included=("Task", "Task"))


def test_an_identifier_without_a_value_names_nothing():
    empty = (InputType.ORIGRESPONSE, "Identifier", {"system": "s"})

    assert problems(CancelInput, empty) == [(ErrorCode.INPUT_VALUE, "Task.input[0]")]
    assert problems(CancelInput, (InputType.REFERENCE, "Identifier", {"system": "s"})) == [
        (ErrorCode.INPUT_VALUE, "Task.input[0]")
    ]
