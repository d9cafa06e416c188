"""Lines 87 to 90: operations.

http://hl7.org/fhir/R4/operations.html
"""

import pytest

from app.fhir.validation import check
from tests.builders import a_claim, an_eligibility_request
from tests.conformance.r4.asking import a_patient

SUBMITTED = {
    "Claim": (a_claim, "ClaimResponse"),
    "CoverageEligibilityRequest": (an_eligibility_request, "CoverageEligibilityResponse"),
}
OF_BOTH = pytest.mark.parametrize("type", SUBMITTED)


def parameters(**named):
    listed = []
    for name, value in named.items():
        kind = {"resource": "resource", "mode": "valueCode", "profile": "valueUri"}[name]
        listed.append({"name": name, kind: value})
    return {"resourceType": "Parameters", "parameter": listed}


def errors(outcome):
    """The issues that make a resource invalid."""
    assert outcome.status == 200, outcome.text
    assert outcome.document["resourceType"] == "OperationOutcome"
    assert check(outcome.document) == []
    return [one for one in outcome.document["issue"] if one["severity"] in {"error", "fatal"}]


@OF_BOTH
def test_087_an_operation_answers_where_it_is_declared(wire, type):
    make, _ = SUBMITTED[type]

    assert wire.post(f"{type}/$submit", make()).status == 200
    for path in ("$submit", f"{type}/1/$submit", f"{type}/$nonsense", "Patient/$submit"):
        answer = wire.post(path, make())
        assert answer.status in {404, 405}, path
        assert answer.document["resourceType"] == "OperationOutcome"


@OF_BOTH
def test_087_what_changes_something_is_not_asked_by_get(wire, rows, type):
    before = rows.counts()

    assert wire.get(f"{type}/$submit").status in {404, 405}
    # Its parameter is a resource, which no address can hold.
    assert wire.get("Patient/$validate").status in {400, 404, 405}

    assert rows.counts() == before


@OF_BOTH
def test_088_a_single_return_comes_back_bare(wire, type):
    make, response = SUBMITTED[type]

    for sent in (make(), parameters(resource=make())):
        assert wire.post(f"{type}/$submit", sent).document["resourceType"] == response
    assert wire.post("Patient/$validate", a_patient()).document["resourceType"] == (
        "OperationOutcome"
    )


def test_089_a_valid_resource_has_no_errors_and_is_not_stored(wire, rows):
    before = rows.counts()

    for sent in (
        a_patient(),
        parameters(resource=a_patient()),
        parameters(resource=a_patient(), mode="create"),
    ):
        assert errors(wire.post("Patient/$validate", sent)) == []

    assert rows.counts() == before


def test_089_an_invalid_resource_is_told_with_200(wire, rows):
    before = rows.counts()

    for sent in (a_patient(gender="x"), parameters(resource=a_patient(gender="x"))):
        assert errors(wire.post("Patient/$validate", sent)) != []
    for sent in (a_claim(use="loan"), a_claim(patient=None)):
        assert errors(wire.post("Claim/$validate", sent)) != []

    assert errors(wire.post("Claim/$validate", a_claim())) == []
    assert rows.counts() == before


@pytest.mark.parametrize("mode", ["update", "delete"])
def test_089_a_stored_resource_is_validated_where_it_is(wire, patient, mode):
    asked = parameters(mode=mode)
    if mode == "update":
        asked = parameters(resource={**patient.document, "gender": "other"}, mode=mode)

    assert errors(wire.post(f"{patient.reference}/$validate", asked)) == []

    assert wire.get(patient.reference).text == patient.text


def test_089_an_unknown_profile_is_an_error(wire):
    known = "http://hl7.org/fhir/StructureDefinition/Patient"

    asked = parameters(resource=a_patient(), profile="http://nowhere.test/profile")
    answer = wire.post("Patient/$validate", asked)

    assert answer.status in {200, 400, 404, 422}
    assert answer.document["resourceType"] == "OperationOutcome"
    assert any(one["severity"] in {"error", "fatal"} for one in answer.document["issue"])
    asked = parameters(resource=a_patient(), profile=known)
    assert errors(wire.post("Patient/$validate", asked)) == []


@OF_BOTH
def test_090_a_request_is_answered_with_its_response(wire, type):
    make, response = SUBMITTED[type]

    answer = wire.post(f"{type}/$submit", make())

    assert (answer.status, answer.document["resourceType"]) == (200, response)
    assert check(answer.document) == []
    asked = answer.document["request"]["reference"]
    assert wire.get(asked.partition("/_history")[0]).document["resourceType"] == type
    assert wire.get(answer.reference).document["id"] == answer.document["id"]


@OF_BOTH
def test_090_a_bundle_with_the_request_is_taken_too(wire, type):
    make, response = SUBMITTED[type]
    patient, request = "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a01", make()
    request["patient"] = {"reference": patient}
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a02", "resource": request},
            {"fullUrl": patient, "resource": a_patient()},
        ],
    }

    answer = wire.post(f"{type}/$submit", bundle)

    assert (answer.status, answer.document["resourceType"]) == (200, response)
    kept = wire.get(answer.document["request"]["reference"].partition("/_history")[0]).document
    assert wire.get(kept["patient"]["reference"]).document["resourceType"] == "Patient"


@OF_BOTH
def test_090_an_invalid_request_is_refused(wire, rows, type):
    make, _ = SUBMITTED[type]
    before = rows.counts()

    answer = wire.post(f"{type}/$submit", make(patient=None))

    assert (answer.status, answer.document["resourceType"]) == (400, "OperationOutcome")
    assert rows.counts() == before
    assert wire.post(f"{type}/$submit", make()).status == 200
