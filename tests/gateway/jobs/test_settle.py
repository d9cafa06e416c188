"""What a decision writes: response, explanation, counters, reservation, queue."""

from datetime import timedelta
from decimal import Decimal

import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import select

from app.domain.adjudication import Awaiting
from app.domain.codes import Outcome
from app.domain.lifecycle import State
from app.fhir import json_text
from app.fhir.validation import check
from app.gateway.jobs.worker import Worker
from app.store import tables
from app.store.ledgers.reserved import Part, Sums
from app.store.tables import JobState, Measure
from tests.builders import NOW, a_claim, a_coverage, money
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide, deferred


@pytest.fixture
def adjudicated(installation, insured):
    """Works off what is due by a script; the adjudicator that was asked."""

    def worked(*steps):
        adjudicator = ScriptedAdjudicator(*(steps or (decide,)))
        worker = Worker(installation, {"standard": adjudicator})
        for _ in range(10):
            if not worker.drain(limit=1):
                break
        else:
            raise AssertionError("the queue never becomes empty")
        return adjudicator

    return worked


def counted(desk, holder):
    standings = desk.see(lambda work: work.counters.read([holder]))
    return {
        f"{counter.kind}|{counter.category.partition('|')[2]}|{counter.period}": amount
        for counter, amount in standings.sums.items()
    }


def claimed(desk, *arguments, **elements):
    taken = desk.create(a_claim(*arguments, **elements))
    assert taken.is_new
    return taken


@pytest.mark.parametrize("use", ["claim", "preauthorization", "predetermination"])
def test_what_is_written_is_valid(desk, adjudicated, use):
    taken = claimed(desk, use, prices=["100.00", "35.50"])

    adjudicated()

    submission = desk.submission(taken)
    written = [("ClaimResponse", submission.response_id)]
    if submission.benefit_id is not None:
        written.append(("ExplanationOfBenefit", submission.benefit_id))
    assert len(written) == (2 if use == "claim" else 1)
    for type, id in written:
        text = desk.stored(type, id).text
        assert check(json_text.parsed(text)) == []
        assert get_fhir_model_class(type).model_validate_json(text).id == id


def test_a_decision_is_kept_with_its_rules_plan_and_total(desk, adjudicated):
    taken = claimed(desk, prices=["100.00", "35.50"])

    adjudicated()

    submission = desk.submission(taken)
    assert submission.state is State.PAYABLE
    assert (submission.outcome, submission.rules) == (Outcome.COMPLETE, "scripted-1")
    assert (str(submission.total), submission.currency) == ("108.40", "EUR")
    assert (submission.decided_at, submission.epoch, submission.awaiting) == (NOW, 1, None)
    assert submission.plan_version is not None


def test_the_decision_is_the_next_version_of_the_response_that_intake_gave(desk, adjudicated):
    taken = claimed(desk)
    queued = desk.document(taken.related)

    adjudicated()

    decided = desk.document(taken.related)
    assert (queued["outcome"], queued["meta"]["versionId"]) == ("queued", "1")
    assert (decided["outcome"], decided["meta"]["versionId"]) == ("complete", "2")
    assert decided["identifier"] == queued["identifier"]


def test_the_response_is_pended_before_the_explanation(desk, adjudicated):
    claimed(desk)
    assert desk.pended() == []

    adjudicated()

    assert desk.pended() == [
        ("ClaimResponse", "undelivered"),
        ("ExplanationOfBenefit", "undelivered"),
    ]


def test_totals_are_exact_in_every_document(desk, adjudicated):
    taken = claimed(desk, prices=["0.10", "0.20", "1000000.00"])

    adjudicated()

    submission = desk.submission(taken)
    for type, id in (
        ("ClaimResponse", submission.response_id),
        ("ExplanationOfBenefit", submission.benefit_id),
    ):
        totals = {
            one["category"]["coding"][0]["code"]: str(one["amount"]["value"])
            for one in desk.document(f"{type}/{id}")["total"]
        }
        assert totals["submitted"] == "1000000.30"
        assert totals["benefit"] == "800000.24"


