"""Claim/$submit: a Claim alone, or with what it refers to."""

import pytest

from app import create_worker
from app.domain.issues import ErrorCode, Unacceptable
from app.fhir import json_text
from app.gateway.gateway import Gateway
from tests.builders import a_claim, a_communication, an_eligibility_request, identifier
from tests.gateway.desk import received

PATIENT = {"resourceType": "Patient", "birthDate": "1980-01-01"}


def a_bundle(*resources, urls=()):
    urls = [*urls, *[None] * (len(resources) - len(urls))]
    entries = [
        {"resource": resource, **({"fullUrl": url} if url else {})}
        for resource, url in zip(resources, urls, strict=True)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def parameters(resource, name="resource"):
    return {"resourceType": "Parameters", "parameter": [{"name": name, "resource": resource}]}


def submit(desk, document, **keys):
    stored = Gateway(desk.installation, create_worker(desk.installation)).submit_claim(
        desk.client, received(document, **keys)
    )
    return stored, json_text.parsed(stored.text)


def problems(desk, document):
    with pytest.raises(Unacceptable) as refused:
        submit(desk, document)
    assert desk.pended() == desk.jobs() == []
    return [(issue.error, issue.expression) for issue in refused.value.issues]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (PATIENT, (ErrorCode.RESOURCE_TYPE, "Patient")),
        (parameters(a_claim(), "other"), (ErrorCode.REQUIRED, "Parameters.parameter")),
        (parameters(PATIENT), (ErrorCode.RESOURCE_TYPE, "Patient")),
        (a_bundle(PATIENT), (ErrorCode.BUNDLE, "Bundle.entry")),
        (a_bundle(a_claim(), a_claim()), (ErrorCode.BUNDLE, "Bundle.entry")),
        (a_bundle(a_claim(), an_eligibility_request()), (ErrorCode.BUNDLE, "Bundle.entry[1]")),
        (
            a_bundle(a_claim(), {"resourceType": "InsurancePlan"}),
            (ErrorCode.BUNDLE, "Bundle.entry[1]"),
        ),
    ],
    ids=["patient", "name", "inner", "no-claim", "two-claims", "two-requests", "payers-type"],
)
def test_what_is_not_one_claim_and_its_companions_is_refused(desk, document, expected):
    assert problems(desk, document) == [expected]


@pytest.mark.parametrize(
    "wrap",
    [lambda claim: claim, parameters, a_bundle, lambda claim: parameters(a_bundle(claim))],
    ids=["claim", "parameters", "bundle", "bundle-in-parameters"],
)
def test_a_claim_is_answered_with_its_response(desk, wrap):
    _, response = submit(desk, wrap(a_claim()))

    assert (response["resourceType"], response["outcome"]) == ("ClaimResponse", "queued")
    assert len(desk.jobs()) == 1


@pytest.mark.parametrize(
    ("url", "own_id", "reference"),
    [
        ("urn:uuid:11111111-1111-1111-1111-111111111111", None, None),
        ("http://happyvalley.test/Patient/7", "7", None),
        ("http://happyvalley.test/Patient/7", "7", "Patient/7"),
        (None, "7", "Patient/7"),
    ],
    ids=["urn", "address", "address-and-type-and-id", "type-and-id"],
)
def test_what_the_claim_refers_to_comes_with_it(desk, url, own_id, reference):
    patient = {**PATIENT, **({"id": own_id} if own_id else {})}
    claim = a_claim(patient={"reference": reference or url})

    _, response = submit(desk, a_bundle(patient, claim, urls=[url]))

    stored = desk.document(response["request"]["reference"])
    assert stored["patient"] == response["patient"]
    assert desk.document(stored["patient"]["reference"])["birthDate"] == "1980-01-01"
    assert stored["patient"]["reference"] != (reference or url)


def test_a_reference_to_nothing_in_the_bundle_stays(desk):
    claim = a_claim(patient={"reference": "Patient/elsewhere"})

    _, response = submit(desk, a_bundle({**PATIENT, "id": "7"}, claim))

    stored = desk.document(response["request"]["reference"])
    assert stored["patient"] == {"reference": "Patient/elsewhere"}


def test_numbers_stay_as_they_were_sent(desk):
    claim = a_claim(prices=["100.00"], patient={"reference": "Patient/7"})

    _, response = submit(desk, a_bundle({**PATIENT, "id": "7"}, claim))

    assert '"value":100.00' in desk.stored(*response["request"]["reference"].split("/")).text


def test_an_attachment_that_was_sent_before_is_that_one(desk):
    communication = a_communication(id="9")
    earlier = desk.create(communication)
    information = {
        "sequence": 1,
        "category": {"text": "attachment"},
        "valueReference": {"reference": "Communication/9"},
    }
    claim = a_claim(supportingInfo=[information])

    _, response = submit(desk, a_bundle(communication, claim))

    stored = desk.document(response["request"]["reference"])
    attachment = stored["supportingInfo"][0]["valueReference"]["reference"]
    assert attachment == earlier.stored.reference


def test_the_same_package_again_is_the_same_claim(desk):
    package = a_bundle({**PATIENT, "id": "7"}, a_claim(patient={"reference": "Patient/7"}))

    first, again = submit(desk, package)[0], submit(desk, package)[0]

    assert first == again
    assert len(desk.jobs()) == 1


def test_an_answer_made_at_once_is_handed_over_by_it(desk):
    _, response = submit(desk, a_claim(total={"value": 1, "currency": "EUR"}))

    assert response["outcome"] == "error"
    assert desk.pended() == [("ClaimResponse", "delivered")]


def test_a_companion_that_may_not_be_sent_takes_the_claim_with_it(desk):
    answer = {
        "resourceType": "ClaimResponse",
        "insurer": {"identifier": identifier("http://payers.test", "other")},
    }

    assert problems(desk, a_bundle(answer, a_claim())) == [(ErrorCode.FORBIDDEN, "ClaimResponse")]
