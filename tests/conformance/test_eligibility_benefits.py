"""Eligibility beyond "is it in force": what is covered, used and left, as a Claim would meet it.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html
"""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from app.domain.canonical import PLAN
from app.fhir.plans import AUTHORIZATION_REQUIRED
from tests.builders import (
    COVERAGE_SYSTEM,
    a_claim,
    a_coverage,
    a_price,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    identifier,
    money,
)
from tests.conformance.standings import related
from tests.fhir.answers import findings
from tests.wire import Wire

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


# --- whose coverage


def test_the_coverage_of_somebody_else_is_not_known(wire, core):
    named = {"beneficiary": {"identifier": identifier("http://people.test", "ANA")}}
    core.post("Coverage", a_coverage(**named))

    ana, boris = (
        ask(wire, patient={"identifier": identifier("http://people.test", name)})
        for name in ("ANA", "BORIS")
    )
    nobody = ask(wire, member="M9")

    assert ana["insurance"][0]["inforce"] is True
    assert boris["insurance"][0]["inforce"] is nobody["insurance"][0]["inforce"] is False
    assert boris["disposition"] == nobody["disposition"]
    assert "benefitPeriod" not in boris["insurance"][0]


def found(wire, patient, **elements):
    """The coverages that are discovered of a patient, by their identifiers' values."""
    elements = {"purpose": ["discovery"], "insurance": None, **elements}
    answer = ask(wire, patient=patient, **elements)
    return [each["coverage"]["identifier"]["value"] for each in answer.get("insurance", [])]


def people(name, system="http://people.test"):
    return {"identifier": identifier(system, name)}


def test_the_coverages_of_a_patient_are_discovered_by_its_identifiers(wire, core):
    patient = {"resourceType": "Patient", "id": "p7", "identifier": [people("ANA")["identifier"]]}
    core.put("Patient/p7", patient)
    core.post("Coverage", a_coverage("M1", beneficiary={"reference": "Patient/p7"}))
    core.post("Coverage", a_coverage("M2", beneficiary=people("ANA")))
    core.post("Coverage", a_coverage("M3", beneficiary=people("BORIS")))
    core.post("Coverage", a_coverage("M4", beneficiary=people("ANA"), status="cancelled"))
    own = wire.post("Patient", {name: value for name, value in patient.items() if name != "id"})

    assert found(wire, people("ANA")) == ["M1", "M2"]
    assert found(wire, {"reference": own.reference}) == ["M1", "M2"]
    assert found(wire, people("BORIS")) == ["M3"]
    # An id of the payer's own Patient could be guessed, and so could a value without a system.
    assert found(wire, {"reference": "Patient/p7"}) == []
    assert found(wire, {"identifier": {"value": "ANA"}}) == []
    assert found(wire, people("ANA", "http://elsewhere.test")) == []


def test_what_is_named_already_is_not_discovered_again(wire, core):
    core.post("Coverage", a_coverage("M1", beneficiary=people("ANA")))
    core.post("Coverage", a_coverage("M2", beneficiary=people("ANA")))
    named = an_eligibility_request("M1")["insurance"]

    assert found(wire, people("ANA"), insurance=named) == ["M1", "M2"]
    assert found(wire, people("ANA"), insurance=named, purpose=["validation"]) == ["M1"]


def test_a_patient_of_another_submitter_discovers_nothing(wire, other, core):
    core.post("Coverage", a_coverage("M1", beneficiary=people("ANA")))
    document = {"resourceType": "Patient", "identifier": [people("ANA")["identifier"]]}
    theirs = other.post("Patient", document)

    assert found(wire, {"reference": theirs.reference}) == []
    assert found(other, {"reference": theirs.reference}) == ["M1"]


