"""The plans that come with the gateway: they are read, and decide what docs/plans.md works out."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.cli.shipped_plans import NAMES, files_of, shipped
from app.domain.adjudication import Counter, Coverage, EarlierAnswer, EarlierPayer
from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.money import Money
from app.fhir import json_text
from app.fhir.business.coverages import plan_identifier
from app.fhir.business.prices import read_prices
from app.fhir.plans import read_plan
from app.fhir.validation import check
from tests.adjudicators.builders import a_line, a_request, posted, worked

ORAL = "http://example.org/fhir/oralservicecodes"
OWN = "http://payer.example/service"
VISION = "http://example.org/fhir/CodeSystem/ex-visionservice"
DAY = date(2026, 6, 1)
LONG_INSURED = Coverage("member", "family", date(2020, 1, 1))
INSIDE = (Days(None, None),)


@cache
def resources(name):
    """Every resource of a set."""
    documents = [json_text.parsed(file.read_text()) for file in files_of(name)]
    bundles = (
        [entry["resource"] for entry in each["entry"]]
        if each["resourceType"] == "Bundle"
        else [each]
        for each in documents
    )
    return [one for inside in bundles for one in inside]


@cache
def plan_and_prices(name):
    [plan] = [one for one in resources(name) if one["resourceType"] == "InsurancePlan"]
    priced = (one for one in resources(name) if one["resourceType"] == "ChargeItemDefinition")
    return read_plan(plan), tuple(price for one in priced for price in read_prices(one))


def serviced(sequence, code, net, *, system=ORAL, day=DAY, **rest):
    line = a_line(sequence, net, day=day, **rest)
    return replace(line, services=(Coding(system, code),))


def decide(name, *lines, is_agreed=False, **rest):
    """The decision under a shipped plan: a member of long standing, in network.

    `is_agreed`: as if the plan asked for no preauthorization.
    """
    plan, prices = plan_and_prices(name)
    if is_agreed:
        benefits = (replace(each, authorization_required=False) for each in plan.benefits)
        plan = replace(plan, benefits=tuple(benefits))
    rest = {"coverage": LONG_INSURED, "affiliations": INSIDE, "received_on": DAY} | rest
    request = a_request(*lines, plan=plan, prices=prices, **rest)
    return StandardAdjudicator().adjudicate(request)


# --- what is shipped


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_is_shipped_is_valid_and_has_an_id_of_its_own(name):
    assert [issue for one in resources(name) for issue in check(one)] == []
    ids = [(one["resourceType"], one["id"]) for set_ in NAMES for one in resources(set_)]
    assert len(ids) == len(set(ids))
    assert sum(shipped(name).resources.values()) == len(resources(name))


@pytest.mark.parametrize("name", ["dental", "medical"])
def test_every_service_belongs_to_a_category_that_its_plan_covers(name):
    plan, prices = plan_and_prices(name)

    covered = {benefit.category for benefit in plan.benefits}
    assert {price.category for price in prices} == covered
    services = [(price.service.key, price.amount) for price in prices]
    assert len(services) == len(set(services))


def test_the_family_is_insured_under_both_plans():
    coverages = [one for one in resources("family") if one["resourceType"] == "Coverage"]

    assert sorted(plan_identifier(one) for one in coverages) == (
        ["example-dental"] * 4 + ["example-medical"] * 4
    )
    assert {plan_and_prices(name)[0].identifier for name in ("dental", "medical")} == {
        "example-dental",
        "example-medical",
    }


# --- the dental plan


def test_a_crown_that_was_agreed_on_a_filling_and_an_examination():
    # 50.00 deductible, then 50 % of 850.00; 20 % of 95.00; an examination is free.
    lines = (
        serviced(1, "27211", "1000.00"),
        serviced(2, "21211", "105.00"),
        serviced(3, "1200", "135.57"),
    )

    decision = decide("dental", *lines, is_agreed=True)

    assert worked(decision) == {
        "1": [
            "submitted 1000.00",
            "eligible 900.00",
            "contractual 100.00 (45)",
            "deductible 50.00 (1)",
            "coinsurance 425.00 (2)",
            "benefit 425.00",
        ],
        "2": [
            "submitted 105.00",
            "eligible 95.00",
            "contractual 10.00 (45)",
            "coinsurance 19.00 (2)",
            "benefit 76.00",
        ],
        "3": [
            "submitted 135.57",
            "eligible 120.00",
            "contractual 15.57 (45)",
            "benefit 120.00",
        ],
    }


def test_a_crown_that_nobody_asked_for_before_is_written_off_in_network():
    assert worked(decide("dental", serviced(1, "27211", "1000.00"))) == {
        "1": ["submitted 1000.00", "contractual 1000.00 (197)", "benefit 0.00"]
    }


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(364, ["noncovered 900.00 (179)", "benefit 0.00"], id="waits"),
        pytest.param(
            365,
            ["deductible 50.00 (1)", "coinsurance 425.00 (2)", "benefit 425.00"],
            id="is-over",
        ),
    ],
)
def test_a_crown_waits_for_twelve_months(days, expected):
    coverage = Coverage("member", "family", DAY - timedelta(days=days))
    crown = serviced(1, "27211", "900.00")

    decision = decide("dental", crown, coverage=coverage, is_agreed=True)

    assert [row for row in worked(decision)["1"] if not row.startswith(("sub", "elig"))] == expected


def test_braces_are_paid_up_to_their_lifetime_maximum():
    # 50 % of 4,800.00 is 2,400.00; 1,500.00 are paid in a life, the rest is the member's.
    visits = serviced(1, "ORTHOPERIODIC", "6000.00", quantity="24", price="250.00")

    decision = decide("dental", visits, is_agreed=True)

    assert worked(decision) == {
        "1": [
            "submitted 6000.00",
            "eligible 4800.00",
            "contractual 1200.00 (45)",
            "noncovered 900.00 (119)",
            "coinsurance 2400.00 (2)",
            "benefit 1500.00",
        ]
    }
    assert posted(decision)["benefit|orthodontic|lifetime"] == Decimal("1500.00")


def test_the_family_s_deductible_ends_in_mid_claim():
    # The others have borne 130.00 of 150.00: 20.00 of the first filling; 20 % of 75.00 and 95.00.
    used = {Counter("family", "deductible-family", "", "2026"): Decimal("130.00")}
    lines = serviced(1, "21211", "95.00"), serviced(2, "21211", "95.00")

    assert worked(decide("dental", *lines, counters=used)) == {
        "1": [
            "submitted 95.00",
            "eligible 95.00",
            "deductible 20.00 (1)",
            "coinsurance 15.00 (2)",
            "benefit 60.00",
        ],
        "2": ["submitted 95.00", "eligible 95.00", "coinsurance 19.00 (2)", "benefit 76.00"],
    }


def test_the_dental_plan_pays_up_to_its_maximum_of_the_year():
    # 425.00 after the deductible, then 450.00 each: 1,775.00 with the fourth. 225.00 are left.
    crowns = [serviced(number, "27211", "900.00") for number in (1, 2, 3, 4, 5)]

    decided = worked(decide("dental", *crowns, is_agreed=True))

    assert [rows[-1] for rows in decided.values()] == [
        "benefit 425.00",
        "benefit 450.00",
        "benefit 450.00",
        "benefit 450.00",
        "benefit 225.00",
    ]
    assert "noncovered 225.00 (119)" in decided["5"]


def test_preventive_care_is_paid_on_two_days_a_year():
    lines = [
        serviced(number, "11101", "40.00", day=DAY + timedelta(days=number)) for number in (1, 2, 3)
    ]

    assert [rows[-1] for rows in worked(decide("dental", *lines)).values()] == [
        "benefit 40.00",
        "benefit 40.00",
        "benefit 0.00",
    ]


def test_out_of_network_the_member_bears_more():
    # What exceeds the price is the member's; 40 % of 95.00 - 50.00.
    decision = decide("dental", serviced(1, "21211", "105.00"), affiliations=())

    assert worked(decision) == {
        "1": [
            "submitted 105.00",
            "eligible 95.00",
            "noncovered 10.00 (45)",
            "deductible 50.00 (1)",
            "coinsurance 18.00 (2)",
            "benefit 27.00",
        ]
    }


def test_another_payer_s_part_comes_first_under_the_dental_plan():
    # Standard: the plan alone would pay 76.00 after the deductible; 60.00 of 95.00 were paid, so
    # that 35.00 are left. What the other payer paid above 41.00 comes off the coinsurance: 19.00.
    used = {Counter("member", "deductible-individual", "", "2026"): Decimal("50.00")}
    paid = EarlierPayer(EarlierAnswer({(1,): Money(Decimal("60.00"), "USD")}))

    decision = decide(
        "dental", serviced(1, "21211", "95.00"), counters=used, earlier_payers=(paid,)
    )

    assert worked(decision) == {
        "1": ["submitted 95.00", "eligible 95.00", "cob-paid 60.00 (23)", "benefit 35.00"]
    }


# --- the medical plan


def test_an_emergency_with_an_x_ray():
    lines = (
        serviced(1, "emergency-visit", "820.00", system=OWN),
        serviced(2, "x-ray", "95.00", system=OWN),
    )

    decision = decide("medical", *lines)

    assert worked(decision) == {
        "1": [
            "submitted 820.00",
            "eligible 700.00",
            "contractual 120.00 (45)",
            "deductible 500.00 (1)",
            "copay 150.00 (3)",
            "coinsurance 10.00 (2)",
            "benefit 40.00",
        ],
        "2": [
            "submitted 95.00",
            "eligible 90.00",
            "contractual 5.00 (45)",
            "coinsurance 18.00 (2)",
            "benefit 72.00",
        ],
    }
    assert posted(decision)["out-of-pocket-family|2026"] == Decimal("678.00")


def test_nobody_bears_more_than_the_maximum_out_of_pocket():
    # 500.00, then 20 % of 15,500.00 would be 3,100.00: 2,500.00 are left of 3,000.00.
    days = serviced(1, "intensive-care-day", "16000.00", system=OWN, quantity="5", price="3200.00")

    assert worked(decide("medical", days, is_agreed=True)) == {
        "1": [
            "submitted 16000.00",
            "eligible 16000.00",
            "deductible 500.00 (1)",
            "coinsurance 2500.00 (2)",
            "benefit 13000.00",
        ]
    }


def test_another_payer_s_part_comes_first_under_the_medical_plan():
    # Maintenance of benefits: 700.00 - 300.00 are decided on; all of it is the deductible's.
    paid = EarlierPayer(EarlierAnswer({(1,): Money(Decimal("300.00"), "USD")}))
    visit = serviced(1, "emergency-visit", "700.00", system=OWN)

    assert worked(decide("medical", visit, earlier_payers=(paid,))) == {
        "1": [
            "submitted 700.00",
            "eligible 700.00",
            "deductible 400.00 (1)",
            "cob-paid 300.00 (23)",
            "benefit 0.00",
        ]
    }


@pytest.mark.parametrize(
    ("name", "service", "last_day"),
    [
        # Of 1 June 2026, 24 and 18 months later.
        pytest.param("dental", ("1200", ORAL), date(2028, 6, 1), id="dental"),
        pytest.param("medical", ("exam", VISION), date(2027, 12, 1), id="medical"),
    ],
)
def test_a_claim_after_the_time_limit_is_late(name, service, last_day):
    line = serviced(1, service[0], "60.00", system=service[1], day=DAY)

    benefits = [
        worked(decide(name, line, received_on=day))["1"][-1]
        for day in (last_day, last_day + timedelta(days=1))
    ]

    # An eye examination costs the copay of 20.00.
    in_time = {"dental": "benefit 60.00", "medical": "benefit 40.00"}[name]
    assert benefits == [in_time, "benefit 0.00"]
