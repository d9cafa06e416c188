"""Answers to the official CoverageEligibilityRequests."""

from datetime import date

import pytest

from app.domain.adjudication import Coverage
from app.domain.eligibility import Insured, insured_days, is_within
from app.fhir.answers.eligibility_response import eligibility_response
from app.fhir.business.eligibility_request import asked_days
from tests.fhir.asked import an_answering, example, findings, local_references

TODAY = date(2026, 3, 1)


def insured(request, coverage):
    days = insured_days(coverage, None)
    return Insured(days, is_within(asked_days(request, TODAY), days))


def answered(request, coverage):
    known = coverage and insured(request, coverage)
    entry = request["insurance"][0]["coverage"]
    return eligibility_response(an_answering(request), [(entry, known)])


def test_a_coverage_that_nobody_knows_is_not_in_force_and_no_error():
    document = answered(example("CoverageEligibilityRequest-52345"), None)

    assert (document["outcome"], document["disposition"]) == (
        "complete",
        "The payer knows no such coverage.",
    )
    assert document["insurance"] == [
        {"coverage": {"reference": "Coverage/9876B1"}, "inforce": False}
    ]
    assert findings(document) == []


def test_a_coverage_in_force_is_answered_with_its_period():
    coverage = Coverage("a", "a", date(2026, 1, 1), date(2026, 3, 1))

    document = answered(example("CoverageEligibilityRequest-52345"), coverage)

    assert document["disposition"] == "The coverage is in force."
    assert document["insurance"] == [
        {
            "coverage": {"reference": "Coverage/9876B1"},
            "inforce": True,
            "benefitPeriod": {"start": "2026-01-01", "end": "2026-03-01"},
        }
    ]
    assert {name: document[name] for name in ("purpose", "patient", "requestor", "insurer")} == {
        "purpose": ["validation"],
        "patient": {"reference": "Patient/pat1"},
        "requestor": {"reference": "Organization/1"},
        "insurer": {"reference": "Organization/2"},
    }
    assert document["request"]["reference"] == "CoverageEligibilityRequest/52345"
    assert findings(document) == []


@pytest.mark.parametrize(
    ("starts", "ends", "in_force"),
    [
        (None, None, True),
        (TODAY, TODAY, True),
        (date(2026, 3, 2), None, False),
        (None, date(2026, 2, 28), False),
    ],
)
def test_both_days_of_a_coverage_are_inside(starts, ends, in_force):
    document = answered(
        example("CoverageEligibilityRequest-52345"), Coverage("a", "a", starts, ends)
    )

    assert document["insurance"][0]["inforce"] is in_force


@pytest.mark.parametrize(
    ("serviced", "in_force"),
    [
        ({"servicedDate": "2014-09-17"}, True),
        ({"servicedDate": "2014-10"}, False),
        ({"servicedPeriod": {"start": "2014-09-01", "end": "2014-09-30"}}, True),
        ({"servicedPeriod": {"start": "2014-09-01", "end": "2014-10-01"}}, False),
        ({"servicedPeriod": {"start": "2014-09-01"}}, True),
        ({"servicedPeriod": {"end": "2014-10-01"}}, False),
        ({}, False),
    ],
    ids=str,
)
def test_every_service_date_that_is_named_has_to_be_covered(serviced, in_force):
    request = example("CoverageEligibilityRequest-52345") | serviced

    document = answered(request, Coverage("a", "a", date(2014, 1, 1), date(2014, 9, 30)))

    assert document["insurance"][0]["inforce"] is in_force
    assert {name: document.get(name) for name in serviced} == serviced
    assert findings(document) == []


def test_each_insurance_has_its_own_answer():
    request = example("CoverageEligibilityRequest-52346")
    request["insurance"] *= 2
    first, second = request["insurance"]
    known = insured(request, Coverage("a", "a", date(2014, 1, 1), None))
    answers = [(first["coverage"], None), (second["coverage"], known)]

    document = eligibility_response(an_answering(request), answers)

    assert [each["inforce"] for each in document["insurance"]] == [False, True]
    assert document["disposition"] == "The coverage is in force."


def test_a_request_without_insurance_is_answered_so():
    request = example("CoverageEligibilityRequest-52345")
    del request["insurance"]

    document = eligibility_response(an_answering(request), [])

    assert document["disposition"] == "The request names no coverage."
    assert "insurance" not in document
    assert findings(document) == []


def test_a_contained_coverage_is_carried_by_its_identifier():
    request = example("CoverageEligibilityRequest-52345")
    request["contained"] = [example("Coverage-9876B1") | {"id": "c"}]
    request["insurance"][0]["coverage"] = {"reference": "#c"}

    document = answered(request, None)

    assert document["insurance"][0]["coverage"] == {
        "type": "Coverage",
        "identifier": {"system": "http://benefitsinc.com/certificate", "value": "12345"},
    }
    assert local_references(document) == []
