"""Under which systems a Task's codes and input types are known."""

import pytest

from app.domain.codes import InputType, TaskCode
from app.fhir.tasks.codes import INPUT_TYPE_SYSTEMS, TASK_CODE_SYSTEMS, input_types, task_codes

HL7 = "http://terminology.hl7.org/CodeSystem/financialtaskcode"
INPUTS = "http://terminology.hl7.org/CodeSystem/financialtaskinputtype"


def concept(*codings, **more):
    spelled = [{"code": code, **({"system": system} if system else {})} for system, code in codings]
    return {"coding": spelled, **more}


@pytest.mark.parametrize(
    "unknown",
    [
        None,
        {},
        {"text": "cancel"},
        concept(("http://other.test", "cancel")),
        concept((HL7, "Cancel")),
        concept((HL7, "include")),
        concept((HL7, "")),
        {"coding": [{"system": HL7}]},
        concept((INPUTS, "cancel")),
    ],
    ids=str,
)
def test_what_means_no_task_code_is_not_known(unknown):
    assert task_codes(unknown) == []


@pytest.mark.parametrize("system", TASK_CODE_SYSTEMS, ids=str)
@pytest.mark.parametrize("code", TaskCode)
def test_every_code_is_known_under_every_system(system, code):
    assert task_codes(concept((system, code))) == [code]


@pytest.mark.parametrize("system", INPUT_TYPE_SYSTEMS, ids=str)
@pytest.mark.parametrize("type", InputType)
def test_every_input_is_known_under_every_system(system, type):
    assert input_types(concept((system, type))) == [type]


def test_codings_that_mean_the_same_are_one_meaning():
    assert task_codes(concept((HL7, "poll"), (None, "poll"), ("http://other.test", "x"))) == [
        TaskCode.POLL
    ]


def test_codings_that_mean_several_things_are_several():
    assert task_codes(concept((HL7, "poll"), (None, "cancel"))) == [TaskCode.POLL, TaskCode.CANCEL]


@pytest.mark.parametrize(
    ("element", "types"),
    [
        ({"text": "include"}, [InputType.INCLUDE]),
        ({"text": "something"}, []),
        ({}, []),
        (concept(("http://other.test", "include"), text="include"), []),
        (concept((INPUTS, "include"), text="exclude"), [InputType.INCLUDE]),
    ],
    ids=str,
)
def test_an_inputs_text_counts_where_there_is_no_coding(element, types):
    assert input_types(element) == types
