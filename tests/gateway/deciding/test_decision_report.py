"""What a payer publishes of its decisions: which days, and what wants a preauthorization."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from app.domain.codes import Coding
from app.fhir.plans import AUTHORIZATION_REQUIRED
from app.gateway.deciding.decision_report import Item, decisions
from tests.builders import NOW, a_claim, a_coverage, a_task
from tests.gateway.desk import under_rules_of_now

TODAY = NOW.date()
DAY = timedelta(days=1)


def a_plan(number, *categories, **elements):
    """A plan of which these categories want a preauthorization, and one does not."""
    wanted = [{"url": AUTHORIZATION_REQUIRED, "valueBoolean": True}]
    benefits = [
        {"type": {"coding": [{"system": "urn:c", "code": code}]}, "extension": wanted}
        for code in categories
    ]
    free = {"type": {"coding": [{"system": "urn:c", "code": "free"}]}}
    return {
        "resourceType": "InsurancePlan",
        "identifier": [{"value": number}],
        "status": "active",
        "name": "A plan",
        "coverage": [{"type": {"text": "All"}, "benefit": [*benefits, free]}],
        **elements,
    }


def shares(desk, payer, first, last):
    """What was decided of prior authorization: name and counts, but for those of nothing."""
    found = decisions(desk.installation, payer, first, last).metrics
    return {
        one.name: (one.numerator, one.denominator)
        for one in found
        if one.population == "prior-authorization" and one.numerator
    }


def test_a_decision_is_of_the_payers_day(desk, insured, worker, registry, clock):
    # 23:30 in UTC is the next day in Riyadh.
    under_rules_of_now(desk, registry, zone=ZoneInfo("Asia/Riyadh"))
    payer = registry.administered()
    clock.forward(hours=14)
    desk.create(a_claim("preauthorization"))
    worker.drain()

    for first, last in [
        (TODAY + DAY, TODAY + DAY),
        (TODAY, TODAY + 40 * DAY),
        (date.min, date(9998, 12, 31)),
    ]:
        assert shares(desk, payer, first, last) == {"standard-approved": (1, 1)}
    for first, last in [(TODAY, TODAY), (TODAY + 2 * DAY, TODAY + 40 * DAY)]:
        assert shares(desk, payer, first, last) == {}


def test_a_denial_that_is_overturned_is_told_as_both(desk, core, worker, payer, clock):
    core.create(a_coverage("M2"))
    taken = desk.create(a_claim("preauthorization"))
    worker.drain()
    clock.forward(days=30)
    worker.drain()
    core.create(a_coverage())
    asked_on = clock.now.date()
    desk.task(a_task("reprocess", focus=taken.stored.reference))
    worker.drain()

    assert shares(desk, payer, TODAY, asked_on) == {
        "standard-denied": (1, 1),
        "standard-late": (1, 1),
        "standard-approved-after-appeal": (1, 1),
    }


def test_what_wants_a_preauthorization_is_told_of_plans_that_are_in_force(desk, core, payer):
    core.create(a_plan("gold", "surgery", "imaging"))
    core.create(a_plan("silver"))
    core.create(a_plan("old", "surgery", period={"end": "2025-12-31"}))
    core.create(a_plan("new", "surgery", period={"start": "2026-03-03"}))

    def items(first, last):
        return decisions(desk.installation, payer, first, last).items

    gold = [Item("gold", Coding("urn:c", code)) for code in ("surgery", "imaging")]
    surgery = Coding("urn:c", "surgery")
    assert items(TODAY, TODAY) == gold
    assert items(TODAY, TODAY + DAY) == [*gold, Item("new", surgery)]
    assert items(date(2025, 12, 31), TODAY) == [*gold, Item("old", surgery)]
