"""Priority `stat`: the answer while the sender waits, within the payer's budget.

http://terminology.hl7.org/CodeSystem/processpriority
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.lifecycle import State
from app.fhir import json_text
from app.gateway.gateway import Gateway
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import CLAIM_SYSTEM, a_claim, a_coverage, a_price, a_quote, a_task
from tests.conformance.standings import related
from tests.gateway.desk import received

WAIT_SECONDS = 60
STAT = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/processpriority", "code": "stat"}]
}


def a_stat_claim(use="claim", **elements):
    return a_claim(use, priority=STAT, **elements)


@pytest.fixture
def insured(core):
    core.post("Coverage", a_coverage())
    return core


def states(rows):
    return [row["state"] for row in rows.of(tables.submission, type="Claim")]


# --- POST Claim


@pytest.mark.parametrize("use", ["claim", "preauthorization", "predetermination"])
def test_a_claim_is_decided_when_its_sender_is_answered(insured, wire, use):
    urgent, normal = wire.post("Claim", a_stat_claim(use)), wire.post("Claim", a_claim(use))

    assert (urgent.status, normal.status) == (201, 201)
    outcomes = [wire.get(related(one)).document["outcome"] for one in (urgent, normal)]
    assert outcomes == ["complete", "queued"]


def test_a_claim_that_a_conditional_update_creates_is_decided_at_once_too(insured, wire):
    urgent, normal = (
        wire.put(f"Claim?identifier={CLAIM_SYSTEM}|{number}", claim)
        for number, claim in (
            ("S1", a_stat_claim(number="S1")),
            ("S2", a_claim(number="S2")),
        )
    )

    assert (urgent.status, normal.status) == (201, 201)
    outcomes = [wire.get(related(one)).document["outcome"] for one in (urgent, normal)]
    assert outcomes == ["complete", "queued"]


def test_what_was_decided_at_once_is_pended_all_the_same(insured, wire):
    urgent = wire.post("Claim", a_stat_claim())

    polled = [wire.task(a_task("poll")).output("response") for _ in range(3)]

    assert polled[0] == f"{related(urgent)}/_history/2"
    assert polled[1].startswith("ExplanationOfBenefit/")
    assert polled[2] is None


def test_the_same_again_is_not_decided_again(insured, wire, rows):
    document = a_stat_claim(number="C1")

    first, second = (wire.post("Claim", document) for _ in range(2))

    assert (first.status, second.status) == (201, 200)
    assert related(first) == related(second)
    assert wire.get(related(second)).document["meta"]["versionId"] == "2"


def test_what_cannot_be_decided_yet_waits_as_any_other(insured, wire, rows):
    insured.post("ChargeItemDefinition", a_price(needs_attachment=True))

    wire.post("Claim", a_stat_claim())

    assert states(rows) == [State.AWAITING]
    assert wire.task(a_task("poll")).output("response").startswith("CommunicationRequest/")


def test_an_invalid_one_is_answered_as_any_other(insured, wire, rows):
    invalid = wire.post("Claim", a_stat_claim(total={"value": 1, "currency": "EUR"}))

    assert wire.get(related(invalid)).document["outcome"] == "error"
    assert (states(rows), rows.of(tables.job)) == ([State.INVALID], [])


def test_it_uses_counters_and_preauthorizations_as_any_other(insured, wire, standings):
    preauthorization = wire.post("Claim", a_stat_claim("preauthorization")).reference

    quote = a_quote(preauthorization)
    wire.post("Claim", a_stat_claim(insurance=quote, prices=["12.50"], serviced="2026-03-02"))

    assert standings.balance(preauthorization) == {
        "reserved": 8000,
        "consumed": 1000,
        "open": 7000,
    }


# --- $submit


def test_what_is_returned_by_submit_counts_as_handed_over(insured, wire):
    submitted = wire.post("Claim/$submit", a_stat_claim())

    assert (submitted.status, submitted.document["outcome"]) == (200, "complete")
    polled = wire.task(a_task("poll")).output("response")
    assert polled.startswith("ExplanationOfBenefit/")
    assert wire.task(a_task("poll")).output("response") is None
    # The door to recovery: by its focus the newest answer is there once more.
    claim = submitted.document["request"]["reference"]
    again = wire.task(a_task("poll", focus=claim))
    assert again.output("response") == f"ClaimResponse/{submitted.document['id']}/_history/2"


# --- reprocess


@pytest.mark.parametrize("by", ["the Task", "the Claim"])
def test_a_reprocess_is_done_when_its_sender_is_answered(insured, wire, worker, by):
    priority = {"priority": "stat"} if by == "the Task" else {}
    claim = wire.post("Claim", a_claim() if priority else a_stat_claim()).reference
    worker.drain()

    answered = wire.task(a_task("reprocess", focus=claim, **priority))

    assert (answered.status, answered.document["status"]) == (201, "completed")
    assert answered.headers["Location"].endswith("/_history/2")
    decided = wire.get(answered.output("response")).document
    assert decided["extension"][0]["url"].endswith("/predecessor")
    normal = wire.post("Claim", a_claim()).reference
    worker.drain()
    assert wire.task(a_task("reprocess", focus=normal)).document["status"] == "in-progress"


# --- too slow, or not at all


class Held:
    """An adjudicator that answers only once it is let go."""

    rules = "held-1"

    def __init__(self):
        self.is_asked, self.may_answer = Event(), Event()

    def adjudicate(self, request):
        self.is_asked.set()
        assert self.may_answer.wait(WAIT_SECONDS)
        return StandardAdjudicator().adjudicate(request)


class Broken:
    """An adjudicator that fails until it is mended."""

    rules = "broken-1"

    def __init__(self):
        self.is_mended = False

    def adjudicate(self, request):
        if not self.is_mended:
            raise RuntimeError
        return StandardAdjudicator().adjudicate(request)


@pytest.fixture
def patient_for(registry):
    """A submitter whose payer lets it wait so long."""

    def client(budget):
        registry.settle_rules(real_time_budget=budget)
        return registry.submitter(payer=registry.administered()).client

    return client


def test_one_that_takes_too_long_is_decided_later(insured, installation, patient_for, clock, rows):
    held = Held()
    worker = Worker(installation, {"standard": held})
    client = patient_for(timedelta(milliseconds=50))

    taken = Gateway(installation, worker).create(client, received(a_stat_claim()))

    assert held.is_asked.is_set()
    [job] = rows.of(tables.job)
    assert (job["state"], job["attempts"], job["fault"]) == ("waiting", 0, "OutOfTime")
    held.may_answer.set()
    clock.forward(seconds=1)
    worker.drain()
    assert states(rows) == [State.PAYABLE]
    assert rows.of(tables.pended, type="ClaimResponse")[0]["state"] == "undelivered"
    assert taken.is_new


def test_submit_answers_queued_where_it_takes_too_long(insured, installation, patient_for, rows):
    held = Held()
    worker = Worker(installation, {"standard": held})
    client = patient_for(timedelta(milliseconds=50))

    stored = Gateway(installation, worker).submit_claim(client, received(a_stat_claim()))

    assert json_text.parsed(stored.text)["outcome"] == "queued"
    held.may_answer.set()
    assert rows.of(tables.pended) == []


def test_an_adjudicator_that_fails_is_asked_again_by_the_clock(
    insured, installation, patient_for, clock, rows
):
    broken = Broken()
    worker = Worker(installation, {"standard": broken})
    client = patient_for(timedelta(seconds=5))

    Gateway(installation, worker).create(client, received(a_stat_claim()))

    [job] = rows.of(tables.job)
    assert (job["state"], job["attempts"], job["fault"]) == ("waiting", 1, "AdjudicatorFailed")
    broken.is_mended = True
    clock.forward(minutes=1)
    worker.drain()
    assert states(rows) == [State.PAYABLE]


def test_the_clock_leaves_it_to_whoever_waits(insured, installation, patient_for, rows, worker):
    held = Held()
    client = patient_for(timedelta(seconds=5))
    own = Worker(installation, {"standard": held})

    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(Gateway(installation, own).create, client, received(a_stat_claim()))
        assert held.is_asked.wait(WAIT_SECONDS)
        assert worker.drain() == 0
        held.may_answer.set()
        assert taken.result().is_new
    assert states(rows) == [State.PAYABLE]
    assert len(rows.of(tables.pended, type="ClaimResponse")) == 1
