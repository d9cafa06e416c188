"""Limits of single services in a plan: what is refused, then what is read."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.codes import Coding
from app.domain.issues import Unacceptable
from app.domain.persons import Sex
from app.domain.restrictions import Frequency, Per, Restriction, Span
from app.fhir import json_text
from app.fhir.business.profile import unknown_extensions
from app.fhir.plans import read_plan
from tests.fhir.asked import findings

PAGE = Path(__file__).parents[3] / "docs" / "reference-data.md"
CANONICAL = "https://eclaims-gateway.org/fhir"
EXTENSIONS = f"{CANONICAL}/StructureDefinition"
CODES = "http://codes.test"
LIMIT = "InsurancePlan.coverage[0].benefit[0].limit[0]"
CROWN, ONLAY = Coding(CODES, "crown"), Coding(CODES, "onlay")


def extension(name, **value):
    return {"url": f"{EXTENSIONS}/{name}", **value}


def of(*services):
    return [
        extension(
            "limit-service", valueCodeableConcept={"coding": [{"system": CODES, "code": each}]}
        )
        for each in services
    ]


def a_limit(code, *extensions, value=None, **elements):
    limit = {
        "extension": list(extensions),
        "code": {"coding": [{"system": f"{CANONICAL}/CodeSystem/plan", "code": code}]},
        "value": value,
        **elements,
    }
    return {name: element for name, element in limit.items() if element}


def years(value, **unit):
    return {"value": value, **unit}


def within(value, code):
    return extension(
        "limit-period",
        valueDuration={"value": value, "system": "http://unitsofmeasure.org", "code": code},
    )


def per(code):
    return extension("limit-per", valueCode=code)


def for_sex(code):
    return extension("limit-sex", valueCode=code)


def a_plan(*limits):
    """A plan of as many categories as there are lists of limits."""
    benefits = [
        {"type": {"coding": [{"system": CODES, "code": f"category-{index}"}]}, "limit": each}
        for index, each in enumerate(limits)
    ]
    return {
        "resourceType": "InsurancePlan",
        "identifier": [{"system": "http://payer.test/plan", "value": "dental"}],
        "status": "active",
        "name": "Dental",
        "coverage": [{"type": {"text": "Dental"}, "benefit": benefits}],
    }


REFUSED = {
    "an exclusion of nothing": (a_limit("excluded-service"), LIMIT),
    "an exclusion with a value": (
        a_limit("excluded-service", *of("crown"), value={"value": 1}),
        f"{LIMIT}.value",
    ),
    "a frequency of nothing": (a_limit("frequency", value={"value": 1}), LIMIT),
    "a frequency without units": (a_limit("frequency", *of("crown")), f"{LIMIT}.value"),
    "a negative frequency": (
        a_limit("frequency", *of("crown"), value={"value": -1}),
        f"{LIMIT}.value",
    ),
    "half a month": (
        a_limit("frequency", *of("crown"), within(Decimal("0.5"), "mo"), value={"value": 1}),
        f"{LIMIT}.extension('{EXTENSIONS}/limit-period')",
    ),
    "no time": (
        a_limit("frequency", *of("crown"), within(0, "d"), value={"value": 1}),
        f"{LIMIT}.extension('{EXTENSIONS}/limit-period')",
    ),
    "more than a century": (
        a_limit("frequency", *of("crown"), within(36526, "mo"), value={"value": 1}),
        f"{LIMIT}.extension('{EXTENSIONS}/limit-period')",
    ),
    "hours": (
        a_limit("frequency", *of("crown"), within(8, "h"), value={"value": 1}),
        f"{LIMIT}.extension('{EXTENSIONS}/limit-period')",
    ),
    "per jaw": (
        a_limit("frequency", *of("crown"), per("jaw"), value={"value": 1}),
        f"{LIMIT}.extension('{EXTENSIONS}/limit-per')",
    ),
    "an age without years": (a_limit("minimum-age", *of("crown")), f"{LIMIT}.value"),
    "an age in months": (a_limit("maximum-age", value=years(24, code="mo")), f"{LIMIT}.value"),
    "half a year": (a_limit("maximum-age", value=years(Decimal("1.5"))), f"{LIMIT}.value"),
    "Methuselah": (a_limit("minimum-age", value=years(969)), f"{LIMIT}.value"),
    "no sex": (a_limit("sex", *of("crown")), f"{LIMIT}.extension('{EXTENSIONS}/limit-sex')"),
    "an unknown sex": (
        a_limit("sex", for_sex("unknown")),
        f"{LIMIT}.extension('{EXTENSIONS}/limit-sex')",
    ),
    "a sex with a value": (
        a_limit("sex", for_sex("male"), value={"value": 1}),
        f"{LIMIT}.value",
    ),
    "a service in words": (
        a_limit(
            "maximum-age",
            extension("limit-service", valueCodeableConcept={"text": "?"}),
            value=years(1),
        ),
        f"{LIMIT}.extension[0]",
    ),
    "a period of an age": (
        a_limit("maximum-age", within(1, "a"), value=years(1)),
        f"{LIMIT}.extension[0]",
    ),
    "services of visits": (
        a_limit("visits-per-year", *of("crown"), value={"value": 1}),
        f"{LIMIT}.extension[0]",
    ),
}


@pytest.mark.parametrize(("limit", "expression"), REFUSED.values(), ids=REFUSED)
def test_a_limit_that_nobody_could_apply_is_refused_at_its_place(limit, expression):
    with pytest.raises(Unacceptable) as refused:
        read_plan(a_plan([limit]))

    assert [issue.expression for issue in refused.value.issues] == [expression]


def test_every_limit_of_services_is_read():
    document = a_plan(
        [
            a_limit("excluded-service", *of("crown", "onlay")),
            a_limit("minimum-age", *of("crown"), value=years(16, unit="a")),
            a_limit(
                "maximum-age",
                value=years(18, unit="years", system="http://unitsofmeasure.org", code="a"),
            ),
            a_limit("sex", *of("onlay"), for_sex("female")),
            a_limit("frequency", *of("crown"), value={"value": 0}, id="crowns"),
        ]
    )

    assert findings(document) == []
    assert unknown_extensions(document) == []
    [benefit] = read_plan(document).benefits
    assert benefit.excluded == (CROWN, ONLAY)
    assert benefit.restrictions == (
        Restriction((CROWN,), minimum_age=16),
        Restriction((), maximum_age=18),
        Restriction((ONLAY,), sex=Sex.FEMALE),
    )
    assert benefit.frequencies == (Frequency("crowns", Decimal(0), (CROWN,)),)
    assert benefit.limits == ()


@pytest.mark.parametrize(
    ("value", "code", "span"),
    [
        (60, "mo", Span(months=60)),
        (5, "a", Span(months=60)),
        (2, "wk", Span(days=14)),
        (1, "d", Span(days=1)),
        (Decimal("36.0"), "mo", Span(months=36)),
    ],
)
def test_the_period_of_a_frequency_is_in_months_of_the_calendar_or_in_days(value, code, span):
    limit = a_limit("frequency", *of("crown"), within(value, code), value={"value": 1})

    [benefit] = read_plan(a_plan([limit])).benefits

    assert benefit.frequencies[0].span == span


@pytest.mark.parametrize("code", Per)
def test_a_frequency_may_be_counted_by_site(code):
    limit = a_limit("frequency", *of("crown"), per(str(code)), value={"value": 1})

    [benefit] = read_plan(a_plan([limit])).benefits

    assert benefit.frequencies[0].per is code


def test_a_frequency_without_an_id_is_counted_under_its_services_in_whatever_order():
    def name(*services):
        limit = a_limit("frequency", *of(*services), value={"value": 1})
        return read_plan(a_plan([limit])).benefits[0].frequencies[0].name

    assert name("crown", "onlay") == name("onlay", "crown")
    assert name("crown", "onlay") != name("crown")


def test_the_limits_that_are_documented_are_read():
    shown = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    [limits] = [json_text.parsed(each)["limit"] for each in shown if '"id": "crowns"' in each]
    document = a_plan(limits)

    assert findings(document) == []
    assert unknown_extensions(document) == []
    [benefit] = read_plan(document).benefits
    assert [(each.units, each.span, each.per) for each in benefit.frequencies] == [
        (Decimal(1), Span(months=60), Per.BODY_SITE),
        (Decimal(2), None, None),
    ]
    assert [each.code for each in benefit.excluded] == ["9972"]
    assert [each.maximum_age for each in benefit.restrictions] == [18]


def test_two_frequencies_of_one_id_count_the_same():
    def plan(*services):
        first = a_limit("frequency", *of("crown"), value={"value": 1}, id="crowns")
        return a_plan([first], [{**first, "extension": of(*services)}])

    assert len(read_plan(plan("crown")).benefits) == 2
    with pytest.raises(Unacceptable) as refused:
        read_plan(plan("crown", "onlay"))
    assert [issue.expression for issue in refused.value.issues] == [
        "InsurancePlan.coverage.benefit.limit.id"
    ]
