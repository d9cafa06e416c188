"""The question: what an adjudicator is told of a Claim."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.domain.adjudication import Awaiting
from app.domain.codes import ClaimUse, Coding
from app.domain.money import Money
from app.gateway.jobs.adjudicate import facts_for
from app.gateway.jobs.worker import Worker
from tests.builders import NOW, a_claim, a_coverage, a_task, identifier, money
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide, deferred

MINUTE = timedelta(minutes=1)
SERVICE = {"system": "http://codes.test", "code": "1200"}


@pytest.fixture
def facts(desk):
    """Leases the one job there is and gathers its facts."""

    def gathered():
        (job,) = desk.do(lambda work: work.jobs.lease("test", 10, MINUTE))
        payer = desk.client.payer
        return desk.see(lambda work: facts_for(job, payer, desk.installation.base_url, work))

    return gathered


def a_plan(value, **elements):
    return {
        "resourceType": "InsurancePlan",
        "identifier": [identifier("http://payer.test/plan", value)],
        "status": "active",
        "name": value,
        **elements,
    }


def a_price(amount, **elements):
    return {
        "resourceType": "ChargeItemDefinition",
        "url": f"http://payer.test/price/{amount}",
        "status": "active",
        "code": {"coding": [SERVICE]},
        "propertyGroup": [{"priceComponent": [{"type": "base", "amount": money(amount)}]}],
        **elements,
    }


def of_plan(value):
    system = "http://terminology.hl7.org/CodeSystem/coverage-class"
    return [{"type": {"coding": [{"system": system, "code": "plan"}]}, "value": value}]


def test_what_was_cancelled_is_not_asked_about(desk, insured):
    taken = desk.create(a_claim())
    (job,) = desk.do(lambda work: work.jobs.lease("test", 10, MINUTE))
    desk.task(a_task("cancel", focus=taken.stored.reference))

    base, payer = desk.installation.base_url, desk.client.payer
    assert desk.see(lambda work: facts_for(job, payer, base, work)) is None


def test_what_stands_is_asked_about_with_everything_known(desk, insured, facts):
    taken = desk.create(a_claim(prices=["100.00", "35.50"]))

    found = facts()

    request = found.request
    assert found.submission == desk.submission(taken)
    assert [line.net for line in request.claim.lines] == [
        Money(Decimal("100.00"), "EUR"),
        Money(Decimal("35.50"), "EUR"),
    ]
    assert (request.claim.use, request.received_on) == (ClaimUse.CLAIM, NOW.date())
    assert (request.plan.identifier, request.is_last_call) == ("default", False)
    assert (request.counters, request.prices) == ({}, ())
    assert found.counter_versions == {request.coverage.member: 0, request.coverage.family: 0}


def test_a_claim_is_received_on_the_payers_day(desk, insured, registry, clock, installation):
    registry.settle_rules(zone=ZoneInfo("Asia/Riyadh"))
    clock.now = NOW.replace(hour=22)
    desk.create(a_claim())
    adjudicator = ScriptedAdjudicator(decide)

    Worker(installation, {"standard": adjudicator}).drain()

    assert adjudicator.asked[0].received_on == NOW.date() + timedelta(days=1)


def test_a_member_that_the_payer_does_not_know_has_no_coverage_and_no_plan(desk, insured, facts):
    desk.create(a_claim(coverage={"identifier": identifier("http://payer.test/member", "M9")}))

    request = facts().request

    assert (request.coverage, request.plan, request.is_last_call) == (None, None, False)


def test_a_payer_that_keeps_no_coverage_is_not_waited_for(desk, facts):
    desk.create(a_claim())

    request = facts().request

    assert (request.coverage, request.is_last_call) == (None, True)


@pytest.mark.parametrize(
    ("named", "loaded", "expected"),
    [(None, [], "default"), ("gold", ["gold"], "gold"), ("gold", [], None)],
    ids=["default", "named", "named-and-missing"],
)
def test_the_plan_is_the_one_that_the_coverage_names(desk, core, facts, named, loaded, expected):
    for value in loaded:
        core.create(a_plan(value))
    core.create(a_coverage(**({"class": of_plan(named)} if named else {})))
    desk.create(a_claim())

    plan = facts().request.plan

    assert (plan and plan.identifier) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [("draft", None), ("retired", None), ("unknown", None), ("active", "gold")],
)
def test_a_plan_is_in_force_while_it_is_active(desk, core, facts, status, expected):
    core.create(a_plan("gold", status=status))
    core.create(a_coverage(**{"class": of_plan("gold")}))
    desk.create(a_claim())

    plan = facts().request.plan

    assert (plan and plan.identifier) == expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [("gold", "gold|S-M1"), ("alias", "gold|S-M1"), (None, "default|S-M1"), ("lead", "lead|S-M1")],
    ids=["by its first identifier", "by another", "the default plan", "one that is not there"],
)
def test_a_family_is_of_one_plan_whatever_it_is_named_by(desk, core, facts, named, expected):
    names = [identifier("http://payer.test/plan", value) for value in ("gold", "alias")]
    core.create(a_plan("gold", identifier=names))
    core.create(a_coverage(**({"class": of_plan(named)} if named else {})))
    desk.create(a_claim())

    found = facts()

    assert found.request.coverage.family == expected
    assert expected in found.counter_versions


def test_prices_of_the_claims_services_and_of_nothing_else_are_told(desk, insured, facts):
    other = {"coding": [{**SERVICE, "code": "1300"}]}
    insured.create(a_price("80.00"))
    insured.create(a_price("70.00", code=other))
    desk.create(a_claim())

    (price,) = facts().request.prices

    assert (price.service, price.amount) == (
        Coding("http://codes.test", "1200"),
        Money(Decimal("80.00"), "EUR"),
    )


def test_what_earlier_claims_counted_is_told(desk, insured, installation):
    adjudicator = ScriptedAdjudicator(decide)
    worker = Worker(installation, {"standard": adjudicator})
    for _ in range(2):
        desk.create(a_claim())
        worker.drain()

    before, after = (request.counters for request in adjudicator.asked)
    benefit = {counter.kind: amount for counter, amount in after.items() if not counter.category}
    assert before == {}
    assert benefit["benefit"] == Decimal("80.00")


def test_a_coverage_that_comes_ends_the_wait(desk, core, installation):
    core.create(a_coverage("M2"))
    taken = desk.create(a_claim())
    adjudicator = ScriptedAdjudicator(deferred(Awaiting.COVERAGE), decide)
    worker = Worker(installation, {"standard": adjudicator})
    worker.drain()
    assert desk.submission(taken).awaiting is Awaiting.COVERAGE

    core.create(a_coverage("M1"))

    assert worker.drain() == 1
    assert desk.submission(taken).awaiting is None
    assert [request.is_last_call for request in adjudicator.asked] == [False, False]
