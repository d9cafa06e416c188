"""Eligibility beyond "is it in force": what is covered, used and left, as a Claim would meet it.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html
"""

import pytest

from tests.builders import COVERAGE_SYSTEM, a_claim, an_eligibility_request, identifier
from tests.conformance.eligibility import (
    APPLICABILITY,
    BENEFITS,
    GENERAL,
    SERVICE,
    a_member,
    a_plan,
    ask,
    counted,
    told,
)


def test_benefits_are_told_with_what_claims_have_used(wire, core, worker):
    # 30.00 on one day: all deductible. 120.00 on the next: 20 deductible, 20 % of 100 = 20.
    core.post("InsurancePlan", a_plan())
    core.post("Coverage", a_member())
    for number, (day, price) in enumerate((("2026-01-10", "30.00"), ("2026-02-10", "120.00"))):
        before = ask(wire, purpose=BENEFITS)
        claim = wire.post("Claim", a_claim(number=f"E{number}", prices=[price], serviced=day))
        worker.drain()

    after = ask(wire, purpose=BENEFITS)

    assert told(before) == [
        "30|individual|annual deductible-individual 50.00 30.00",
        "general|individual coinsurance 20",
        "general|individual|annual visits-per-year 3 1",
    ]
    assert told(after) == [
        "30|individual|annual deductible-individual 50.00 50.00",
        "general|individual coinsurance 20",
        "general|individual|annual visits-per-year 3 2",
    ]
    assert (after["outcome"], after["disposition"]) == ("complete", "The coverage is in force.")
    [explained] = wire.get(f"ExplanationOfBenefit?claim={claim.reference}").document["entry"]
    plan, general = explained["resource"]["benefitBalance"]
    assert plan["financial"] == after["insurance"][0]["item"][0]["benefit"]
    assert general["financial"] == after["insurance"][0]["item"][2]["benefit"]
    assert explained["resource"]["benefitPeriod"] == {"start": "2020-01-01"}
    assert "left 0.00 EUR" in after["insurance"][0]["item"][0]["description"]


@pytest.mark.parametrize(("starts", "in_force"), [("2026-03-01", True), ("2026-03-02", False)])
def test_a_plan_that_is_not_in_force_insures_nobody(wire, core, starts, in_force):
    core.post("InsurancePlan", a_plan(period={"start": starts}))
    core.post("Coverage", a_member())

    answer = ask(wire, purpose=BENEFITS, servicedDate="2026-03-01")

    [insurance] = answer["insurance"]
    assert (insurance["inforce"], insurance["benefitPeriod"]) == (in_force, {"start": starts})
    assert bool(told(answer)) is in_force


def sides(answer):
    """Of each item about a category, on which side of the network it is told."""
    items = [each for each in answer["insurance"][0]["item"] if "excluded" in each]
    shares = [each for each in items if "term" not in each]
    return [each["network"]["coding"][0]["code"] if "network" in each else None for each in shares]


def test_who_provides_it_decides_on_the_side_of_the_network(wire, core):
    inside, outside = ({"identifier": identifier("sid", name)} for name in ("In", "Out"))
    network = {"identifier": identifier("http://payer.test/network", "N1")}
    affiliation = {"resourceType": "OrganizationAffiliation", "active": True}
    core.post(
        "OrganizationAffiliation",
        affiliation | {"organization": network, "participatingOrganization": inside},
    )
    plan = a_plan(network=[network])
    [share] = plan["plan"][0]["specificCost"][0]["benefit"][0]["cost"]
    applies = {"coding": [{"system": APPLICABILITY, "code": "in-network"}]}
    share["applicability"] = applies
    core.post("InsurancePlan", plan)
    core.post("Coverage", a_member())

    assert sides(ask(wire, purpose=BENEFITS, provider=inside)) == ["in"]
    assert sides(ask(wire, purpose=BENEFITS, provider=outside)) == ["out"]
    assert sides(ask(wire, purpose=BENEFITS, provider=None)) == ["in", "out"]
    items = provided(provider=outside) + provided()
    assert sides(ask(wire, purpose=BENEFITS, provider=inside, item=items)) == ["out", "in"]


# --- what cannot be answered


def provided(**element):
    return [{"category": GENERAL, **element}]


