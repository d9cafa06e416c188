"""Lines 68 and 69: what the client prefers to get back.

http://hl7.org/fhir/R4/http.html#ops
"""

import pytest

from tests.conformance.r4.asking import a_patient, patch, put

OTHER_GENDER = {"op": "add", "path": "/gender", "value": "other"}
SHAPES = {
    "return=minimal": None,
    "return=representation": "Patient",
    "return=OperationOutcome": "OperationOutcome",
}


def changes(wire, patient, preference):
    """A create, an update and a patch, each under this preference."""
    asked = {"Prefer": preference} if preference else {}
    body = {**patient.document, "gender": "male"}
    return [
        wire.post("Patient", a_patient(), **asked),
        put(wire, patient.reference, body, **asked),
        patch(wire, patient.reference, OTHER_GENDER, **asked),
    ]


@pytest.mark.parametrize("preference", SHAPES)
def test_068_what_is_preferred_comes_back(wire, patient, preference):
    answers = changes(wire, patient, preference)

    assert [one.status for one in answers] == [201, 200, 200]
    assert [one.document.get("resourceType") for one in answers] == [SHAPES[preference]] * 3
    assert all((one.text == "") == (preference == "return=minimal") for one in answers)
    assert wire.get(patient.reference).document["gender"] == "other"


def test_068_nobody_gets_an_outcome_unasked(wire, patient):
    for answer in changes(wire, patient, None):
        assert answer.document.get("resourceType", "Patient") == "Patient"


@pytest.mark.parametrize("preference", SHAPES)
def test_069_a_failure_has_its_outcome_whatever_is_preferred(wire, patient, preference):
    failed = [
        wire.post("Patient", a_patient(gender="x"), Prefer=preference),
        put(wire, patient.reference, {**patient.document, "gender": "x"}, Prefer=preference),
        patch(wire, patient.reference, {**OTHER_GENDER, "value": "x"}, Prefer=preference),
        wire.get("Patient/none", Prefer=preference),
    ]

    assert [one.status for one in failed][:2] == [400, 400]
    assert all(400 <= one.status < 500 for one in failed)
    assert {one.document["resourceType"] for one in failed} == {"OperationOutcome"}
    assert wire.get(patient.reference).text == patient.text
