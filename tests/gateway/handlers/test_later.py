"""The Task codes that are understood and not offered yet."""

import pytest

from app.domain.codes import InputType, TaskCode
from app.domain.issues import ErrorCode, Issue, Refused
from app.gateway.handlers.later import Later, later
from app.gateway.registry import handling_of, supported
from tests.builders import a_claim, a_task, an_input
from tests.gateway.desk import on

LATER = [TaskCode.NULLIFY, TaskCode.RELEASE, TaskCode.REPROCESS, TaskCode.DELIVER]


@pytest.mark.parametrize("code", LATER)
def test_a_code_is_refused_by_its_name(desk, code):
    taken = desk.create(a_claim())
    request = desk.request(code, Later(), on(taken))

    with pytest.raises(Refused) as refused:
        desk.do(lambda work: later(request, work))

    text = f"The Task code '{code}' is not yet supported."
    assert refused.value.issues == (Issue(ErrorCode.NOT_SUPPORTED_YET, text, "Task.code"),)


@pytest.mark.parametrize("code", TaskCode)
def test_a_code_is_either_supported_or_later(code):
    assert (handling_of(code).handler is later) == (code in LATER)
    assert (code in supported()) == (code not in LATER)


@pytest.mark.parametrize("code", LATER)
def test_every_known_input_is_read_over(desk, code):
    inputs = [an_input(type, valueString="1") for type in InputType]

    task = desk.task(a_task(code, focus="Claim/1", inputs=inputs))

    assert task["status"] == "rejected"
    assert task["statusReason"]["coding"][0]["code"] == "ECG-TASK-NOT-YET-SUPPORTED"


@pytest.mark.parametrize("code", LATER)
def test_the_same_again_is_answered_anew(desk, code):
    document = a_task(code, focus="Claim/1", number="L1")

    assert [desk.ask(document).is_new for _ in range(2)] == [True, True]
