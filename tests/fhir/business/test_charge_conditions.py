"""Conditions on a ChargeItem and its patient: which are understood, and which are met."""

from datetime import date
from decimal import Decimal

import pytest

from app.fhir.business.charge_conditions import Circumstances, age_of, day_of, holds, is_on_charges
from app.fhir.business.persons import read_person

CODED = "%context.bodysite.coding.where(system = 'http://s' and code = '{}').exists()"
CHARGE = {
    "resourceType": "ChargeItem",
    "status": "billable",
    "quantity": {"value": Decimal("2.0")},
    "bodysite": [
        {"coding": [{"system": "http://s", "code": "left"}]},
        {"coding": [{"system": "http://s", "code": "right"}]},
    ],
    "context": {"reference": "Encounter/1"},
    "code": {"coding": [{"code": "20261"}]},
    "enteredDate": "2026-03-02T08:00:00Z",
    "note": [{"text": "and 'more'"}],
}
PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "gender": "female",
    "birthDate": "2008-03-02",
    "multipleBirthInteger": 2,
}
ON = date(2026, 3, 1)
SEEN = Circumstances(CHARGE, PATIENT, ON)

# Each that is met, beside one that is not.
TWINS = [
    ("%context.occurrence >= @2026-03-01", "%context.occurrence >= @2026-03-02"),
    ("%context.occurrence < '2026-03-02'", "%context.occurrence < '2026-03-01'"),
    ("%context.occurrence = @2026", "%context.occurrence = @2025"),
    ("%context.occurrence > @2026-02", "%context.occurrence > @2026-03"),
    ("%patient.gender = 'female'", "%patient.gender = 'male'"),
    ("%patient.gender != 'male'", "%patient.gender != 'female'"),
    ("%patient.active = true", "%patient.active = false"),
    ("%patient.birthDate <= @2008-03-02", "%patient.birthDate < @2008-03-02"),
    ("%age < 18", "%age >= 18"),
    ("%age = 17", "%age = 18"),
    ("%context.enteredDate >= @2026-03-02", "%context.enteredDate > @2026-03-02"),
    ("%context.code.coding.code = '20261'", "%context.code.coding.code = '2026'"),
    ("%context.code.coding.code != '2026'", "%context.code.coding.code > @2026"),
    ("%context.quantity.value > 1.99", "%context.quantity.value > 2"),
    ("%context.quantity.value = 2", "%context.quantity.value != 2"),
    ("%patient.multipleBirthInteger <= 2", "%patient.multipleBirthInteger <= -2"),
    (CODED.format("right"), CODED.format("middle")),
    ("%context.context.exists()", "%context.product.exists()"),
    ("%age < 18 and %patient.gender = 'female'", "%age < 18 and %patient.gender = 'male'"),
    (f"  {CODED.format('left')} and %age > 1 ", f"{CODED.format('left')} and %age > 17"),
]
# What is unknown, repeats or is of another kind meets no comparison, whichever way it is put.
UNKNOWN = ["%patient.deceasedBoolean", "%context.bodysite.coding.code", "%patient.name", "%age.x"]
NOT_UNDERSTOOD = [
    "",
    "true",
    "quantity > 1",
    "%context",
    "%context.quantity.value",
    "%context.quantity.value > ",
    "%context.quantity.value > 1 or %age > 1",
    "%context.quantity.value > 1 and",
    "%context.quantity.value > 1 %age > 1",
    "%context.quantity.value > 1x",
    "%context.code.coding.code = 'a' 'b'",
    "%context.occurrence > @2026-1-1",
    "%context.occurrence > today()",
    "%context.bodysite.coding.where(code = 'left').exists()",
    "%resource.quantity.value > 1",
    "%context.service.suppliedItem='Device/12345')",
    "(%age > 1)",
    "not %age > 1",
]


@pytest.mark.parametrize(("met", "unmet"), TWINS)
def test_a_condition_is_met_or_not(met, unmet):
    assert (holds(met, SEEN), holds(unmet, SEEN)) == (True, False)


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("comparison", ["= 1", "!= 1", "= 'x'", "!= 'x'", "= true", "< @2026"])
def test_what_is_not_known_meets_no_comparison(path, comparison):
    assert is_on_charges(f"{path} {comparison}")
    assert not holds(f"{path} {comparison}", SEEN)


def test_of_no_patient_nothing_is_known():
    nobody = Circumstances(CHARGE, None, ON)

    asked = ("%age >= 0", "%patient.gender != 'x'", "%patient.gender.exists()")

    assert [holds(each, nobody) for each in asked] == [False] * 3
    assert [holds(each, SEEN) for each in asked] == [True] * 3


@pytest.mark.parametrize("expression", NOT_UNDERSTOOD)
def test_what_is_not_understood_is_told(expression):
    assert not is_on_charges(expression)
    with pytest.raises(ValueError, match="cannot be evaluated"):
        holds(expression, SEEN)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("2008-03-02", date(2026, 3, 1), 17),
        ("2008-03-02", date(2026, 3, 2), 18),
        ("2024-02-29", date(2025, 2, 28), 0),
        ("2024-02-29", date(2025, 3, 1), 1),
        ("2026-03-02", date(2026, 3, 1), None),
        ("2008-03", date(2026, 3, 2), None),
        ("2008-03", date(2026, 4, 1), 18),
        ("2008", date(2026, 12, 31), 18),
        ("2008", date(2026, 12, 30), None),
    ],
)
def test_an_age_is_whole_years_on_a_day_for_an_invoice_as_for_a_claim(born, on, age):
    assert age_of({"birthDate": born}, on) == age
    assert read_person({"birthDate": born}).age_on(on) == age


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"occurrenceDateTime": "2026-01-05T23:30:00-05:00"}, date(2026, 1, 5)),
        ({"occurrenceDateTime": "2026-01"}, date(2026, 1, 1)),
        ({"occurrencePeriod": {"start": "2026-01-05", "end": "2026-01-09"}}, date(2026, 1, 5)),
        ({"occurrencePeriod": {"end": "2026-01-09"}}, date(2026, 1, 9)),
        ({"occurrenceTiming": {"event": ["2026-01-07", "2026-01-08"]}}, date(2026, 1, 7)),
        ({"occurrenceTiming": {}, "enteredDate": "2026-01-10"}, date(2026, 1, 10)),
        ({}, ON),
    ],
)
def test_a_charge_is_of_the_day_of_its_service(elements, day):
    assert day_of(elements, ON) == day
