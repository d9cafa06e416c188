"""Conditions on the line of a Claim, held against a complete FHIRPath."""

from decimal import Decimal

import fhirpathpy
import pytest
from fhirpathpy.models import models

from app.fhir.business.claim_wide import FOUND
from app.fhir.business.line_conditions import (
    AGE,
    PATIENT,
    RESOURCE,
    compiled_condition,
    is_understood,
)

LINE = {
    "sequence": 1,
    "productOrService": {"coding": [{"system": "http://s", "code": "D2740"}]},
    "modifier": [
        {"coding": [{"system": "http://m", "code": "a"}]},
        {"coding": [{"system": "http://m", "code": "b"}]},
    ],
    "servicedDate": "2026-06-01",
    "quantity": {"value": Decimal("2.50")},
    "unitPrice": {"value": 30, "currency": "EUR"},
    "bodySite": {"coding": [{"system": "http://t", "code": "14"}]},
}
PERSON = {"gender": "female", "birthDate": "2008-06-02"}
CLAIM = {"resourceType": "Claim", "use": "claim", "item": [LINE]}
VARIABLES = {AGE: 17, PATIENT: PERSON, RESOURCE: CLAIM}

# Each that holds, beside one that does not.
TWINS = [
    ("%age < 18", "%age < 17"),
    ("%age >= 17 and %age <= 17", "%age > 17 or %age < 17"),
    ("%patient.gender = 'female'", "%patient.gender != 'female'"),
    ("%patient.birthDate < @2008-06-03", "%patient.birthDate < @2008-06-02"),
    ("servicedDate >= @2026-06-01", "servicedDate > @2026-06-01"),
    ("servicedDate > @2026-05", "servicedDate > @2026-06"),
    ("servicedDate < @2027", "servicedDate < @2026"),
    ("servicedDate = @2026-06-01", "servicedDate = @2026-06"),
    ("servicedDate.exists()", "bodySite.text.exists()"),
    ("quantity.value = 2.5", "quantity.value = 2.6"),
    ("quantity.value != 2", "quantity.value != 2.500"),
    ("unitPrice.value <= 30.0", "unitPrice.value < 30"),
    (
        "modifier.coding.where(system = 'http://m' and code = 'b').exists()",
        "modifier.coding.where(code = 'c').exists()",
    ),
    ("modifier.coding.exists(code = 'a')", "modifier.coding.exists(system = 'a')"),
    ("'b' in modifier.coding.code", "'c' in modifier.coding.code"),
    ("modifier.coding.code contains 'a'", "modifier.coding.code contains 'c'"),
    ("bodySite.coding.code in ('13' | '14')", "bodySite.coding.code in ('15' | '16')"),
    ("detail.exists().not()", "modifier.exists().not()"),
    ("detail.empty()", "modifier.empty()"),
    ("modifier.count() = 2", "modifier.count() > 2"),
    ("modifier.first().coding.code = 'a'", "modifier.first().coding.code = 'b'"),
    ("(%age > 60 or %age < 20) and true", "%age > 60 or (%age < 20 and false)"),
    ("%resource.use = 'claim'", "%resource.use = 'preauthorization'"),
    (
        "%resource.item.where(sequence = 1).exists() and modifier.coding.exists(%age = 0).not()",
        "(%resource.item.where(sequence = 1).exists() and %age < 18).not()",
    ),
    (
        "bodySite.coding.code in (%resource.item.bodySite.coding.code | '15')",
        "17 in %resource.item",
    ),
    ("(%resource.item.sequence | 'a') contains 1.0", "%resource.item.sequence contains '1'"),
    ("quantity in %resource.item.quantity", "quantity in (%resource.item.sequence | 2.4)"),
    ("%resource.item.unitPrice contains unitPrice", "%resource.item.bodySite contains unitPrice"),
    ("modifier.coding.code != 'a'", "modifier.coding.code = 'a'"),
    ("detail.quantity.value > 1 or true", "detail.quantity.value > 1 or false"),
    ("(detail.quantity.value > 1 and false).not()", "(detail.quantity.value > 1 and true).not()"),
    (
        "modifier.coding.where(code in ('a' | 'c') and %age < 18).exists()",
        "modifier.coding.where(%age > 18).exists()",
    ),
]
NOT_UNDERSTOOD = [
    "",
    "modifer.exists()",
    "gender = 'female'",
    "quantity.value >",
    "quantity.value > 1 > 2",
    "quantity.value > 1 quantity.value",
    "quantity.value + 1 > 2",
    "servicedDate < today()",
    "servicedDate > @2026-13",
    "servicedDate > @2026-02-31",
    "servicedDate > @2026-02-01T10:61:00Z",
    "servicedDate > @2026-06-01T10",
    "bodySite.coding.code.matches('1.*')",
    "bodySite.coding.code = '\\u0031'",
    "modifier[0].exists()",
    "%context.quantity.value > 1",
    "%patient.name.exists()",
    "%patient",
    "modifier.where(%resource.use = 'claim').exists()",
    "modifier.where(%patient.gender = 'male').exists()",
    "%resource.item.where(%age < 18).exists()",
    "(%resource.item).where(sequence = 1 and %network = 'in-network').exists()",
    "(modifier | %resource.item.modifier).exists()",
    "%age in (%resource.item.sequence | %age)",
    "iif(true, true, false)",
    "true!",
]


