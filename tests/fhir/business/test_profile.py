"""What nobody would apply in a plan or a price is refused, and put where it counts is taken."""

from copy import deepcopy
from decimal import Decimal

import pytest

from app.fhir.business.prices import read_prices
from app.fhir.business.profile import unapplied, unknown_extensions
from app.fhir.plans import read_plan
from tests.fhir.asked import example, findings

CANONICAL = "https://eclaims-gateway.org/fhir"
PLAN = f"{CANONICAL}/CodeSystem/plan"
UCUM = "http://unitsofmeasure.org"
GENERAL = {"coding": [{"system": PLAN, "code": "general"}]}
DAYS = {"value": 90, "system": UCUM, "code": "d"}
BENEFIT = "InsurancePlan.coverage[0].benefit[0]"
LIMIT = f"{BENEFIT}.limit[0]"
COST = "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0]"
GROUP = "ChargeItemDefinition.propertyGroup[0]"


def code(value):
    return {"coding": [{"system": PLAN, "code": value}]}


def usd(amount):
    return {"value": Decimal(amount), "currency": "USD"}


def a_plan():
    """A plan with one of each element that has room for an extension."""
    share = {"type": GENERAL, "cost": [{"type": code("coinsurance"), "value": {"value": 20}}]}
    limit = {"code": code("visits-per-year"), "value": {"value": 2}}
    return {
        "resourceType": "InsurancePlan",
        "identifier": [{"value": "gold"}],
        "status": "active",
        "coverage": [{"type": GENERAL, "benefit": [{"type": GENERAL, "limit": [limit]}]}],
        "plan": [
            {
                "generalCost": [{"type": code("deductible-individual"), "cost": usd("50.00")}],
                "specificCost": [{"category": GENERAL, "benefit": [share]}],
            }
        ],
    }


def a_price():
    return {
        "resourceType": "ChargeItemDefinition",
        "url": "http://payer.test/price/1",
        "status": "active",
        "code": {"coding": [{"system": "http://codes.test", "code": "1"}]},
        "propertyGroup": [{"priceComponent": [{"type": "base", "amount": usd("80.00")}]}],
    }


def at(document, *path):
    for each in path:
        document = document[each]
    return document


def extended(document, path, *extensions):
    """The document with our extensions, (name, value), on the element at this path."""
    changed = deepcopy(document)
    at(changed, *path)["extension"] = [
        {"url": f"{CANONICAL}/StructureDefinition/{name}", **value} for name, value in extensions
    ]
    return changed


def changed(document, path, **elements):
    copy = deepcopy(document)
    at(copy, *path).update(elements)
    return copy


def idle(document):
    """Where something is refused; what is refused is lawful R4."""
    assert findings(document) == []
    return [each.expression for each in (*unknown_extensions(document), *unapplied(document))]


A_BENEFIT = ("coverage", 0, "benefit", 0)
A_LIMIT = (*A_BENEFIT, "limit", 0)
REQUIRED = ("authorization-required", {"valueBoolean": True})
WAITING = ("waiting-period", {"valueDuration": DAYS})
FILING = ("timely-filing", {"valueDuration": DAYS})
CARVE_OUT = ("coordination", {"valueCode": "carve-out"})
SERVICE = ("limit-service", {"valueCodeableConcept": code("crown")})
ATTACHED = ("attachment-required", {"valueBoolean": True})
CATEGORY = ("benefit-category", {"valueCodeableConcept": GENERAL})
# The document, where the extension has no effect, and where it has.
PLACES = {
    "coordination on the plan entry": (a_plan, ("plan", 0), (), CARVE_OUT),
    "timely filing on the plan entry": (a_plan, ("plan", 0), (), FILING),
    "waiting on a coverage": (a_plan, ("coverage", 0), A_BENEFIT, WAITING),
    "waiting on the plan": (a_plan, (), A_BENEFIT, WAITING),
    "authorization on a coverage": (a_plan, ("coverage", 0), A_BENEFIT, REQUIRED),
    "authorization on a limit": (a_plan, A_LIMIT, A_BENEFIT, REQUIRED),
    "a service on a benefit": (a_plan, A_BENEFIT, A_LIMIT, SERVICE),
    "a category on a group": (a_price, ("propertyGroup", 0), (), CATEGORY),
    "an attachment on a group": (a_price, ("propertyGroup", 0), (), ATTACHED),
}


@pytest.mark.parametrize(("make", "wrong", "right", "said"), PLACES.values(), ids=PLACES)
def test_an_extension_of_ours_is_refused_where_it_has_no_effect(make, wrong, right, said):
    [where] = idle(extended(make(), wrong, said))

    assert where.endswith(".extension[0]")
    assert unknown_extensions(extended(make(), right, said)) == []


def test_an_attachment_is_asked_of_a_price_and_not_of_a_benefit():
    assert idle(extended(a_plan(), A_BENEFIT, ATTACHED)) == [f"{BENEFIT}.extension[0]"]