def test_whom_a_submitter_enrolled_it_discovers_by_its_own_patient(http, registry, core):
    enrolling = Wire(http, registry.submitter("Enroller", may_enroll=True).token)
    stranger = Wire(http, registry.submitter("Stranger").token)
    patient = enrolling.post("Patient", {"resourceType": "Patient", "name": [{"text": "Ana"}]})
    coverage = a_coverage("M7", beneficiary={"display": "Ana"})
    request = an_enrollment_request(coverage, candidate={"reference": patient.reference})
    assert enrolling.post("EnrollmentRequest", request).status == 201

    assert found(enrolling, {"reference": patient.reference}) == ["M7"]
    assert found(stranger, {"reference": patient.reference}) == []


# --- authorization


SERVICE = {"coding": [{"system": "http://codes.test", "code": "1200"}]}
AUTHORIZATION = {"purpose": ["auth-requirements"], "item": [{"productOrService": SERVICE}]}


def authorized(answer):
    [item] = answer["insurance"][0]["item"]
    return item["authorizationRequired"], answer.get("preAuthRef")


def an_authorized_plan():
    plan = a_plan()
    required = {"url": AUTHORIZATION_REQUIRED, "valueBoolean": True}
    plan["coverage"][0]["benefit"][0]["extension"] = [required]
    return plan


def test_a_preauthorization_that_holds_is_told_with_what_it_is_for(wire, core, worker):
    core.post("InsurancePlan", an_authorized_plan())
    core.post("Coverage", a_member())
    asked = {**AUTHORIZATION, "servicedDate": "2026-03-05"}
    before = authorized(ask(wire, **asked))
    held = wire.post("Claim", a_claim("preauthorization")).reference
    worker.drain()
    number = f"PA-{held.removeprefix('Claim/')}"
    other_service = {"coding": [{"system": "http://codes.test", "code": "9999"}]}
    other_provider = {"identifier": identifier("sid", "Elsewhere")}

    assert before == (True, None)
    assert authorized(ask(wire, **asked)) == (True, number)
    for unlike in (
        {"item": [{"productOrService": other_service}]},
        {"provider": other_provider},
        {"servicedDate": "2026-12-31"},
        {"item": [{"category": GENERAL}]},
    ):
        assert authorized(ask(wire, **{**asked, **unlike})) == (True, None)
    wire.task(a_task("cancel", focus=held))
    assert authorized(ask(wire, **asked)) == (True, None)


def test_where_to_read_of_preauthorizations_is_told_with_what_needs_one(wire, core, registry):
    core.post("InsurancePlan", an_authorized_plan())
    core.post("Coverage", a_member())
    before = ask(wire, **AUTHORIZATION)
    registry.settle_rules(authorization_url="https://payer.test/preauthorizations")
    after = ask(wire, **AUTHORIZATION)

    urls = [each["insurance"][0]["item"][0].get("authorizationUrl") for each in (before, after)]
    assert urls == [None, "https://payer.test/preauthorizations"]


def test_the_preauthorization_of_another_submitter_is_not_told(wire, other, core, worker):
    core.post("InsurancePlan", an_authorized_plan())
    core.post("Coverage", a_member())
    other.post("Claim", a_claim("preauthorization"))
    worker.drain()

    assert authorized(ask(wire, **AUTHORIZATION)) == (True, None)
    assert authorized(ask(other, **AUTHORIZATION))[1].startswith("PA-")


def test_an_attachment_that_a_claim_would_need_is_told(wire, core):
    core.post("InsurancePlan", a_plan())
    core.post("Coverage", a_member())
    before = ask(wire, **AUTHORIZATION)
    core.post("ChargeItemDefinition", a_price(needs_attachment=True))
    [item] = ask(wire, **AUTHORIZATION)["insurance"][0]["item"]

    assert "authorizationSupporting" not in before["insurance"][0]["item"][0]
    [supporting] = item["authorizationSupporting"]
    assert supporting["coding"][0]["code"] == "attachment-required"
    assert (item["excluded"], item["authorizationRequired"]) == (False, False)
    assert item["productOrService"] == SERVICE
    assert "benefit" not in item


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
