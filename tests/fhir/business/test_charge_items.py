"""ChargeItems and the definitions that price them: which apply, and what is read of them."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Unacceptable
from app.domain.money import Money
from app.domain.pricing import Charge, Component, ComponentKind, Group, Rule, bill
from app.fhir.business.charge_conditions import Circumstances
from app.fhir.business.charge_items import charge_of, definitions_of, services_of
from tests.builders import money
from tests.conformance.accounts import a_charge, a_definition, under
from tests.fhir.asked import example

ON = date(2026, 3, 1)
K = ComponentKind
FEE = {"type": "base", "amount": money("50.00")}
BASE = Component(K.BASE, amount=Money(Decimal("50.00"), "EUR"))
RULE = Rule((Group((BASE,)),))
BOY = {"resourceType": "Patient", "gender": "male", "birthDate": "2008-03-02"}
MODIFIER = "modifier.coding.where(system = 'http://s' and code = 'x').exists()"


def read(charge_item, *definitions, on=ON):
    seen = Circumstances(charge_item, BOY, on)
    return charge_of(charge_item, "ChargeItem/1", definitions, seen)


def rules(charge_item, *definitions):
    return read(charge_item, *definitions).rules


CHARGE = a_charge("Account/1")
DEVICE = {"productReference": {"reference": "Device/1"}}
# What does not apply, and a twin that does.
TWINS = {
    "not active": (a_definition(status="draft"), a_definition(status="active"), CHARGE),
    "not in force yet": (
        a_definition(effectivePeriod={"start": "2026-03-02"}),
        a_definition(effectivePeriod={"start": "2026-03-01"}),
        CHARGE,
    ),
    "not in force any more": (
        a_definition(effectivePeriod={"end": "2026-02-28"}),
        a_definition(effectivePeriod={"end": "2026-03"}),
        CHARGE,
    ),
    "of another device": (
        a_definition(instance=[{"reference": "Device/2"}]),
        a_definition(instance=[{"reference": "Device/2"}, {"reference": "Device/1"}]),
        CHARGE | DEVICE,
    ),
    "of a device, for what is none": (
        a_definition(instance=[{"reference": "Device/2"}]),
        a_definition(),
        CHARGE,
    ),
    "under a condition": (
        a_definition(applicability=under("%context.quantity.value > 1")["applicability"]),
        a_definition(applicability=under("%context.status.exists()")["applicability"]),
        CHARGE,
    ),
    "with a modifier, which is a Claim's": (
        a_definition(applicability=under(MODIFIER)["applicability"]),
        a_definition(),
        CHARGE,
    ),
    "whatever its line, or for somebody else": (
        a_definition(applicability=under("%age > 60 or quantity.exists()")["applicability"]),
        a_definition(applicability=under("%age > 60 or %patient.gender = 'male'")["applicability"]),
        CHARGE,
    ),
    "without a group": (a_definition(groups=[]), a_definition(), CHARGE),
}


@pytest.mark.parametrize(("apart", "applies", "charge"), TWINS.values(), ids=TWINS)
def test_a_definition_applies_or_not(apart, applies, charge):
    assert rules(charge, apart, applies) == (RULE,)


def test_a_group_applies_where_its_condition_is_met():
    tax = {"type": "tax", "factor": Decimal("0.19"), "code": {"text": "VAT"}}
    groups = [
        under("%context.occurrence < @2026-03-01", FEE),
        under("%context.occurrence >= @2026-03-01", FEE),
        {"priceComponent": [tax]},
    ]

    [rule] = rules(CHARGE, a_definition(groups=groups))

    taxed = Component(K.TAX, factor=Decimal("0.19"), code='{"text":"VAT"}')
    assert rule == Rule((Group((BASE,), is_conditional=True), Group((taxed,))))


@pytest.mark.parametrize(
    "applicability",
    [
        [{"language": "text/cql", "expression": "%age > 1"}],
        [{"language": "text/fhirpath", "expression": "age() > 1"}],
        [{"language": "text/fhirpath"}],
    ],
)
def test_a_condition_that_cannot_be_evaluated_is_no_price(applicability):
    group = {"priceComponent": [FEE], "applicability": applicability}

    with pytest.raises(Unacceptable) as no:
        rules(CHARGE, a_definition(groups=[group], id="p1"))

    assert [issue.error for issue in no.value.issues] == [ErrorCode.INVOICE_PRICE]
    assert "ChargeItemDefinition/p1" in no.value.issues[0].text
    assert rules(CHARGE, a_definition(groups=[group], status="retired")) == ()


def test_a_component_whose_type_is_only_extended_is_no_price():
    with pytest.raises(Unacceptable) as no:
        rules(CHARGE, a_definition(groups=[{"priceComponent": [{"_type": {"id": "x"}}]}]))

    assert [issue.error for issue in no.value.issues] == [ErrorCode.INVOICE_PRICE]


def test_what_takes_the_place_of_the_price_is_read():
    own = {
        "quantity": {"value": Decimal("1.50")},
        "factorOverride": Decimal("0.8"),
        "priceOverride": money("40.00"),
    }

    assert read(CHARGE | own) == Charge(
        "ChargeItem/1",
        quantity=Decimal("1.50"),
        price=Money(Decimal("40.00"), "EUR"),
        factor=Decimal("0.8"),
    )
    assert read(CHARGE) == Charge("ChargeItem/1")


def test_rules_are_found_by_code_and_by_what_is_named():
    named = {"definitionCanonical": ["http://c|1"], "definitionUri": ["http://u", None]}

    assert services_of(CHARGE) == (Coding("http://codes.test", "1200"),)
    assert definitions_of(CHARGE) == ()
    assert definitions_of(CHARGE | named) == ("http://c|1", "http://u")


def test_the_official_charge_is_what_its_invoice_says():
    priced = bill([read(example("ChargeItem-example"))])

    [charged] = [example("Invoice-example")["totalNet"]]
    assert priced.net == Money(Decimal(charged["value"]), charged["currency"])
    assert str(priced.net.amount) == "40.00"


def test_the_official_definition_is_in_force_for_three_months():
    ebm = {**example("ChargeItemDefinition-ebm")}
    # Its conditions are in CQL, of which nothing is evaluated here.
    del ebm["applicability"]

    [rule] = read(CHARGE, ebm, on=date(2018, 6, 30)).rules
    [line] = bill([read(CHARGE, ebm, on=date(2018, 4, 1))]).lines

    assert [each.kind for each in rule.groups[0].components] == [K.BASE, K.INFORMATIONAL]
    assert line.net == Money(Decimal("67.44"), "EUR")
    assert line.components[1].factor == 633
    assert read(CHARGE, ebm, on=date(2018, 7, 1)).rules == ()
