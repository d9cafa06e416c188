"""Prices after the plan profile: what is refused, then what is read."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.issues import Unacceptable
from app.domain.money import Money
from app.domain.persons import NOBODY_KNOWN, Person, Sex
from app.domain.plan import Price
from app.fhir.business.claims import read_claim
from app.fhir.business.prices import applied, read_prices
from tests.fhir.asked import example, findings

EXTENSIONS = "https://eclaims-gateway.org/fhir/StructureDefinition"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/ex-benefitcategory"
SERVICES = "http://example.org/fhir/oralservicecodes"
A_SLIP = "modifer.coding.where(code = 'rooh').exists()"
DENTAL = Coding(CATEGORIES, "35")


def concept(code, system):
    return {"coding": [{"system": system, "code": code}]}


def extension(name, **value):
    return {"url": f"{EXTENSIONS}/{name}", **value}


def usd(amount):
    return {"value": Decimal(amount), "currency": "USD"}


def a_definition(**changes):
    """A contracted fee of 80.00 USD for one dental service."""
    return {
        "resourceType": "ChargeItemDefinition",
        "url": "http://nationalinsurers.com/price/1200",
        "status": "active",
        "code": concept("1200", SERVICES),
        "propertyGroup": [{"priceComponent": [{"type": "base", "amount": usd("80.00")}]}],
        **changes,
    }


@pytest.mark.parametrize(
    ("change", "expression"),
    [
        (
            {"applicability": [{"language": "text/cql", "expression": "true"}]},
            "ChargeItemDefinition.applicability[0]",
        ),
        (
            {
                "applicability": [
                    {"language": "text/fhirpath", "expression": "%claim.use = 'claim'"}
                ]
            },
            "ChargeItemDefinition.applicability[0]",
        ),
        (
            {"applicability": [{"language": "text/fhirpath", "expression": A_SLIP}]},
            "ChargeItemDefinition.applicability[0]",
        ),
        (
            {"propertyGroup": [{"priceComponent": [{"type": "base", "amount": usd(-1)}]}]},
            "ChargeItemDefinition.propertyGroup[0].priceComponent[0].amount",
        ),
        (
            {"propertyGroup": [{"priceComponent": [{"type": "base", "amount": usd(1)}] * 2}]},
            "ChargeItemDefinition.propertyGroup[0].priceComponent[1]",
        ),
        (
            {"extension": [extension("attachment-required", valueString="yes")]},
            f"ChargeItemDefinition.extension('{EXTENSIONS}/attachment-required')",
        ),
        (
            {"extension": [extension("benefit-category", valueCodeableConcept={"text": "?"})]},
            f"ChargeItemDefinition.extension('{EXTENSIONS}/benefit-category')",
        ),
    ],
)
def test_a_price_that_cannot_be_understood_is_refused(change, expression):
    with pytest.raises(Unacceptable) as refused:
        read_prices(a_definition(**change))

    assert [issue.expression for issue in refused.value.issues] == [expression]


def test_the_official_price_under_a_condition_in_another_language_is_refused():
    with pytest.raises(Unacceptable) as refused:
        read_prices(example("ChargeItemDefinition-ebm"))

    assert len(refused.value.issues) == 2


def test_a_price_is_read_with_category_and_period():
    document = a_definition(
        effectivePeriod={"start": "2026-01-01", "end": "2026-06"},
        extension=[
            extension("benefit-category", valueCodeableConcept=concept("35", CATEGORIES)),
            extension("attachment-required", valueBoolean=False),
        ],
    )

    assert read_prices(document) == (
        Price(
            Coding(SERVICES, "1200"),
            Money(Decimal("80.00"), "USD"),
            DENTAL,
            starts_on=date(2026, 1, 1),
            ends_on=date(2026, 6, 30),
        ),
    )


def test_a_price_may_depend_on_modifiers():
    rooh = "modifier.coding.where(system = 'http://m.org' and code = 'rooh').exists()"
    expression = f"{rooh} and modifier.coding.where(system='s' and code='a').exists()"
    condition = {"language": "text/fhirpath", "expression": expression}
    groups = [
        {
            "applicability": [condition],
            "priceComponent": [{"type": "base", "amount": usd("95.00")}],
        },
        {
            "priceComponent": [
                {"type": "base", "amount": usd("80.00")},
                {"type": "surcharge", "factor": Decimal("1.5")},
            ]
        },
        {"priceComponent": [{"type": "tax", "factor": Decimal("1.19")}]},
    ]

    document = a_definition(propertyGroup=groups)

    prices = read_prices(document)

    assert findings(document) == []
    service = Coding(SERVICES, "1200")
    assert prices == (
        Price(service, Money(Decimal("95.00"), "USD"), conditions=(expression,)),
        Price(service, Money(Decimal("80.00"), "USD")),
    )


@pytest.mark.parametrize("needs", [True, False])
def test_a_service_may_need_an_attachment(needs):
    marked = extension("attachment-required", valueBoolean=needs)

    [price] = read_prices(a_definition(extension=[marked]))

    assert price.needs_attachment is needs
    assert price.amount == Money(Decimal("80.00"), "USD")


def test_a_definition_may_say_alone_that_an_attachment_is_needed():
    document = a_definition(extension=[extension("attachment-required", valueBoolean=True)])
    del document["propertyGroup"]

    assert read_prices(document) == (Price(Coding(SERVICES, "1200"), None, needs_attachment=True),)


def test_a_definition_may_give_the_category_alone():
    document = a_definition(
        extension=[extension("benefit-category", valueCodeableConcept=concept("35", CATEGORIES))]
    )
    del document["propertyGroup"]

    assert read_prices(document) == (Price(Coding(SERVICES, "1200"), None, DENTAL),)


def test_every_coding_of_the_service_has_the_price():
    codings = [{"system": "a", "code": "1"}, {"system": "b", "code": "2"}]

    prices = read_prices(a_definition(code={"coding": codings}))

    assert [price.service for price in prices] == [Coding("a", "1"), Coding("b", "2")]


def test_what_is_no_service_in_force_has_no_price():
    assert read_prices(a_definition(status="draft")) == ()
    assert read_prices(example("ChargeItemDefinition-device")) == ()


ON_A_CHARGE = [{"language": "text/fhirpath", "expression": "%context.quantity.value > 1"}]


def test_what_is_under_a_condition_on_a_charge_is_no_price_for_claims():
    group = a_definition()["propertyGroup"][0]

    [price] = read_prices(
        a_definition(propertyGroup=[{**group, "applicability": ON_A_CHARGE}, group])
    )

    assert price.amount == Money(Decimal("80.00"), "USD")
    assert read_prices(a_definition(applicability=ON_A_CHARGE)) == ()
    assert read_prices(a_definition(applicability=[])) == (price,)


def a_group(amount, expression=None):
    group = {"priceComponent": [{"type": "base", "amount": usd(amount)}]}
    condition = {"language": "text/fhirpath", "expression": expression}
    return {**group, "applicability": [condition]} if expression else group


def test_groups_with_a_condition_come_before_the_default_and_carry_that_of_the_definition():
    document = a_definition(
        applicability=[{"language": "text/fhirpath", "expression": "quantity.value > 1"}],
        extension=[extension("benefit-category", valueCodeableConcept=concept("35", CATEGORIES))],
        propertyGroup=[a_group("80.00"), a_group("60.00", "%age < 18")],
    )

    assert [(price.amount.amount, price.conditions) for price in read_prices(document)] == [
        (Decimal("60.00"), ("quantity.value > 1", "%age < 18")),
        (Decimal("80.00"), ("quantity.value > 1",)),
    ]


def test_a_service_is_of_its_category_where_no_group_applies():
    category = extension("benefit-category", valueCodeableConcept=concept("35", CATEGORIES))
    groups = [a_group("60.00", "%age < 18")]

    prices = read_prices(a_definition(extension=[category], propertyGroup=groups))

    assert [(price.amount, price.category) for price in prices] == [
        (Money(Decimal("60.00"), "USD"), DENTAL),
        (None, DENTAL),
    ]


CLAIM = {
    **example("Claim-100150"),
    "item": [
        {
            "sequence": 1,
            "productOrService": concept("1200", SERVICES),
            "servicedDate": "2026-05-31",
            "bodySite": concept("14", "http://teeth.test"),
        },
        {
            "sequence": 2,
            "productOrService": concept("1200", SERVICES),
            "servicedDate": "2026-06-01",
            "detail": [
                {"sequence": 7, "productOrService": concept("1200", SERVICES)},
                {
                    "sequence": 8,
                    "productOrService": concept("1200", SERVICES),
                    "quantity": {"value": Decimal("2.5")},
                },
            ],
        },
        {
            "sequence": 3,
            "productOrService": concept("1300", SERVICES),
            "servicedDate": "2026-05-31",
        },
    ],
}


def since_june(day):
    """A provider that came into the network in June."""
    return day >= date(2026, 6, 1)


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        # Eighteen on 1 June; a part is of its item's day.
        ("%age < 18", {(1,)}),
        ("%age >= 18", {(2,), (2, 7), (2, 8)}),
        (
            "%patient.gender = 'female' and %patient.birthDate = @2008-06-01",
            {(1,), (2,), (2, 7), (2, 8)},
        ),
        ("%patient.gender = 'male'", set()),
        ("bodySite.coding.where(code = '14').exists()", {(1,)}),
        ("quantity.value > 2", {(2, 8)}),
        ("%resource.use = 'claim' and detail.exists()", {(2,)}),
        ("%network = 'in-network'", {(2,), (2, 7), (2, 8)}),
        ("%network = 'out-of-network' and quantity.empty()", {(1,)}),
    ],
)
def test_a_condition_is_evaluated_on_each_line_of_the_service(expression, paths):
    [price] = read_prices(a_definition(propertyGroup=[a_group("60.00", expression)]))
    claim = read_claim(CLAIM, "")
    girl = Person(Days(date(2008, 6, 1), date(2008, 6, 1)), Sex.FEMALE)

    [found] = applied((price,), CLAIM, claim, girl, date(2026, 6, 9), since_june)

    assert found.lines == paths
    assert [found.applies_to(path) for path in ((1,), (3,))] == [(1,) in paths, False]


def test_a_condition_on_a_patient_who_is_not_known_does_not_hold():
    [price] = read_prices(a_definition(propertyGroup=[a_group("60.00", "%age < 18")]))

    [found] = applied(
        (price,), CLAIM, read_claim(CLAIM, ""), NOBODY_KNOWN, date(2026, 6, 9), since_june
    )

    assert found.lines == frozenset()


def test_a_condition_on_a_network_that_is_not_known_does_not_hold():
    group = a_group("60.00", "%network = 'in-network' or %network = 'out-of-network'")
    [price] = read_prices(a_definition(propertyGroup=[group]))
    told = (CLAIM, read_claim(CLAIM, ""), NOBODY_KNOWN, date(2026, 6, 9))

    [known] = applied((price,), *told, since_june)
    [unknown] = applied((price,), *told, lambda _day: None)

    assert (len(known.lines), unknown.lines) == (4, frozenset())


class Walked(dict):
    """A Claim that counts how often its items are looked at."""

    walks = 0

    def get(self, name, default=None):
        self.walks += name == "item"
        return super().get(name, default)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("%resource.item.productOrService.coding.where(code = '1300').exists()", True),
        ("%resource.item.where(productOrService.coding.code = '1400').exists()", False),
        ("'14' in %resource.item.bodySite.coding.code and %age >= 17", True),
    ],
)
def test_what_is_said_of_the_whole_claim_is_found_once_for_all_lines(expression, holds):
    [price] = read_prices(a_definition(propertyGroup=[a_group("60.00", expression)]))
    girl = Person(Days(date(2008, 6, 1), date(2008, 6, 1)), Sex.FEMALE)
    claim, document = read_claim(CLAIM, ""), Walked(CLAIM)
    applied((), document, claim, girl, date(2026, 6, 9), since_june)

    [found] = applied((price,), document, claim, girl, date(2026, 6, 9), since_june)

    assert found.lines == ({(1,), (2,), (2, 7), (2, 8)} if holds else frozenset())
    # Once to tell the lines, once for the condition.
    assert document.walks == 2
