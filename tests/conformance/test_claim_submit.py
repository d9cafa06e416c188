"""Claim/$submit: a Claim, Parameters, or a Bundle; the ClaimResponse comes back.

http://hl7.org/fhir/R4/claim-operation-submit.html
"""

import pytest

from app.fhir.validation import check
from tests.builders import a_claim, a_communication, a_coverage, a_task, identifier, money
from tests.wire import Wire

SUBMIT = "Claim/$submit"
PATIENT = "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a01"
COVERAGE = "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a02"
CLAIM = "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a03"
X_RAY = "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a04"


def parameters(resource):
    return {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": resource}]}


def a_bundle(*entries):
    spelled = [
        {**({"fullUrl": address} if address else {}), "resource": resource}
        for address, resource in entries
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": spelled}


def a_package(**elements):
    """A Claim with its Patient, Coverage and an x-ray, all pointing at each other by address."""
    claim = a_claim(
        patient={"reference": PATIENT},
        coverage={"reference": COVERAGE},
        supportingInfo=[
            {"sequence": 1, "category": {"text": "x-ray"}, "valueReference": {"reference": X_RAY}}
        ],
        **elements,
    )
    return a_bundle(
        (PATIENT, {"resourceType": "Patient", "gender": "female"}),
        (COVERAGE, a_coverage(beneficiary={"reference": PATIENT})),
        (X_RAY, a_communication(about=[{"reference": CLAIM}])),
        (CLAIM, claim),
    )


def claim_of(wire, submitted):
    return wire.get(submitted.document["request"]["reference"]).document


def test_a_claim_is_taken_and_its_response_comes_back(wire, core, worker):
    core.post("Coverage", a_coverage())

    submitted = wire.post(SUBMIT, a_claim())

    assert submitted.status == 200
    assert (submitted.document["resourceType"], submitted.document["outcome"]) == (
        "ClaimResponse",
        "queued",
    )
    assert check(submitted.document) == []
    assert wire.get(submitted.reference).text == submitted.text
    assert claim_of(wire, submitted)["status"] == "active"
    assert worker.drain() == 1
    polled = wire.task(a_task("poll"))
    assert polled.output("response") == f"{submitted.reference}/_history/2"


def test_an_invalid_claim_is_answered_at_once(wire):
    submitted = wire.post(SUBMIT, a_claim(total=money("1.00")))

    assert (submitted.status, submitted.document["outcome"]) == (200, "error")


@pytest.mark.parametrize("wrap", [lambda claim: claim, parameters], ids=["bare", "parameters"])
def test_submitted_twice_it_is_one_claim(wire, rows, wrap):
    claim = a_claim()
    first = wire.post(SUBMIT, wrap(claim))
    before = rows.counts()

    again = wire.post(SUBMIT, wrap(claim))

    assert (first.status, again.status, again.text) == (200, 200, first.text)
    assert rows.counts() == before
    posted = wire.post("Claim", claim)
    assert (posted.status, posted.reference) == (200, first.document["request"]["reference"])


def test_submitted_again_it_answers_as_it_stands(wire, core, worker):
    core.post("Coverage", a_coverage())
    claim = a_claim()
    wire.post(SUBMIT, claim)
    worker.drain()

    assert wire.post(SUBMIT, claim).document["outcome"] == "complete"


@pytest.mark.parametrize("wrap", [lambda bundle: bundle, parameters], ids=["bare", "parameters"])
def test_a_bundle_is_taken_in_as_one_and_points_at_what_is_ours(wire, wrap):
    submitted = wire.post(SUBMIT, wrap(a_package()))

    claim = claim_of(wire, submitted)
    patient = claim["patient"]["reference"]
    coverage = claim["insurance"][0]["coverage"]["reference"]
    x_ray = claim["supportingInfo"][0]["valueReference"]["reference"]
    assert submitted.status == 200
    assert wire.get(patient).document["gender"] == "female"
    assert wire.get(coverage).document["beneficiary"]["reference"] == patient
    assert wire.get(x_ray).document["about"] == [{"reference": f"Claim/{claim['id']}"}]
    assert submitted.document["patient"]["reference"] == patient
    assert "urn:uuid" not in str(claim)


def test_a_bundle_submitted_twice_is_one(wire, rows):
    package = a_package()
    first = wire.post(SUBMIT, package)
    before = rows.counts()

    again = wire.post(SUBMIT, package)

    assert (again.status, again.text) == (200, first.text)
    assert rows.counts() == before


def test_entries_may_point_at_each_other_by_type_and_id(wire):
    patient = {"resourceType": "Patient", "id": "1", "gender": "male"}

    submitted = wire.post(SUBMIT, a_bundle((None, patient), (None, a_claim())))

    reference = claim_of(wire, submitted)["patient"]["reference"]
    assert reference != "Patient/1"
    assert wire.get(reference).document["gender"] == "male"


def test_an_attachment_that_was_sent_before_is_pointed_at_where_it_is(wire):
    x_ray = a_communication()
    stored = wire.post("Communication", x_ray).reference
    pointer = {"sequence": 1, "category": {"text": "x-ray"}, "valueReference": {"reference": X_RAY}}

    submitted = wire.post(
        SUBMIT, a_bundle((X_RAY, x_ray), (CLAIM, a_claim(supportingInfo=[pointer])))
    )

    claim = claim_of(wire, submitted)
    assert claim["supportingInfo"][0]["valueReference"] == {"reference": stored}


def test_the_coverage_of_a_bundle_is_matched_to_the_payers_own(wire, core, worker):
    core.post("Coverage", a_coverage())

    submitted = wire.post(SUBMIT, a_package())
    worker.drain()

    assert wire.get(submitted.reference).document["outcome"] == "complete"


def test_a_bundle_keeps_every_digit(wire):
    claim = a_claim(prices=["100.10", "0.90"])

    submitted = wire.post(SUBMIT, a_bundle((CLAIM, claim)))

    text = wire.get(submitted.document["request"]["reference"]).text
    assert '"value":100.10' in text
    assert '"value":0.90' in text


FOREIGN = {"identifier": identifier("sid", "Sad Mountain")}
UNUSABLE = {
    "no-claim": (a_bundle((PATIENT, {"resourceType": "Patient"})), 400, ["ECG-BUNDLE"]),
    "two-claims": (a_bundle((CLAIM, a_claim()), (X_RAY, a_claim())), 400, ["ECG-BUNDLE"]),
    "no-entries": ({"resourceType": "Bundle", "type": "collection"}, 400, ["ECG-BUNDLE"]),
    "what-does-not-belong": (
        a_bundle((CLAIM, a_claim()), (PATIENT, a_task("poll"))),
        400,
        ["ECG-BUNDLE"],
    ),
    "no-resource": (
        {"resourceType": "Parameters", "parameter": [{"name": "claim", "valueString": "x"}]},
        400,
        ["ECG-REQUIRED"],
    ),
    "another-resource": (parameters({"resourceType": "Patient"}), 400, ["ECG-RESOURCE-TYPE"]),
    "not-active": (a_claim(status="draft"), 422, ["ECG-NOT-ACTIVE"]),
    "an-entry-that-is-not-r4": (
        a_bundle((CLAIM, a_claim(use="order"))),
        400,
        ["ECG-CODE"],
    ),
    "a-request-bare": ({"resourceType": "Patient"}, 400, ["ECG-RESOURCE-TYPE"]),
}


@pytest.mark.parametrize(("body", "status", "errors"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_cannot_be_used_is_refused_whole(wire, rows, body, status, errors):
    before = rows.counts()

    refused = wire.post(SUBMIT, body)

    assert (refused.status, refused.errors) == (status, errors)
    assert rows.counts() == before
    assert wire.post(SUBMIT, a_bundle((CLAIM, a_claim()))).status == 200


def test_a_refused_entry_takes_the_whole_bundle_with_it(http, registry, rows):
    wire = Wire(http, registry.submitter(acts_for_anybody=False).token)
    before = rows.counts()
    patient = (PATIENT, {"resourceType": "Patient"})

    refused = wire.post(SUBMIT, a_bundle(patient, (CLAIM, a_claim(provider=FOREIGN))))

    assert (refused.status, refused.errors) == (403, ["ECG-FOREIGN-SENDER"])
    assert rows.counts() == before
    assert wire.post(SUBMIT, a_bundle(patient, (CLAIM, a_claim()))).status == 200


def test_a_taken_identifier_takes_the_whole_bundle_with_it(wire, rows):
    wire.post("Claim", a_claim(number="1"))
    before = rows.counts()

    refused = wire.post(SUBMIT, a_package(identifier=a_claim(number="1")["identifier"]))

    assert (refused.status, refused.errors) == (409, ["ECG-DUPLICATE"])
    assert rows.counts() == before


def test_a_payer_client_submits_nothing(core, rows):
    before = rows.counts()

    assert core.post(SUBMIT, a_claim()).status == 403
    assert rows.counts() == before


def test_an_idempotency_key_counts_for_a_bundle_as_well(wire, rows):
    package = a_package(identifier=None)
    first = wire.post(SUBMIT, package, Idempotency_Key="k")
    before = rows.counts()

    again = wire.post(SUBMIT, package, Idempotency_Key="k")
    other = wire.post(SUBMIT, a_package(identifier=None, language="en"), Idempotency_Key="k")

    assert (again.status, again.text) == (200, first.text)
    assert (other.status, other.errors) == (422, ["ECG-IDEMPOTENCY"])
    assert rows.counts() == before
