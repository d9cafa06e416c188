"""What a submitted Coverage asks for, and what becomes the payer's own."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.claims import Days
from app.domain.codes import FinancialStatus
from app.domain.enrollment import Asked
from app.fhir import json_text
from app.fhir.answers.enrolled_coverage import asked_of, cancelled, ended, payers_own
from tests.builders import a_coverage, an_enrollment_request
from tests.fhir.asked import findings, local_references


@pytest.mark.parametrize(
    ("coverage", "asked"),
    [
        (a_coverage(), Asked(FinancialStatus.ACTIVE, Days(date(2020, 1, 1), None))),
        (
            a_coverage(status="cancelled", period={"end": "2026-03"}),
            Asked(FinancialStatus.CANCELLED, Days(None, date(2026, 3, 31)), "2026-03"),
        ),
        (
            a_coverage(identifier=None, period=None),
            Asked(FinancialStatus.ACTIVE, Days(None, None)),
        ),
        (
            a_coverage(identifier=None, subscriberId=None, period=None),
            Asked(FinancialStatus.ACTIVE, Days(None, None), is_findable=False),
        ),
        (a_coverage(status=None, period=None), Asked(None, Days(None, None))),
    ],
    ids=["active", "cancelled", "by-subscriber", "by-nothing", "without-status"],
)
def test_a_submitted_coverage_is_read(coverage, asked):
    assert asked_of(coverage) == asked


def test_the_payers_own_is_for_the_candidate_and_refers_to_nothing_contained():
    employer = {"resourceType": "Organization", "id": "employer", "name": "Employer"}
    member = {
        "resourceType": "Patient",
        "id": "member",
        "identifier": [{"system": "http://ids.test", "value": "P7"}],
    }
    coverage = a_coverage(
        "M7",
        id="coverage",
        meta={"versionId": "3", "tag": [{"code": "draft"}]},
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
        beneficiary={"reference": "Patient/somebody"},
        policyHolder={"reference": "#employer"},
        payor=[{"reference": "#employer"}],
        costToBeneficiary=[
            {
                "type": {"text": "copay"},
                "valueMoney": {"value": Decimal("10.10"), "currency": "EUR"},
            }
        ],
    )
    request = an_enrollment_request(
        coverage, contained=[coverage, employer, member], candidate={"reference": "#member"}
    )

    own = payers_own(coverage, request, request)

    assert own == {
        "resourceType": "Coverage",
        "identifier": coverage["identifier"],
        "status": "active",
        "subscriberId": "S-M7",
        "beneficiary": {
            "type": "Patient",
            "identifier": {"system": "http://ids.test", "value": "P7"},
        },
        "period": {"start": "2020-01-01"},
        "payor": [{"type": "Organization", "display": "Employer"}],
        "policyHolder": {"type": "Organization", "display": "Employer"},
        "costToBeneficiary": coverage["costToBeneficiary"],
    }
    assert "10.10" in json_text.write(own)
    assert local_references(own) == []
    assert findings(own) == []


def test_a_request_that_names_no_candidate_is_for_the_beneficiary():
    coverage = a_coverage(beneficiary={"display": "Alex"})

    own = payers_own(coverage, coverage, an_enrollment_request(candidate=None))

    assert own["beneficiary"] == {"display": "Alex"}


TEXT = '{"resourceType": "Coverage", "period" : {"start": "2020-01-01" }, "order":  1.0}'


def test_an_end_is_spliced_in_and_the_rest_stays_byte_for_byte():
    assert ended(TEXT, "2026-03") == (
        '{"resourceType": "Coverage", "period" : {"end":"2026-03","start": "2020-01-01" },'
        ' "order":  1.0}'
    )


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("", {"end": "2026-03-02"}),
        ('"period":{"end":"2027-01-01"},', {"end": "2026-03-02"}),
        (
            '"period":{"start":"2020","_end":{"extension":[{"url":"x:y","valueBoolean":true}]}},',
            {"start": "2020", "end": "2026-03-02"},
        ),
    ],
    ids=["no-period", "another-end", "an-extension-in-its-place"],
)
def test_there_is_one_end_and_it_is_the_new_one(period, expected):
    text = f'{{{period}"resourceType":"Coverage"}}'

    assert json_text.parsed(ended(text, "2026-03-02"))["period"] == expected


def test_a_cancelled_coverage_says_so_and_nothing_else_changes():
    text = '{"resourceType":"Coverage", "status": "active", "order":  1.0}'

    assert cancelled(text) == '{"resourceType":"Coverage", "status": "cancelled", "order":  1.0}'