UNKNOWN = {
    "nothing coded": (
        [{"category": {"text": "Teeth"}}],
        "ECG-ELIGIBILITY-ITEM",
        "CoverageEligibilityRequest.item[0]",
    ),
    "supporting information": (
        provided(supportingInfoSequence=[2]),
        "ECG-ELIGIBILITY-REFERENCE",
        "CoverageEligibilityRequest.item[0].supportingInfoSequence[0]",
    ),
    "provider": (
        provided(provider={"reference": "Practitioner/nobody"}),
        "ECG-ELIGIBILITY-REFERENCE",
        "CoverageEligibilityRequest.item[0].provider",
    ),
}


@pytest.mark.parametrize(("items", "error", "place"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_an_item_names_and_nobody_knows_is_an_error(wire, core, items, error, place):
    core.post("InsurancePlan", a_plan())
    core.post("Coverage", a_member())

    answer = ask(wire, purpose=BENEFITS, item=items)

    [told_error] = answer["error"]
    assert answer["outcome"] == "error"
    assert told_error["code"]["coding"][0]["code"] == error
    assert told_error["extension"][0]["valueString"] == place
    assert answer["insurance"][0]["inforce"] is True
    assert told(answer) == []


def test_what_an_item_names_and_is_known_is_answered(wire, core):
    core.post("InsurancePlan", a_plan())
    core.post("Coverage", a_member())
    doctor = wire.post("Practitioner", {"resourceType": "Practitioner", "name": [{"text": "A"}]})
    information = {"sequence": 2, "information": {"display": "An x-ray"}}
    items = provided(supportingInfoSequence=[2], provider={"reference": doctor.reference})

    answer = ask(wire, purpose=BENEFITS, item=items, supportingInfo=[information])

    [first, *_] = [each for each in answer["insurance"][0]["item"] if "provider" in each]
    assert (answer["outcome"], "error" in answer) == ("complete", False)
    assert first["provider"] == {"reference": doctor.reference}


@pytest.mark.parametrize(
    ("element", "most", "one"),
    [
        ("insurance", 10, {"coverage": {"identifier": identifier(COVERAGE_SYSTEM, "M1")}}),
        ("item", 50, {"category": GENERAL}),
    ],
)
def test_more_than_is_answered_at_once_is_refused(wire, core, element, most, one):
    request = an_eligibility_request(**{element: [one] * most})
    enough = wire.post("CoverageEligibilityRequest", request)
    request = an_eligibility_request(**{element: [one] * (most + 1)})
    too_many = wire.post("CoverageEligibilityRequest", request)

    assert (enough.status, too_many.status) == (201, 400)
    assert too_many.errors == ["ECG-TOO-COMPLEX"]


def test_a_plan_that_is_not_there_is_answered_in_part(wire, core):
    core.post("Coverage", a_member())
    before = ask(wire, purpose=BENEFITS)
    core.post("InsurancePlan", a_plan())
    after = ask(wire, purpose=BENEFITS)

    assert [each["outcome"] for each in (before, after)] == ["partial", "complete"]
    assert before["disposition"] == (
        "The coverage is in force. What its plan covers cannot be told."
    )
    assert before["insurance"][0]["inforce"] is True


def test_a_payer_that_decides_by_rules_of_its_own_tells_no_benefits(wire, core, registry):
    core.post("InsurancePlan", a_plan())
    core.post("Coverage", a_member())
    registry.settle_rules(adjudicator="manual")

    answer = ask(wire, purpose=BENEFITS)

    assert (answer["outcome"], told(answer)) == ("partial", [])


# --- what it costs


def test_an_answer_asks_as_much_of_the_store_for_one_item_as_for_many(wire, core, installation):
    core.post("InsurancePlan", a_plan())
    core.post("Coverage", a_member())
    statements = []

    def cost(number):
        items = [{"productOrService": SERVICE}] * number
        request = an_eligibility_request(purpose=[*BENEFITS, "auth-requirements"], item=items)
        statements.clear()
        assert wire.post("CoverageEligibilityRequest", request).status == 201
        return len(statements)

    cost(1)
    with counted(installation.store.engine, statements):
        few, many = cost(1), cost(50)

    assert many == few
    assert few < 60
