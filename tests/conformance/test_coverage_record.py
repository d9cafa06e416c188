"""Coverage as the payer's record of a patient's insurance, and services coded in any system.

http://hl7.org/fhir/R4/coverage.html
"""

from decimal import Decimal

import pytest

from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, identifier, money
from tests.conformance.standings import related

DEPENDENT = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
PATIENT = {"reference": "Patient/anna", "display": "Anna Muster"}


def insured(member, order, **elements):
    """One of the Coverages of one patient."""
    return a_coverage(member, order=order, beneficiary=PATIENT, **elements)


@pytest.fixture
def record(core):
    """Own insurance, then that of the spouse, and one that has ended."""
    own = insured("M1", 1, subscriber=PATIENT, policyHolder=PATIENT)
    spouse = insured(
        "M2",
        2,
        subscriberId="S-SPOUSE",
        dependent="01",
        subscriber={"display": "Otto Muster"},
        relationship={"coding": [{"system": DEPENDENT, "code": "spouse"}]},
    )
    ended = insured("M3", 3, period={"start": "2019-01-01", "end": "2025-12-31"})
    replies = [core.put(f"Coverage/{one['id']}", one) for one in (own, spouse, ended)]
    assert [one.status for one in replies] == [201, 201, 201]
    return {one.document["id"]: one.document for one in replies}


def decided(wire, worker, **elements):
    claim = wire.post("Claim", a_claim(**elements))
    worker.drain()
    return wire.get(related(claim)).document


def benefit(response):
    [found] = [
        one["amount"]["value"]
        for one in response["total"]
        if one["category"]["coding"][0]["code"] == "benefit"
    ]
    return found


def test_every_coverage_of_a_patient_is_kept_as_it_was_put(core, record):
    read = {id: core.get(f"Coverage/{id}").document for id in record}

    assert read == record
    told = [
        (one["order"], one["period"], one.get("dependent"), one["subscriberId"])
        for one in read.values()
    ]
    assert told == [
        (1, {"start": "2020-01-01"}, None, "S-M1"),
        (2, {"start": "2020-01-01"}, "01", "S-SPOUSE"),
        (3, {"start": "2019-01-01", "end": "2025-12-31"}, None, "S-M3"),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("beneficiary=Patient/anna", {"coverage-M1", "coverage-M2", "coverage-M3"}),
        ("dependent=01", {"coverage-M2"}),
        ("subscriber=Patient/anna", {"coverage-M1"}),
        ("policy-holder=Patient/anna", {"coverage-M1"}),
        (f"identifier={COVERAGE_SYSTEM}|M3", {"coverage-M3"}),
        ("beneficiary=Patient/otto", set()),
    ],
)
def test_the_payer_finds_its_record_and_a_submitter_nothing_of_it(core, wire, record, query, found):
    told, hidden = (client.get(f"Coverage?{query}").document for client in (core, wire))

    assert {entry["resource"]["id"] for entry in told.get("entry", [])} == found
    assert (told["total"], hidden["total"]) == (len(found), 0)


def test_the_payers_record_is_no_submitters_to_read(wire, record):
    assert [wire.get(f"Coverage/{id}").status for id in record] == [404, 404, 404]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"identifier": identifier(COVERAGE_SYSTEM, "M1")}, "80.00"),
        ({"identifier": identifier(COVERAGE_SYSTEM, "M2")}, "80.00"),
        ({"identifier": identifier(COVERAGE_SYSTEM, "M3")}, "0.00"),
    ],
    ids=["first", "second", "ended"],
)
def test_the_coverage_that_a_claim_names_is_the_one_that_decides(
    wire, worker, record, named, expected
):
    response = decided(wire, worker, coverage=named)

    assert benefit(response) == Decimal(expected)


def test_a_dependent_is_found_by_subscriber_and_number(wire, worker, record):
    said = a_coverage(identifier=None, subscriberId="S-SPOUSE", dependent="01", id="cover")
    nobody = {**said, "dependent": "02"}

    found, missing = (
        decided(wire, worker, contained=[one], coverage={"reference": "#cover"})
        for one in (said, nobody)
    )

    assert benefit(found) == Decimal("80.00")
    assert missing["outcome"] == "queued"


@pytest.mark.parametrize(("focal", "expected"), [("M1", "80.00"), ("M3", "0.00")])
def test_the_focal_insurance_decides_whatever_the_order_of_the_coverages(
    wire, worker, record, focal, expected
):
    both = [
        {
            # An insurance before the focal one would be another payer's to answer first.
            "sequence": 1 if member == focal else 2,
            "focal": member == focal,
            "coverage": {"identifier": identifier(COVERAGE_SYSTEM, member)},
        }
        for member in ("M3", "M1")
    ]

    response = decided(wire, worker, insurance=both)

    assert [one["focal"] for one in response["insurance"]] == [focal == "M3", focal == "M1"]
    assert benefit(response) == Decimal(expected)


@pytest.mark.parametrize(
    "system", ["http://snomed.info/sct", "urn:oid:2.16.756.5.30.1.1.5.2.1", "http://own.test/codes"]
)
def test_a_service_is_priced_in_whatever_system_it_is_coded(wire, core, worker, record, system):
    code = {"coding": [{"system": system, "code": "A.1"}]}
    fee = {"priceComponent": [{"type": "base", "amount": money("60.00")}]}
    price = {
        "resourceType": "ChargeItemDefinition",
        "id": "price",
        "url": "http://payer.test/price/a-1",
        "status": "active",
        "code": code,
        "propertyGroup": [fee],
    }
    assert core.put("ChargeItemDefinition/price", price).status == 201
    item = {**a_claim()["item"][0], "productOrService": code}
    same_code_elsewhere = {"coding": [{"system": "http://elsewhere.test", "code": "A.1"}]}

    priced = decided(wire, worker, item=[item])
    unpriced = decided(wire, worker, item=[{**item, "productOrService": same_code_elsewhere}])

    assert (benefit(priced), benefit(unpriced)) == (Decimal("48.00"), Decimal("80.00"))
