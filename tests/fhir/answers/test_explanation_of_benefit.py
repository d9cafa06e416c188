"""Explanations of the official Claims: complete, and R4."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.eligibility import Allowance, AllowanceKind, Told
from app.fhir.answers.explanation_of_benefit import Balance, explanation_of_benefit
from tests.fhir.asked import (
    CLAIMS,
    a_decision,
    an_answering,
    example,
    findings,
    local_references,
)

RESPONSE = "ClaimResponse/1/_history/2"


def explained(claim):
    return explanation_of_benefit(an_answering(claim), RESPONSE, a_decision(claim))


def test_a_decision_with_a_line_too_few_is_not_explained():
    claim = example("Claim-100151")
    decision = a_decision(claim)

    with pytest.raises(ValueError, match="one to one"):
        explanation_of_benefit(
            an_answering(claim), RESPONSE, replace(decision, lines=decision.lines[1:])
        )


def test_a_decision_of_other_lines_is_not_explained():
    claim = example("Claim-100150")
    decision = a_decision(claim)
    other = replace(decision.lines[0], path=(7,))

    with pytest.raises(ValueError, match="line 1 is not decided"):
        explanation_of_benefit(an_answering(claim), RESPONSE, replace(decision, lines=(other,)))


def test_a_line_stands_beside_its_decision_in_any_order_of_the_decision():
    claim = example("Claim-100151")
    decision = a_decision(claim)
    turned = replace(decision, lines=decision.lines[::-1])

    document = explanation_of_benefit(an_answering(claim), RESPONSE, turned)

    assert document == explained(claim)
    assert [item["adjudication"][0]["amount"]["value"] for item in document["item"]] == [
        Decimal("135.57"),
        Decimal("105.00"),
        Decimal("1100.00"),
    ]


def test_the_explanation_of_the_simplest_claim_is_whole():
    document = explained(example("Claim-100150"))

    item = document["item"][0]
    assert {name: item[name] for name in item if name != "adjudication"} == {
        "sequence": 1,
        "careTeamSequence": [1],
        "productOrService": {"coding": [{"code": "1200"}]},
        "servicedDate": "2014-08-16",
        "unitPrice": {"value": Decimal("135.57"), "currency": "USD"},
        "net": {"value": Decimal("135.57"), "currency": "USD"},
        "noteNumber": [1],
    }
    kept = ("resourceType", "status", "use", "outcome", "provider", "claimResponse", "insurance")
    assert {name: document[name] for name in kept} == {
        "resourceType": "ExplanationOfBenefit",
        "status": "active",
        "use": "claim",
        "outcome": "complete",
        "provider": {"reference": "Organization/1"},
        "claimResponse": {"reference": RESPONSE, "type": "ClaimResponse"},
        "insurance": [{"focal": True, "coverage": {"reference": "Coverage/9876B1"}}],
    }
    assert document["claim"]["reference"] == "Claim/100150"
    assert document["payment"]["amount"] == {"value": Decimal("108.46"), "currency": "USD"}
    assert "Claim 12345: Decided as per contract &amp; &lt;policy&gt;." in document["text"]["div"]


def test_what_led_to_the_claim_comes_along():
    told = {
        "enterer": {"display": "A clerk"},
        "fundsReserve": {"coding": [{"code": "provider"}]},
        "related": [{"claim": {"reference": "Claim/9"}, "relationship": {"text": "prior"}}],
        "prescription": {"reference": "VisionPrescription/1"},
        "originalPrescription": {"reference": "MedicationRequest/1"},
        "referral": {"identifier": {"value": "R-1"}},
        "accident": {"date": "2014-08-01", "type": {"text": "A fall"}},
    }

    document = explained(example("Claim-100150") | told)

    renamed = {**told, "fundsReserveRequested": told["fundsReserve"]}
    del renamed["fundsReserve"]
    assert {name: document.get(name) for name in renamed} == renamed
    assert findings(document) == []


def test_what_is_used_after_the_decision_is_told_with_its_term():
    deductible = Allowance(
        AllowanceKind.DEDUCTIBLE_INDIVIDUAL, Decimal(100), Decimal(40), currency="EUR"
    )
    visits = Allowance(AllowanceKind.VISITS_PER_YEAR, Decimal(3), Decimal(2))
    told = (Told(allowances=(deductible,)), Told(Coding("c", "dental"), allowances=(visits,)))
    claim = example("Claim-100150")
    balance = Balance(Days(date(2014, 1, 1), None), told)

    document = explanation_of_benefit(an_answering(claim), RESPONSE, a_decision(claim), balance)

    plan, dental = document["benefitBalance"]
    assert document["benefitPeriod"] == {"start": "2014-01-01"}
    assert plan["financial"][0]["allowedMoney"] == {"value": Decimal("100.00"), "currency": "EUR"}
    assert plan["financial"][0]["usedMoney"] == {"value": Decimal("40.00"), "currency": "EUR"}
    assert (plan["category"]["coding"][0]["code"], plan["term"]["coding"][0]["code"]) == (
        "30",
        "annual",
    )
    assert dental["category"] == {"coding": [{"system": "c", "code": "dental"}]}
    assert dental["financial"][0]["allowedUnsignedInt"] == 3
    assert dental["financial"][0]["usedUnsignedInt"] == 2
    assert "dental: Visits of a year: 3, used 2, left 1." in document["text"]["div"]
    assert findings(document) == []


def test_what_items_refer_to_comes_along():
    document = explained(example("Claim-100156"))

    assert document["careTeam"] == [
        {"sequence": 1, "provider": {"reference": "Practitioner/example"}}
    ]
    assert [each["sequence"] for each in document["procedure"]] == [1]
    assert [each["sequence"] for each in document["supportingInfo"]] == [1]


def test_a_reason_becomes_a_coding():
    document = explained(example("Claim-100151"))

    assert document["supportingInfo"][0]["reason"] == {
        "system": "http://terminology.hl7.org/CodeSystem/missingtoothreason",
        "code": "e",
    }


def test_an_attachment_stays_with_the_claim():
    claim = example("Claim-100151")
    attachment = {"contentType": "image/png", "data": "aGVsbG8="}
    claim["supportingInfo"][0]["valueAttachment"] = attachment

    document = explained(claim)

    assert "valueAttachment" not in document["supportingInfo"][0]
    assert document["supportingInfo"][1]["valueString"] == "Happy Valley Community College"


def test_a_contained_device_is_told_where_its_reference_stood():
    document = explained(example("Claim-660152"))

    assert document["item"][0]["detail"][0]["udi"] == [
        {"type": "Device", "display": "Device contained in Claim"}
    ]


def test_a_null_that_holds_the_place_of_an_extension_stays_behind():
    claim = example("Claim-100150")
    extension = {"extension": [{"url": "http://example.org/why", "valueString": "?"}]}
    claim["item"][0] |= {"careTeamSequence": [None, 1], "_careTeamSequence": [extension, None]}

    document = explained(claim)

    assert document["item"][0]["careTeamSequence"] == [1]
    assert findings(document) == []


def test_a_claim_without_a_currency_is_explained_in_no_currency():
    claim = example("Claim-100150")
    claim["item"][0]["net"] = {"value": Decimal("1.00")}

    document = explained(claim)

    assert document["payment"]["amount"] == {"value": Decimal("0.80"), "currency": "XXX"}
    assert findings(document) == []


@pytest.mark.parametrize("name", CLAIMS)
def test_the_explanation_of_every_official_claim_is_valid(name):
    document = explained(example(name))

    assert findings(document) == []
    assert local_references(document) == []
    assert {"id", "meta", "contained"}.isdisjoint(document)
