"""Answers to EnrollmentRequests."""

import pytest

from app.domain.codes import Outcome
from app.fhir.answers.enrollment_response import enrollment_response
from tests.fhir.asked import an_answering, example, findings, local_references


def answered(request, outcome=Outcome.COMPLETE, disposition="The Coverage is enrolled."):
    return enrollment_response(an_answering(request), outcome, disposition)


def test_the_official_request_is_answered():
    document = answered(example("EnrollmentRequest-22345"))

    assert document == {
        "resourceType": "EnrollmentResponse",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Answer to EnrollmentRequest'
            " EN22345: The Coverage is enrolled.</p><ul><li>Outcome: complete</li></ul></div>",
        },
        "identifier": [{"system": "http://nationalinsurers.com/response", "value": "R-1"}],
        "status": "active",
        "request": {
            "reference": "EnrollmentRequest/22345",
            "type": "EnrollmentRequest",
            "identifier": {
                "system": "http://happyvalley.com/enrollmentrequest",
                "value": "EN22345",
            },
        },
        "outcome": "complete",
        "disposition": "The Coverage is enrolled.",
        "created": "2026-03-01T09:30:00+00:00",
        "organization": {"reference": "Organization/2"},
        "requestProvider": {"reference": "Organization/1"},
    }
    assert findings(document) == []


@pytest.mark.parametrize("outcome", [Outcome.COMPLETE, Outcome.ERROR])
def test_the_least_that_can_be_asked_is_answered_by_the_payer_itself(outcome):
    request = {"resourceType": "EnrollmentRequest", "id": "1", "status": "active"}

    document = answered(request, outcome, "Nothing & <nobody>.")

    assert (document["outcome"], document["disposition"]) == (outcome, "Nothing & <nobody>.")
    assert document["organization"] == {
        "type": "Organization",
        "identifier": {"system": "http://nationalinsurers.com/identifiers", "value": "12345"},
        "display": "National Insurers",
    }
    assert "requestProvider" not in document
    assert findings(document) == []


def test_contained_parties_are_carried_by_what_they_are_known_by():
    request = example("EnrollmentRequest-22345") | {
        "contained": [
            {
                "resourceType": "Organization",
                "id": "us",
                "identifier": [{"system": "sid", "value": "1"}],
            },
            {"resourceType": "Organization", "id": "them", "name": "Insurer"},
        ],
        "provider": {"reference": "#us"},
        "insurer": {"reference": "#them"},
    }

    document = answered(request)

    assert document["requestProvider"] == {
        "type": "Organization",
        "identifier": {"system": "sid", "value": "1"},
    }
    assert document["organization"] == {"type": "Organization", "display": "Insurer"}
    assert local_references(document) == []
    assert findings(document) == []
