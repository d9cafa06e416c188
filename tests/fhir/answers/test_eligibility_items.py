"""What is told of a plan, as R4 has it: one network, unit and term to an item, and a table."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.claims import Days, Line
from app.domain.codes import Coding
from app.domain.eligibility import Allowance, AllowanceKind, Insured, Told
from app.domain.restrictions import Span
from app.fhir.answers.eligibility_response import eligibility_response
from tests.fhir.asked import an_answering, example, findings

K = AllowanceKind
DENTAL = Coding("http://payer.test/category", "dental", "Dental care")
BENEFITS = ["benefits"]
BOTH = ["benefits", "auth-requirements"]
MEMBER = Insured(Days(date(2014, 1, 1), None), is_in_force=True)


def answered(*told, purpose=BENEFITS, items=(), is_told=True):
    request = example("CoverageEligibilityRequest-52345") | {"purpose": purpose}
    if items:
        request["item"] = list(items)
    insured = Insured(MEMBER.days, MEMBER.is_in_force, told if is_told else None)
    coverage = request["insurance"][0]["coverage"]
    document = eligibility_response(an_answering(request), [(coverage, insured)])
    assert findings(document) == []
    return document


def items_of(document):
    return document["insurance"][0].get("item", [])


def an_allowance(kind, allowed, used=None, currency=None):
    return Allowance(kind, Decimal(allowed), None if used is None else Decimal(used), currency)


def code(concept):
    return concept and concept["coding"][0]["code"]


def test_a_category_takes_an_item_for_each_unit_and_term():
    shares = (an_allowance(K.COPAY, "5", "0", "EUR"), an_allowance(K.COINSURANCE, "20"))
    limits = (
        an_allowance(K.VISITS_PER_YEAR, "3", "1"),
        an_allowance(K.AMOUNT_PER_LIFETIME, "900", "0", "EUR"),
    )
    inside = Told(DENTAL, in_network=True, allowances=shares)

    document = answered(inside, Told(DENTAL, allowances=limits))

    assert [
        (code(each.get("network")), code(each["unit"]), code(each.get("term")))
        for each in items_of(document)
    ] == [
        ("in", "individual", "day"),
        ("in", "individual", None),
        (None, "individual", "annual"),
        (None, "individual", "lifetime"),
    ]


@pytest.mark.parametrize(
    ("allowance", "expected"),
    [
        (
            an_allowance(K.COPAY, "5", "2.5", "EUR"),
            {
                "allowedMoney": {"value": Decimal("5.00"), "currency": "EUR"},
                "usedMoney": {"value": Decimal("2.50"), "currency": "EUR"},
            },
        ),
        (
            an_allowance(K.AMOUNT_PER_YEAR, "1.5", "0", "KWD"),
            {
                "allowedMoney": {"value": Decimal("1.500"), "currency": "KWD"},
                "usedMoney": {"value": Decimal("0.000"), "currency": "KWD"},
            },
        ),
        (
            an_allowance(K.VISITS_PER_YEAR, "3", "0"),
            {"allowedUnsignedInt": 3, "usedUnsignedInt": 0},
        ),
        (an_allowance(K.COINSURANCE, "20.00"), {"allowedUnsignedInt": 20}),
        (an_allowance(K.COINSURANCE, "12.50"), {"allowedString": "12.5 %"}),
        (an_allowance(K.UNITS_PER_CLAIM, "2147483648"), {"allowedString": "2147483648"}),
    ],
    ids=["money", "three decimals", "a number", "a percentage", "a fraction", "too large"],
)
def test_money_numbers_and_fractions_have_an_element_each(allowance, expected):
    [item] = items_of(answered(Told(DENTAL, allowances=(allowance,))))

    [benefit] = item["benefit"]
    assert {name: value for name, value in benefit.items() if name != "type"} == expected


@pytest.mark.parametrize(
    ("within", "term", "words"),
    [
        (None, "annual", "Units of a year: 2, used 1, left 1."),
        (Span(months=6), None, "Units within 6 months: 2, used 1, left 1."),
        (Span(months=12, days=1), None, "Units within 12 months and 1 day: 2, used 1, left 1."),
    ],
    ids=["a year of the calendar", "months", "months and a day"],
)
def test_a_frequency_is_told_with_the_time_that_it_is_for(within, term, words):
    frequency = replace(an_allowance(K.FREQUENCY, "2", "1"), within=within)

    document = answered(Told(DENTAL, allowances=(frequency,)))

    [item] = items_of(document)
    [benefit] = item["benefit"]
    assert (code(item.get("term")), item["description"]) == (term, words)
    assert (code(benefit["type"]), benefit["allowedUnsignedInt"]) == ("frequency", 2)
    assert words.partition(":")[0] in document["text"]["div"]


def test_a_service_that_is_asked_about_is_answered_by_itself_and_not_by_its_category():
    asked = {
        "category": {"coding": [{"code": "dental"}]},
        "productOrService": {"coding": [{"code": "1200"}], "text": "A <check> & more"},
        "modifier": [{"coding": [{"code": "x"}]}],
    }
    line = Line(path=(1,), expression="")

    document = answered(Told(DENTAL, line, exclusion="Not now."), items=[asked], purpose=BOTH)

    [item] = items_of(document)
    assert "category" not in item
    assert item["productOrService"] == asked["productOrService"]
    assert item["modifier"] == asked["modifier"]
    assert (item["excluded"], item["name"]) == (True, "A <check> & more")
    assert "A &lt;check&gt; &amp; more: Not now." in document["text"]["div"]


@pytest.mark.parametrize(
    ("purpose", "told", "expected"),
    [
        (BOTH, {}, (False, None)),
        (BOTH, {"authorization_required": True}, (True, None)),
        (BOTH, {"authorization_required": True, "authorized_by": "PA-1"}, (True, "PA-1")),
        (BOTH, {"authorized_by": "PA-1"}, (False, "PA-1")),
        (BENEFITS, {"authorization_required": True}, (None, None)),
    ],
)
def test_an_authorization_is_told_where_it_is_asked(purpose, told, expected):
    document = answered(Told(DENTAL, **told), purpose=purpose)

    [item] = items_of(document)
    assert (item.get("authorizationRequired"), document.get("preAuthRef")) == expected
    assert ("A preauthorization is needed." in item["description"]) == (expected == (True, None))


def test_without_benefits_asked_each_category_is_told_once_and_without_amounts():
    shares = (an_allowance(K.COINSURANCE, "20"),)
    plan = Told(allowances=(an_allowance(K.DEDUCTIBLE_FAMILY, "50", "0", "EUR"),))
    inside, outside = (Told(DENTAL, in_network=each, allowances=shares) for each in (True, False))

    [item] = items_of(answered(plan, inside, outside, purpose=["auth-requirements"]))

    assert (item["name"], item["authorizationRequired"]) == ("Dental care", False)
    assert {"network", "benefit"}.isdisjoint(item)


def test_a_person_reads_what_is_left():
    family = an_allowance(K.DEDUCTIBLE_FAMILY, "300", "120.5", "EUR")

    document = answered(Told(allowances=(family,)))

    assert (
        "<td>Plan: Deductible of the family</td><td>family, a year</td><td>300.00 EUR</td>"
        "<td>120.50 EUR</td><td>179.50 EUR</td>"
    ) in document["text"]["div"]


def test_a_long_table_says_how_long_it_is():
    told = [Told(Coding("s", f"c{number}")) for number in range(201)]

    shorter, longer = answered(*told[:200]), answered(*told)

    assert shorter["text"]["div"].count("<tr>") == longer["text"]["div"].count("<tr>") == 201
    assert "The table shows 200 rows of 201." in longer["text"]["div"]
    assert "The table shows" not in shorter["text"]["div"]
    assert len(items_of(longer)) == 201


def test_a_plan_that_cannot_be_told_is_answered_in_part():
    known, unknown = answered(purpose=BENEFITS), answered(is_told=False)

    assert (known["outcome"], unknown["outcome"]) == ("complete", "partial")
    assert "item" not in unknown["insurance"][0]