@pytest.mark.parametrize(
    ("path", "wrong", "right"),
    [
        (A_BENEFIT, ("authorization-required", {"valueString": "true"}), REQUIRED),
        (A_BENEFIT, ("authorization-required", {"valueCode": "true"}), REQUIRED),
        ((), ("coordination", {"valueString": "carve-out"}), CARVE_OUT),
        ((), ("timely-filing", {"valueQuantity": DAYS}), FILING),
        (
            A_BENEFIT,
            ("waiting-period", {"valueDuration": {**DAYS, "system": "http://units.test"}}),
            WAITING,
        ),
        ((), ("timely-fliing", {"valueDuration": DAYS}), FILING),
    ],
)
def test_an_extension_of_ours_is_refused_with_another_value_than_its_own(path, wrong, right):
    [where] = idle(extended(a_plan(), path, wrong))

    assert where.endswith(".extension[0]")
    assert idle(extended(a_plan(), path, right)) == []


def test_what_is_said_once_is_refused_twice_and_services_may_be_several():
    shorter = ("timely-filing", {"valueDuration": {**DAYS, "value": 30}})

    assert idle(extended(a_plan(), (), FILING, shorter)) == ["InsurancePlan.extension[1]"]
    assert unknown_extensions(extended(a_plan(), A_LIMIT, SERVICE, SERVICE)) == []


def test_extensions_of_others_are_nobodys_business_but_those_that_modify():
    theirs = {"url": "http://other.test/mark", "valueString": "x"}

    assert idle({**a_plan(), "extension": [theirs, theirs]}) == []
    assert idle(changed(a_plan(), A_BENEFIT, modifierExtension=[theirs])) == [
        f"{BENEFIT}.modifierExtension[0]"
    ]


A_COST = ("plan", 0, "specificCost", 0, "benefit", 0, "cost", 0)
NETWORK = [{"reference": "Organization/gold"}]
VALUES = {
    "network of a coverage": (("coverage", 0), {"network": NETWORK}, "coverage[0].network"),
    "network of the plan entry": (("plan", 0), {"network": NETWORK}, "plan[0].network"),
    "size of a group": (
        ("plan", 0, "generalCost", 0),
        {"groupSize": 3},
        "plan[0].generalCost[0].groupSize",
    ),
}


@pytest.mark.parametrize(("path", "elements", "where"), VALUES.values(), ids=VALUES)
def test_what_no_rule_looks_at_is_refused_in_a_plan(path, elements, where):
    assert idle(changed(a_plan(), path, **elements)) == [f"InsurancePlan.{where}"]
    assert idle(changed(a_plan(), (), network=NETWORK)) == []


def test_a_cost_under_qualifiers_is_refused():
    qualified = changed(a_plan(), A_COST, qualifiers=[{"text": "per admission"}])

    assert idle(qualified) == [f"{COST}.qualifiers"]


@pytest.mark.parametrize("path", [A_LIMIT, A_COST])
def test_a_figure_with_a_comparator_is_refused(path):
    document = changed(a_plan(), path, value={"value": 3, "comparator": "<"})

    assert [each.rpartition(".")[2] for each in idle(document)] == ["comparator"]


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        ({"value": 3, "unit": "per month"}, [f"{LIMIT}.value"]),
        ({"value": 3, "system": "urn:iso:std:iso:4217", "code": "EUR"}, [f"{LIMIT}.value"]),
        ({"value": 3, "unit": "visits", "system": UCUM, "code": "1"}, []),
        ({"value": 3}, []),
    ],
)
@pytest.mark.parametrize("kind", ["units-per-claim", "visits-per-year"])
def test_what_is_counted_has_no_unit(kind, value, refused):
    document = changed(a_plan(), A_LIMIT, code=code(kind), value=value)

    assert idle(document) == refused


def components(*parts, **group):
    return changed(a_price(), (), propertyGroup=[{"priceComponent": list(parts), **group}])


BASE = {"type": "base", "amount": usd("100.00")}
TENTH = {"factor": Decimal("0.1")}
FOR_INVOICES = [{"language": "text/fhirpath", "expression": "%context.quantity.value > 1"}]


@pytest.mark.parametrize("kind", ["surcharge", "deduction", "discount"])
def test_what_changes_a_base_price_is_for_invoices_alone(kind):
    parts = BASE, {"type": kind, **TENTH}

    assert idle(components(*parts)) == [f"{GROUP}.priceComponent[1]"]
    assert idle(components(*parts, applicability=FOR_INVOICES)) == []
    assert idle(components(BASE, {"type": "tax", **TENTH})) == []


def test_a_base_price_of_claims_is_an_amount_with_its_currency():
    half = {**BASE, "factor": Decimal("0.5")}

    assert idle(components(half)) == [f"{GROUP}.priceComponent[0].factor"]
    assert idle(components({**BASE, "factor": Decimal("1.0")})) == []
    bare = {"type": "base", "amount": {"value": Decimal(80)}}
    assert idle(components(bare)) == [f"{GROUP}.priceComponent[0].amount"]


def test_a_price_of_single_products_is_none_for_claims():
    of_one = changed(a_price(), (), instance=[{"reference": "Device/1"}])

    assert (len(read_prices(of_one)), len(read_prices(a_price()))) == (0, 1)
    assert idle(of_one) == idle(example("ChargeItemDefinition-device")) == []


def test_a_plan_says_its_status_whatever_it_is():
    unsaid = a_plan()
    del unsaid["status"]

    assert idle(unsaid) == ["InsurancePlan.status"]
    assert idle(a_plan() | {"status": "draft"}) == []


def test_the_plan_and_the_price_without_any_of_it_are_taken():
    assert idle(a_plan()) == idle(a_price()) == []
    assert read_plan(a_plan()).identifier == "gold"