def test_only_a_claim_is_counted(desk, adjudicated):
    taken = claimed(desk)

    (request,) = adjudicated().asked

    sums = counted(desk, request.coverage.member)
    assert sums["benefit||2026"] == Decimal("80.00")
    assert sums["out-of-pocket-individual||2026"] == Decimal("20.00")
    assert desk.submission(taken).total == Decimal("80.00")


@pytest.mark.parametrize("use", ["predetermination", "preauthorization"])
def test_what_is_only_asked_for_counts_nothing(desk, adjudicated, use):
    taken = claimed(desk, use)

    (request,) = adjudicated().asked

    assert counted(desk, request.coverage.member) == {}
    assert desk.submission(taken).state is State.DECIDED


def test_a_preauthorization_is_numbered_valid_and_reserved(desk, adjudicated):
    taken = claimed(desk, "preauthorization", prices=["100.00", "35.50"])

    adjudicated()

    id = taken.stored.id
    response = desk.document(taken.related)
    assert response["preAuthRef"] == f"PA-{id}"
    assert response["preAuthPeriod"] == {"start": "2026-03-02", "end": "2026-05-31"}
    held = desk.see(lambda work: work.reservations.find(id))
    assert held.terms.currency == "EUR"
    # One unit of each line, in ten-thousandths, and its benefit in cents.
    assert held.parts == {
        Part(id, (1,), Measure.AMOUNT): Sums(reserved=8000, open=8000),
        Part(id, (1,), Measure.QUANTITY): Sums(reserved=10000, open=10000),
        Part(id, (2,), Measure.AMOUNT): Sums(reserved=2840, open=2840),
        Part(id, (2,), Measure.QUANTITY): Sums(reserved=10000, open=10000),
    }


def test_a_preauthorization_is_valid_in_its_billable_period(desk, adjudicated):
    period = {"start": "2026-04-01", "end": "2026-04-30"}
    taken = claimed(desk, "preauthorization", billablePeriod=period)

    adjudicated()

    assert desk.document(taken.related)["preAuthPeriod"] == period


@pytest.mark.parametrize("use", ["claim", "predetermination"])
def test_only_a_preauthorization_is_reserved(desk, adjudicated, use):
    taken = claimed(desk, use)

    adjudicated()

    assert "preAuthRef" not in desk.document(taken.related)
    assert desk.see(lambda work: work.reservations.find(taken.stored.id)) is None


@pytest.mark.parametrize(("currency", "units"), [("JPY", 800), ("KWD", 800_000)])
def test_a_reservation_counts_in_the_currencys_own_unit(desk, adjudicated, currency, units):
    taken = claimed(desk, "preauthorization", **priced("1000", currency))

    adjudicated()

    held = desk.see(lambda work: work.reservations.find(taken.stored.id))
    assert (held.terms.currency, held.amount.reserved) == (currency, units)


def priced(amount, currency):
    item = a_claim()["item"][0] | {"unitPrice": money(amount, currency)}
    return {"item": [item | {"net": money(amount, currency)}], "total": money(amount, currency)}


def test_a_claim_of_which_nothing_is_paid_is_decided_and_not_payable(desk, adjudicated):
    taken = claimed(desk, serviced="2019-12-31", created="2026-03-02")

    adjudicated()

    submission = desk.submission(taken)
    assert (submission.state, submission.total) == (State.DECIDED, Decimal("0.00"))


@pytest.mark.parametrize(
    ("answer", "due_at"),
    [
        (deferred(Awaiting.COVERAGE), NOW + timedelta(days=30)),
        (deferred(Awaiting.COVERAGE, NOW + timedelta(days=2)), NOW + timedelta(days=2)),
    ],
    ids=["payers-setting", "its-own-date"],
)
def test_a_deferred_claim_waits_until_it_is_due(desk, adjudicated, answer, due_at):
    taken = claimed(desk)

    adjudicated(answer)

    submission = desk.submission(taken)
    assert (submission.state, submission.awaiting) == (State.AWAITING, answer.awaiting)
    assert (submission.awaiting_text, submission.due_at) == (answer.text, due_at)
    assert (submission.outcome, submission.epoch) == (Outcome.QUEUED, 1)
    assert desk.jobs() == [(taken.stored.id, JobState.WAITING, 0, None)]
    assert desk.pended() == []
    assert desk.document(taken.related)["outcome"] == "queued"


