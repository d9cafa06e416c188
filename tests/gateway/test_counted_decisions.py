"""What a question holds of other Claims, of their counters and answers; what is told and kept."""

from decimal import Decimal

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.decision_inputs import request_of
from app.domain.references import Identifier
from app.gateway.administering.new_payer import new_payer
from app.gateway.deciding.replay import Replays, Verdict
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, a_task, identifier
from tests.gateway.deciding.test_earlier_payers import a_response, two_payers
from tests.gateway.desk import on
from tests.gateway.nullifications import nullifies

PLAN = "https://eclaims-gateway.org/fhir/CodeSystem/plan"
GENERAL = {"coding": [{"system": PLAN, "code": "general"}]}
THERAPY = {"coding": [{"system": "http://categories.test", "code": "psychotherapy"}]}
FIRST, LATER = "2026-01-17", "2026-02-01"


def a_copay(category):
    value = {"value": Decimal("20.00"), "code": "EUR", "unit": "EUR"}
    cost = {"type": {"coding": [{"system": PLAN, "code": "copay"}]}, "value": value}
    return {"category": category, "benefit": [{"type": category, "cost": [cost]}]}


@pytest.fixture
def payer(installation):
    """A payer that tells itself from others, so that a submitter may send another one's answer."""
    named = (Identifier("http://payer.test", "payer"),)
    return new_payer(installation, "Payer", named, is_default=True)


@pytest.fixture
def insured(core):
    """A plan with a copay of 20.00 in each of two categories, and its one member."""
    core.create(
        {
            "resourceType": "InsurancePlan",
            "id": "gold",
            "status": "active",
            "identifier": [{"system": "http://payer.test/plan", "value": "gold"}],
            "coverage": [
                {"type": {"text": "all"}, "benefit": [{"type": GENERAL}, {"type": THERAPY}]}
            ],
            "plan": [{"specificCost": [a_copay(GENERAL), a_copay(THERAPY)]}],
        }
    )
    of_class = {"coding": [{"code": "plan"}]}
    of_class["coding"][0]["system"] = "http://terminology.hl7.org/CodeSystem/coverage-class"
    core.create(a_coverage(**{"class": [{"type": of_class, "value": "gold"}]}))
    return core


def of_another(day, category=GENERAL):
    """A Claim of the same member's by another submitter and for another service."""
    claim = a_claim(serviced=day, provider={"identifier": identifier("sid", "Stranger")})
    claim["item"][0]["category"] = category
    claim["item"][0]["productOrService"] = {
        "coding": [{"system": "http://codes.test", "code": "PSY1"}]
    }
    return claim


def decided(desk, worker, document):
    taken = desk.create(document)
    worker.drain()
    return taken


def kept(desk, taken):
    return desk.see(lambda work: work.decisions.find(taken.stored.id))


def counted(desk, taken):
    return dict(request_of(kept(desk, taken).inputs).counters or {})


def test_a_reprocess_tells_no_day_of_anybody_elses_service(desk, stranger, insured, worker):
    other = decided(stranger, worker, of_another(LATER))
    own = decided(desk, worker, a_claim(serviced=LATER))
    decided(stranger, worker, of_another(FIRST, THERAPY))
    stranger.task(a_task("cancel", focus=other.stored.reference))

    desk.ask(a_task("reprocess", focus=own.stored.reference))
    worker.drain()

    document = desk.document(f"ClaimResponse/{desk.submission(own).response_id}")
    [note] = [note["text"] for note in document["processNote"] if note["text"][:4] == "Line"]
    # The other one had paid the copay of the day.
    assert note == (
        "Line 1: copay 20.00 EUR, was nothing, benefit 80.00 EUR, was 100.00 EUR. "
        "What changed: what was used before of copay."
    )


def test_of_other_days_and_categories_the_inputs_hold_nothing(desk, stranger, insured, worker):
    decided(stranger, worker, of_another(FIRST, THERAPY))
    decided(stranger, worker, of_another(LATER, THERAPY))
    own = decided(desk, worker, a_claim(serviced=LATER))

    sums = {
        (counter.kind, counter.category, counter.period): amount
        for counter, amount in counted(desk, own).items()
        if not counter.kind.endswith("-family")
    }

    # Two copays of 20.00 and two benefits of 80.00, each as one sum.
    assert sums == {
        ("benefit", "", "2026"): Decimal("160.00"),
        ("out-of-pocket-individual", "", "2026"): Decimal("40.00"),
    }


def test_inputs_that_hold_the_day_of_another_claim_are_emptied_with_it(
    installation, desk, stranger, insured, worker
):
    other = decided(stranger, worker, of_another(LATER))
    same_day = decided(desk, worker, a_claim(serviced=LATER))
    next_day = decided(desk, worker, a_claim(serviced="2026-02-02"))
    replays = Replays(installation, {"standard": StandardAdjudicator()})
    payer = desk.client.payer
    for taken in (same_day, next_day):
        assert replays.replay(payer, taken.stored.id).verdict is Verdict.SAME

    nullifies(stranger, on(other))

    assert kept(desk, same_day).inputs is None
    assert LATER not in {counter.period for counter in counted(desk, next_day)}
    assert replays.replay(payer, next_day.stored.id).verdict is Verdict.SAME


def test_inputs_that_hold_the_answer_to_another_claim_are_emptied_with_it(desk, core, worker):
    for member in ("M1", "M2"):
        core.create(a_coverage(member))
    own = {"identifier": identifier(COVERAGE_SYSTEM, "M2")}
    first = desk.create(a_claim(serviced="2026-02-01", coverage=own))
    worker.drain()
    answer = {"reference": f"ClaimResponse/{desk.submission(first).response_id}"}
    # It says that it answers that Claim, too, but the submitter sent it.
    sent = desk.create(a_response(request={"reference": first.stored.reference}))
    second = desk.create(two_payers(answer, serviced="2026-02-02"))
    third = desk.create(two_payers({"reference": sent.stored.reference}, serviced="2026-02-03"))
    worker.drain()
    kept = {
        taken: desk.see(lambda work, id=taken.stored.id: work.decisions.find(id).inputs)
        for taken in (second, third)
    }
    # 80.00 of 100.00 were paid first; so much was told to the second.
    assert '"80.00"' in kept[second]

    nullifies(desk, on(first))

    assert desk.see(lambda work: work.decisions.find(second.stored.id)).inputs is None
    assert desk.see(lambda work: work.decisions.find(third.stored.id)).inputs == kept[third]
