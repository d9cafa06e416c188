"""Plans, prices and coverages after the plan profile: what is refused, then what is read."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Unacceptable
from app.domain.plan import Benefit, Coordination, CostKind, CostShare, Limit, LimitKind, Plan
from app.domain.references import Identifier, Reference
from app.fhir.plans import read_plan
from tests.fhir.asked import findings

CANONICAL = "https://eclaims-gateway.org/fhir"
EXTENSIONS = f"{CANONICAL}/StructureDefinition"
PLAN = f"{CANONICAL}/CodeSystem/plan"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/ex-benefitcategory"
SERVICES = "http://example.org/fhir/oralservicecodes"
DENTAL = Coding(CATEGORIES, "35")


def concept(code, system=PLAN):
    return {"coding": [{"system": system, "code": code}]}


def extension(name, **value):
    return {"url": f"{EXTENSIONS}/{name}", **value}


def duration(value, unit):
    return {"valueDuration": {"value": value, "system": "http://unitsofmeasure.org", "code": unit}}


def usd(amount):
    return {"value": Decimal(amount), "currency": "USD"}


def quantity(amount, code="USD"):
    system = "http://unitsofmeasure.org" if code == "%" else "urn:iso:std:iso:4217"
    return {"value": Decimal(amount), "system": system, "code": code}


def a_cost(kind, value, applicability=None):
    cost = {"type": concept(kind), "value": value}
    if applicability:
        system = "http://terminology.hl7.org/CodeSystem/applicability"
        cost["applicability"] = concept(applicability, system)
    return cost


def a_plan(*costs, general=(), limits=(), **changes):
    """A dental plan with these costs of its one category."""
    category = concept("35", CATEGORIES)
    benefit = {"type": category}
    if limits:
        benefit["limit"] = list(limits)
    share = {"category": concept("35", CATEGORIES), "benefit": [{"type": category}]}
    plan = {"specificCost": [share]}
    if costs:
        plan["specificCost"][0]["benefit"][0]["cost"] = list(costs)
    if general:
        plan["generalCost"] = [{"type": concept(code), "cost": cost} for code, cost in general]
    return {
        "resourceType": "InsurancePlan",
        "identifier": [{"system": "http://nationalinsurers.com/plan", "value": "B37FC"}],
        "status": "active",
        "coverage": [{"type": category, "benefit": [benefit]}],
        "plan": [plan],
        **changes,
    }


def second_specific_cost(plan):
    plan["plan"][0]["specificCost"] *= 2


def second_benefit(plan):
    plan["plan"][0]["specificCost"][0]["benefit"] *= 2


def other_type(plan):
    plan["plan"][0]["specificCost"][0]["benefit"][0]["type"] = concept("36", CATEGORIES)


def unlisted_cost(plan):
    plan["coverage"][0]["benefit"][0]["type"] = concept("36", CATEGORIES)


def category_twice(plan):
    plan["coverage"] *= 2


def two_codings(plan):
    plan["coverage"][0]["benefit"][0]["type"]["coding"].append({"code": "dental"})


def on_benefit(name, **value):
    def change(plan):
        plan["coverage"][0]["benefit"][0]["extension"] = [extension(name, **value)]

    return change


def on_plan(name, **value):
    def change(plan):
        plan["extension"] = [extension(name, **value)]

    return change


@pytest.mark.parametrize(
    ("plan", "expression"),
    [
        (a_plan(identifier=[]), "InsurancePlan.identifier"),
        (a_plan(plan=[{}, {}]), "InsurancePlan.plan[1]"),
        (a_plan(general=[("premium", usd(1))]), "InsurancePlan.plan[0].generalCost[0].type"),
        (
            a_plan(general=[("deductible-family", {"currency": "USD"})]),
            "InsurancePlan.plan[0].generalCost[0].cost",
        ),
        (
            a_plan(general=[("deductible-family", usd(1)), ("deductible-family", usd(2))]),
            "InsurancePlan.plan[0].generalCost[1].type",
        ),
        (
            a_plan(general=[("deductible-family", usd(-1))]),
            "InsurancePlan.plan[0].generalCost[0].cost",
        ),
        (
            a_plan(a_cost("copay", quantity(1, "EUR")), general=[("deductible-family", usd(1))]),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].value",
        ),
        (
            a_plan(a_cost("copay", {"value": Decimal(10)})),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].value",
        ),
        (
            a_plan(
                a_cost("copay", {"value": 1, "system": "http://unitsofmeasure.org", "code": "TAB"})
            ),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].value",
        ),
        (
            a_plan(a_cost("fullcoverage", quantity(1))),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].type",
        ),
        (
            a_plan(a_cost("copay", {"unit": "USD"})),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].value",
        ),
        (
            a_plan(a_cost("coinsurance", quantity("100.01", "%"))),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].value",
        ),
        (
            a_plan(a_cost("coinsurance", quantity(20, "USD"))),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].value",
        ),
        (
            a_plan(a_cost("deductible", quantity(5))),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].value",
        ),
        (
            a_plan(a_cost("coinsurance", quantity(20, "%"), "other")),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0].applicability",
        ),
        (
            a_plan(
                a_cost("coinsurance", quantity(20, "%"), "in-network"),
                a_cost("coinsurance", quantity(30, "%")),
            ),
            "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[1]",
        ),
        (
            a_plan(limits=[{"code": concept("visits"), "value": quantity(2)}]),
            "InsurancePlan.coverage[0].benefit[0].limit[0].code",
        ),
        (
            a_plan(limits=[{"code": concept("visits-per-year")}]),
            "InsurancePlan.coverage[0].benefit[0].limit[0].value",
        ),
        (
            a_plan(limits=[{"code": concept("amount-per-year"), "value": {"value": 2}}]),
            "InsurancePlan.coverage[0].benefit[0].limit[0].value",
        ),
    ],
)
def test_a_plan_that_cannot_be_understood_is_refused_at_its_place(plan, expression):
    with pytest.raises(Unacceptable) as refused:
        read_plan(plan)

    assert [(issue.error, issue.expression) for issue in refused.value.issues] == [
        (ErrorCode.PLAN_PROFILE, expression)
    ]
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("change", "expression"),
    [
        (second_specific_cost, "InsurancePlan.plan[0].specificCost[1].category"),
        (second_benefit, "InsurancePlan.plan[0].specificCost[0].benefit[1]"),
        (other_type, "InsurancePlan.plan[0].specificCost[0].benefit[0].type"),
        (unlisted_cost, "InsurancePlan.plan[0].specificCost"),
        (category_twice, "InsurancePlan.coverage[1].benefit[0].type"),
        (two_codings, "InsurancePlan.coverage[0].benefit[0].type"),
        (
            on_benefit("waiting-period", **duration(36, "h")),
            f"InsurancePlan.coverage[0].benefit[0].extension('{EXTENSIONS}/waiting-period')",
        ),
        (
            on_plan("timely-filing", **duration(-1, "d")),
            f"InsurancePlan.extension('{EXTENSIONS}/timely-filing')",
        ),
        (
            on_plan("coordination", valueCode="none-at-all"),
            f"InsurancePlan.extension('{EXTENSIONS}/coordination')",
        ),
    ],
)
def test_a_rule_that_would_have_no_effect_is_refused(change, expression):
    plan = a_plan()
    assert read_plan(plan).identifier == "B37FC"

    change(plan)

    with pytest.raises(Unacceptable) as refused:
        read_plan(plan)
    assert [issue.expression for issue in refused.value.issues] == [expression]


def test_everything_that_is_wrong_is_told():
    plan = a_plan(general=[("premium", usd(1)), ("fee", usd(2))], identifier=[])

    with pytest.raises(Unacceptable) as refused:
        read_plan(plan)

    assert len(refused.value.issues) == 3


def test_a_plan_is_read_whole():
    document = a_plan(
        a_cost("copay", quantity("15.50"), "in-network"),
        a_cost("copay", quantity("40.00"), "out-of-network"),
        a_cost("coinsurance", quantity("12.5", "%")),
        a_cost("deductible", quantity(0)),
        general=[
            ("deductible-individual", usd("50.00")),
            ("deductible-family", usd("150.00")),
            ("out-of-pocket-individual", usd("1000.00")),
            ("out-of-pocket-family", usd("3000.00")),
            ("amount-per-year", usd("20000.00")),
        ],
        limits=[
            {"code": concept("visits-per-year"), "value": {"value": 2}},
            {"code": concept("amount-per-year"), "value": quantity("1500.00")},
            {"code": concept("amount-per-lifetime"), "value": quantity("9000.00")},
            {"code": concept("units-per-claim"), "value": {"value": 4}},
        ],
        period={"start": "2026-01", "end": "2026-12"},
        extension=[
            extension("timely-filing", **duration(90, "d")),
            extension("coordination", valueCode="standard"),
        ],
    )
    document["coverage"][0]["benefit"][0]["extension"] = [
        extension("authorization-required", valueBoolean=True),
        extension("waiting-period", **duration(6, "mo")),
    ]

    plan = read_plan(document)

    assert findings(document) == []
    assert plan == Plan(
        identifier="B37FC",
        version=plan.version,
        currency="USD",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        deductible_individual=Decimal("50.00"),
        deductible_family=Decimal("150.00"),
        out_of_pocket_individual=Decimal("1000.00"),
        out_of_pocket_family=Decimal("3000.00"),
        amount_per_year=Decimal("20000.00"),
        timely_filing_days=90,
        benefits=(
            Benefit(
                DENTAL,
                (
                    CostShare(CostKind.COPAY, Decimal("15.50"), True),
                    CostShare(CostKind.COPAY, Decimal("40.00"), False),
                    CostShare(CostKind.COINSURANCE, Decimal("12.5")),
                    CostShare(CostKind.DEDUCTIBLE, Decimal(0)),
                ),
                (
                    Limit(LimitKind.VISITS_PER_YEAR, Decimal(2)),
                    Limit(LimitKind.AMOUNT_PER_YEAR, Decimal("1500.00")),
                    Limit(LimitKind.AMOUNT_PER_LIFETIME, Decimal("9000.00")),
                    Limit(LimitKind.UNITS_PER_CLAIM, Decimal(4)),
                ),
                waiting_months=6,
                authorization_required=True,
            ),
        ),
    )


def test_a_currency_may_be_a_unit_alone():
    assert read_plan(a_plan(a_cost("copay", {"value": 1, "unit": "EUR"}))).currency == "EUR"


@pytest.mark.parametrize(
    ("value", "unit", "read"),
    [
        (30, "d", (0, 30)),
        (2, "wk", (0, 14)),
        (Decimal("1.5"), "wk", (0, 10)),
        (1, "mo", (1, 0)),
        (1, "a", (12, 0)),
        (Decimal("1.5"), "a", (18, 0)),
        (0, "mo", (0, 0)),
    ],
)
def test_a_duration_is_days_or_months_of_the_calendar(value, unit, read):
    document = a_plan(extension=[extension("timely-filing", **duration(value, unit))])

    plan = read_plan(document)

    assert (plan.timely_filing_months, plan.timely_filing_days) == read


def test_a_part_of_a_month_is_refused():
    filing = extension("timely-filing", **duration(Decimal("1.5"), "mo"))

    with pytest.raises(Unacceptable) as refused:
        read_plan(a_plan(extension=[filing]))

    assert [issue.expression for issue in refused.value.issues] == [
        f"InsurancePlan.extension('{EXTENSIONS}/timely-filing')"
    ]


def test_the_version_changes_with_the_content_alone():
    version = read_plan(a_plan()).version

    assert read_plan(a_plan(meta={"versionId": "2"}, text={"status": "empty"})).version == version
    assert read_plan(a_plan(name="Other")).version != version


@pytest.mark.parametrize("method", Coordination)
def test_every_method_of_coordination_is_read(method):
    plan = a_plan(extension=[extension("coordination", valueCode=str(method))])

    assert read_plan(plan).coordination is method


def test_networks_are_read_by_reference_and_by_identifier():
    networks = [
        {"reference": "http://gateway.test/fhir/r4/Organization/gold"},
        {"identifier": {"system": "http://registry.test", "value": "gold"}},
    ]

    assert read_plan(a_plan(network=networks), "http://gateway.test/fhir/r4").networks == (
        Reference("Organization", "gold"),
        Reference(identifier=Identifier("http://registry.test", "gold")),
    )


def test_a_network_that_names_nobody_is_refused():
    with pytest.raises(Unacceptable) as refused:
        read_plan(a_plan(network=[{"display": "Gold"}]))

    assert [issue.expression for issue in refused.value.issues] == ["InsurancePlan.network[0]"]