@pytest.mark.parametrize("until", [None, NOW + timedelta(days=2)], ids=["no-date", "date"])
def test_what_waits_for_an_operator_is_ended_by_no_date(desk, adjudicated, until):
    taken = claimed(desk)

    adjudicated(deferred(Awaiting.OPERATOR, until))

    submission = desk.submission(taken)
    assert (submission.state, submission.due_at) == (State.AWAITING, None)
    assert desk.jobs() == []


def test_when_waiting_is_over_it_is_the_last_call(desk, adjudicated, clock):
    taken = claimed(desk)
    adjudicated(deferred(Awaiting.COVERAGE))

    clock.forward(days=29, hours=23)
    assert adjudicated().asked == []
    clock.forward(hours=1)
    (request,) = adjudicated().asked

    assert request.is_last_call is True
    submission = desk.submission(taken)
    assert (submission.state, submission.awaiting, submission.due_at) == (
        State.PAYABLE,
        None,
        None,
    )


@pytest.mark.parametrize("awaiting", [Awaiting.OPERATOR, Awaiting.COVERAGE])
def test_what_is_deferred_on_its_last_call_is_left_to_an_operator(
    desk, adjudicated, clock, awaiting
):
    taken = claimed(desk)
    adjudicated(deferred(Awaiting.COVERAGE))
    clock.forward(days=30)

    adjudicator = adjudicated(deferred(awaiting))

    assert [request.is_last_call for request in adjudicator.asked] == [True]
    submission = desk.submission(taken)
    assert (submission.state, submission.awaiting, submission.due_at) == (
        State.AWAITING,
        Awaiting.OPERATOR,
        None,
    )
    assert desk.jobs() == []


def test_a_date_in_the_past_is_a_last_call_at_once(desk, adjudicated):
    taken = claimed(desk)

    adjudicator = adjudicated(deferred(Awaiting.PLAN, NOW - timedelta(days=1)), decide)

    assert [request.is_last_call for request in adjudicator.asked] == [False, True]
    assert desk.submission(taken).state is State.PAYABLE


@pytest.mark.parametrize(
    ("awaiting", "due_at"),
    [
        (Awaiting.COVERAGE, NOW + timedelta(days=30)),
        (Awaiting.PLAN, NOW + timedelta(days=40)),
    ],
    ids=["the-same", "something-else"],
)
def test_asked_in_between_it_waits_no_longer_for_the_same(
    desk, adjudicated, clock, insured, awaiting, due_at
):
    taken = claimed(desk)
    adjudicated(deferred(Awaiting.COVERAGE))
    clock.forward(days=10)
    insured.create(a_coverage("M2"))

    adjudicator = adjudicated(deferred(awaiting))

    assert len(adjudicator.asked) == 1
    submission = desk.submission(taken)
    assert (submission.awaiting, submission.due_at) == (awaiting, due_at)


def test_a_coverage_that_came_while_the_question_was_open_is_not_missed(desk, adjudicated, insured):
    taken = claimed(desk)

    def comes_meanwhile(_request):
        insured.create(a_coverage("M2"))
        return deferred(Awaiting.COVERAGE)

    adjudicator = adjudicated(comes_meanwhile, decide)

    assert [request.is_last_call for request in adjudicator.asked] == [False, False]
    assert desk.submission(taken).state is State.PAYABLE


def test_a_decision_is_audited_without_content(desk, adjudicated):
    taken = claimed(desk)

    adjudicated()

    audit = tables.audit.c
    query = select(audit.action, audit.outcome, audit.resource_id, audit.actor)
    rows = desk.installation.store.read(lambda connection: connection.execute(query).all())
    decisions = [tuple(row) for row in rows if row.action == "decide"]
    assert decisions == [("decide", "complete", taken.stored.id, "adjudicator")]
