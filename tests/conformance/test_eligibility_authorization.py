"""Eligibility: what has to be authorized, and which preauthorization holds.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html
"""

from app.fhir.plans import AUTHORIZATION_REQUIRED
from tests.builders import a_claim, a_price, a_task, identifier
from tests.conformance.eligibility import GENERAL, SERVICE, a_member, a_plan, ask

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
    detailed = [{**AUTHORIZATION["item"][0], "detail": [{"display": "A plan of treatment"}]}]
    [item] = ask(wire, **AUTHORIZATION | {"item": detailed})["insurance"][0]["item"]

    assert "authorizationSupporting" not in before["insurance"][0]["item"][0]
    [supporting] = item["authorizationSupporting"]
    assert supporting["coding"][0]["code"] == "attachment-required"
    assert (item["excluded"], item["authorizationRequired"]) == (False, False)
    assert item["productOrService"] == SERVICE
    assert "benefit" not in item
