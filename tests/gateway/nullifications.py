"""Nullifications by a client at the gateway."""

import pytest

from app.domain.codes import BusinessStatus, InputType, OutputType, TaskCode, TaskStatus
from app.domain.issues import Refused
from app.domain.lifecycle import State
from app.domain.tasks import TaskInput
from app.gateway.handlers.nullify import Nullify, nullify


def nullifies(desk, focus, origresponse=None):
    """Nullify by a Task of its own; the outcome, committed."""
    inputs = []
    if origresponse is not None:
        inputs.append(TaskInput(InputType.ORIGRESPONSE, "Reference", origresponse, "Task.input[0]"))
    request = desk.request(TaskCode.NULLIFY, Nullify(origresponse), focus, inputs)
    return desk.do(lambda work: nullify(request, work))


def refusal(desk, focus, error=Refused, **options):
    with pytest.raises(error) as refused:
        nullifies(desk, focus, **options)
    (issue,) = refused.value.issues
    return issue.error


def assert_purged(desk, outcome, taken):
    """Done: nothing is left of it but that it was there."""
    assert (outcome.status, outcome.business_status) == (
        TaskStatus.COMPLETED,
        BusinessStatus.PURGE_PENDING,
    )
    assert outcome.focus == (taken.stored.type, taken.stored.id)
    assert [output.type for output in outcome.outputs] == [OutputType.RECEIPT]
    assert desk.submission(taken).state is State.NULLIFIED
    assert desk.stored(taken.stored.type, taken.stored.id).text is None
