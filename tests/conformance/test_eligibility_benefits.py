"""Eligibility beyond "is it in force": what is covered, used and left, as a Claim would meet it.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html
"""

from decimal import Decimal

from app.domain.canonical import PLAN
from tests.builders import a_claim, a_coverage, an_eligibility_request, identifier, money
from tests.conformance.standings import related
from tests.fhir.answers import findings

_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"
GENERAL = {"coding": [{"system": PLAN, "code": "general"}]}
VISION = {"coding": [{"system": "http://payer.test/category", "code": "vision"}]}
BENEFITS = ["validation", "benefits"]


def coded(code):
    return {"coding": [{"system": PLAN, "code": code}]}


def a_plan(**elements):
    """50 deductible, then 20 %; three visits a year."""
    limit = {"code": coded("visits-per-year"), "value": {"value": 3}}
    share = {"type": coded("coinsurance"), "value": {"value": 20, "unit": "%"}}
    plan = {
        "resourceType": "InsurancePlan",
        "id": "plan",
        "identifier": [identifier("http://payer.test/plan", "gold")],
        "status": "active",
        "coverage": [
            {"type": {"text": "All"}, "benefit": [{"type": GENERAL, "limit": [limit]}]},
        ],
        "plan": [
            {
                "generalCost": [{"type": coded("deductible-individual"), "cost": money("50.00")}],
                "specificCost": [
                    {"category": GENERAL, "benefit": [{"type": GENERAL, "cost": [share]}]}
                ],
            }
        ],
    }
    return {**plan, **elements}


def a_member(**elements):
    """A Coverage of that plan."""
    of_the_plan = [{"type": {"coding": [{"system": _CLASS, "code": "plan"}]}, "value": "gold"}]
    return a_coverage(**{"class": of_the_plan, **elements})


def told(answer):
    """What the first insurance is told, as 'subject|unit|term kind allowed used'."""
    lines = []
    for item in answer["insurance"][0].get("item", []):
        subject = item.get("productOrService") or item["category"]
        words = [each["coding"][0]["code"] for name in ("unit", "term") if (each := item.get(name))]
        for benefit in item.get("benefit", []):
            kind = benefit["type"]["coding"][-1]["code"]
            values = [
                str(benefit[name]["value"] if name.endswith("Money") else benefit[name])
                for side in ("allowed", "used")
                for name in benefit
                if name.startswith(side)
            ]
            lines.append(
                " ".join(["|".join([subject["coding"][0]["code"], *words]), kind, *values])
            )
    return lines


def ask(wire, **elements):
    taken = wire.post("CoverageEligibilityRequest", an_eligibility_request(**elements))
    assert taken.status == 201
    answer = wire.get(related(taken)).document
    assert findings(answer) == []
    return answer


def test_benefits_are_told_with_what_claims_have_used(wire, core, worker):
    # 30.00 on one day: all deductible. 120.00 on the next: 20 deductible, 20 % of 100 = 20.
    core.post("InsurancePlan", a_plan())
    core.post("Coverage", a_member())
    for number, (day, price) in enumerate((("2026-01-10", "30.00"), ("2026-02-10", "120.00"))):
        before = ask(wire, purpose=BENEFITS)
        wire.post("Claim", a_claim(number=f"E{number}", prices=[price], serviced=day))
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
    assert "left 0.00 EUR" in after["insurance"][0]["item"][0]["description"]
    assert (
        Decimal("0.00")
        == after["insurance"][0]["item"][0]["benefit"][0]["allowedMoney"]["value"]
        - after["insurance"][0]["item"][0]["benefit"][0]["usedMoney"]["value"]
    )
