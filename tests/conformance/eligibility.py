"""Members of a plan who ask what it covers, and how a test reads the answer."""

from contextlib import contextmanager

from sqlalchemy import event

from app.domain.canonical import PLAN
from tests.builders import a_coverage, an_eligibility_request, identifier, money
from tests.conformance.standings import related
from tests.fhir.asked import findings

APPLICABILITY = "http://terminology.hl7.org/CodeSystem/applicability"
COVERAGE_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"
GENERAL = {"coding": [{"system": PLAN, "code": "general"}]}
SERVICE = {"coding": [{"system": "http://codes.test", "code": "1200"}]}
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
    of_the_plan = [
        {"type": {"coding": [{"system": COVERAGE_CLASS, "code": "plan"}]}, "value": "gold"}
    ]
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


@contextmanager
def counted(engine, statements):
    """Note every statement that is sent meanwhile."""

    def note(*arguments):
        statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    yield
    event.remove(engine, "before_cursor_execute", note)


def ask(wire, **elements):
    taken = wire.post("CoverageEligibilityRequest", an_eligibility_request(**elements))
    assert taken.status == 201
    answer = wire.get(related(taken)).document
    assert findings(answer) == []
    return answer