@pytest.mark.parametrize(("met", "unmet"), TWINS)
def test_a_condition_holds_or_not(met, unmet):
    found = [compiled_condition(each).holds(LINE, VARIABLES) for each in (met, unmet)]

    assert found == [True, False]


@pytest.mark.parametrize(("met", "unmet"), TWINS)
def test_it_holds_alike_where_what_is_said_of_the_claim_was_found_before(met, unmet):
    of_the_claim = VARIABLES | {FOUND: {}}

    for _ in range(2):
        found = [compiled_condition(each).holds(LINE, of_the_claim) for each in (met, unmet)]
        assert found == [True, False]


def test_a_moment_is_looked_for_among_the_dates_of_the_claim():
    condition = compiled_condition("servicedDate in (%resource.item.servicedDate | @2027-01-01)")
    variables = VARIABLES | {FOUND: {}}

    days = ("2026-06-01", "2027-01-01", "2026-06-02")
    found = [condition.holds({"servicedDate": day}, variables) for day in days]

    assert found == [True, True, False]
    assert compiled_condition("@2026-06-01 in %resource.item.servicedDate").holds({}, variables)


@pytest.mark.parametrize("expression", [each for pair in TWINS for each in pair])
def test_a_condition_holds_where_fhirpath_says_so(expression):
    variables = {"age": 17, "patient": PERSON, "resource": CLAIM}
    expected = fhirpathpy.evaluate(LINE, expression, variables, models["r4"])

    assert compiled_condition(expression).holds(LINE, VARIABLES) is (expected == [True])


@pytest.mark.parametrize(
    "expression",
    [
        "%age < 18",
        "%age != 1",
        "%patient.gender != 'male'",
        "%patient.birthDate > @1900",
        "%age in (1 | 2)",
    ],
)
def test_what_is_not_known_does_not_hold(expression):
    condition = compiled_condition(expression)

    assert condition.holds(LINE, VARIABLES) is (expression != "%age in (1 | 2)")
    assert not condition.holds(LINE, {AGE: None, PATIENT: {}, RESOURCE: CLAIM})


def test_a_choice_is_found_by_its_name_alone():
    condition = compiled_condition("serviced >= @2026-06-01")

    assert condition.holds(LINE, VARIABLES)
    assert not condition.holds({"servicedPeriod": {"start": "2026-06-01"}}, VARIABLES)


TIMES = [
    ("servicedPeriod.start < @2026-06-01T08:00:01Z", True),
    ("servicedPeriod.start < @2026-06-01T08:00:00Z", False),
    ("servicedPeriod.start = @2026-06-01T09:00:00+01:00", True),
    ("servicedPeriod.start >= @2026-06-01", False),
    ("servicedPeriod.start > @2026-05-31", True),
    ("servicedPeriod.start != @2025", True),
]


@pytest.mark.parametrize(("expression", "holds"), TIMES)
def test_a_time_is_compared_as_exactly_as_both_are_told(expression, holds):
    # Eight o'clock in UTC; whether that is after the whole of its day is not to be told.
    line = {"servicedPeriod": {"start": "2026-06-01T10:00:00+02:00"}}

    assert compiled_condition(expression).holds(line, VARIABLES) is holds


def test_a_quantity_without_a_unit_is_a_number():
    condition = compiled_condition("quantity > 2")

    assert condition.holds(LINE, VARIABLES)
    assert not condition.holds({"quantity": {"value": 3, "unit": "mg", "code": "mg"}}, VARIABLES)


@pytest.mark.parametrize("expression", NOT_UNDERSTOOD)
def test_what_is_not_understood_is_told(expression):
    assert not is_understood(expression)
    with pytest.raises(ValueError, match=r"."):
        compiled_condition(expression)


def test_what_nobody_writes_is_refused():
    assert is_understood("(" * 19 + "true" + ")" * 19)
    assert not is_understood("(" * 20 + "true" + ")" * 20)
    assert is_understood("true or " * 124 + "false")
    assert not is_understood("true or " * 125 + "false")


@pytest.mark.parametrize(
    ("expression", "reads"),
    [
        ("%age < 3 or %patient.gender = 'male'", False),
        ("true", False),
        ("quantity > 1", True),
        ("%resource.use = 'claim'", True),
    ],
)
def test_what_looks_at_the_patient_alone_is_told(expression, reads):
    assert compiled_condition(expression).reads_claim is reads
