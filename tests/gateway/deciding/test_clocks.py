"""The clock of a Claim, moved by what happens to the Claim."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from app.domain.adjudication import Awaiting
from app.domain.clocks import Clock, Kind, Priority, TimeLimit
from app.domain.codes import ClaimUse
from app.domain.decisions import Ending
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import NOW, a_claim, a_communication, a_price, a_task, an_input
from tests.gateway.desk import on, under_rules_of_now
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide, deferred
from tests.gateway.nullifications import nullifies

MONTH = timedelta(days=30)
STAT = {"coding": [{"code": "stat"}]}
PHARMACY = {"coding": [{"code": "pharmacy"}]}
CLAIM = Kind(ClaimUse.CLAIM, Priority.NORMAL)
RUNNING = Clock(CLAIM, NOW, NOW + MONTH)


def timed(desk, taken):
    """The clocks of a Claim, as whoever sent it sees them."""
    return desk.see(lambda work: work.clocks.all_of(taken.stored.id))


def clocks(desk, taken):
    return [one.clock for one in timed(desk, taken)]


def answered(installation, *steps):
    Worker(installation, {"standard": ScriptedAdjudicator(*steps)}).drain(limit=1)


def reprocess(desk, taken, **elements):
    return desk.task(a_task("reprocess", focus=taken.stored.reference, **elements))


@pytest.fixture
def moves(installation):
    """The first word of every statement about clocks alone, as they are sent."""
    sent = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        if re.match(
            r"(INSERT INTO|UPDATE|DELETE FROM) clock\b|SELECT .* FROM clock\b", statement, re.DOTALL
        ):
            sent.append(statement.split()[0])

    event.listen(installation.store.engine, "before_cursor_execute", note)
    yield sent
    event.remove(installation.store.engine, "before_cursor_execute", note)


# --- no clock


def test_a_claim_that_is_invalid_has_no_clock_and_its_valid_twin_has(desk):
    assert clocks(desk, desk.create(a_claim(total={"value": 1, "currency": "EUR"}))) == []
    assert clocks(desk, desk.create(a_claim())) == [RUNNING]


def test_the_clock_of_a_claim_is_nobody_elses(desk, stranger, core):
    taken = desk.create(a_claim())

    assert clocks(stranger, taken) == []
    assert clocks(core, taken) == clocks(desk, taken) == [RUNNING]


def test_a_claim_that_came_before_there_were_clocks_is_decided_without(desk, insured, worker):
    taken = desk.create(a_claim())
    desk.installation.store.write(lambda c: c.execute(tables.clock.delete()))

    worker.drain()

    assert desk.submission(taken).decided_at == NOW
    assert clocks(desk, taken) == []


# --- how much time there is


@pytest.mark.parametrize(
    ("use", "priority", "hours"),
    [
        ("claim", None, 30 * 24),
        ("preauthorization", None, 7 * 24),
        ("preauthorization", STAT, 72),
    ],
)
def test_a_request_has_the_time_of_its_kind(desk, use, priority, hours):
    taken = desk.create(a_claim(use, **({"priority": priority} if priority else {})))

    # What is urgent is decided at once.
    ending = Ending.DENIED if priority else None
    [clock] = clocks(desk, taken)
    kind = Kind(ClaimUse(use), Priority.STAT if priority else Priority.NORMAL)
    expected = Clock(kind, NOW, NOW + timedelta(hours=hours))
    assert clock == (expected.ended(NOW, ending) if ending else expected)


def test_the_payers_own_rule_holds_for_its_kind_and_the_kind_names_the_type(desk, registry):
    hour = TimeLimit.parse("preauthorization//pharmacy=60m")
    hasty = under_rules_of_now(desk, registry, decide_within=(hour,))

    [drugs] = timed(desk, hasty.create(a_claim("preauthorization", type=PHARMACY)))
    [other] = timed(desk, hasty.create(a_claim("preauthorization")))

    assert drugs.clock.decide_by == NOW + timedelta(minutes=60)
    assert (drugs.clock.kind.type, drugs.is_drug) == ("pharmacy", True)
    assert other.clock.decide_by == NOW + timedelta(days=7)
    assert (other.clock.kind.type, other.is_drug) == (None, False)


# --- what it costs


def test_each_settle_sends_one_statement_more_and_intake_none(
    desk, insured, installation, clock, moves
):
    taken = desk.create(a_claim())
    assert (clocks(desk, taken), moves) == ([RUNNING], [])
    answered(installation, deferred(Awaiting.OTHER_PAYER, NOW + timedelta(days=5)))
    assert moves == ["UPDATE"]
    clock.forward(days=5)

    answered(installation, decide)

    assert desk.submission(taken).decided_at == clock.now
    assert moves == ["UPDATE", "UPDATE"]


# --- pauses


def test_the_time_until_an_attachment_comes_does_not_count(desk, insured, worker, clock):
    insured.create(a_price(needs_attachment=True))
    taken = desk.create(a_claim())
    clock.forward(hours=3)
    worker.drain()
    asked_at = clock.now
    assert clocks(desk, taken) == [RUNNING.paused(asked_at)]
    clock.forward(days=2)

    desk.create(a_communication(about=[{"reference": taken.stored.reference}]))
    resumed = RUNNING.paused(asked_at).resumed(clock.now)
    assert clocks(desk, taken) == [resumed]
    clock.forward(hours=1)
    worker.drain()

    [ended] = clocks(desk, taken)
    assert ended == resumed.ended(clock.now, Ending.APPROVED)
    assert ended.decide_by == NOW + MONTH + timedelta(days=2)
    assert (ended.elapsed(clock.now), ended.paused_for) == (timedelta(hours=4), timedelta(days=2))


def test_a_wait_that_nobody_ends_is_over_when_it_was_due(desk, insured, worker, clock):
    insured.create(a_price(needs_attachment=True))
    taken = desk.create(a_claim())
    worker.drain()
    # Nobody works for two days after the 30 days that the provider has.
    clock.forward(days=32)

    worker.drain()

    [ended] = clocks(desk, taken)
    assert (ended.ending, ended.paused_for) == (Ending.DENIED, MONTH)
    assert ended.elapsed(clock.now) == timedelta(days=2)


@pytest.mark.parametrize(
    ("awaiting", "is_paused"),
    [
        (Awaiting.INFORMATION, True),
        (Awaiting.OTHER_PAYER, True),
        (Awaiting.COVERAGE, False),
        (Awaiting.PLAN, False),
        (Awaiting.OPERATOR, False),
    ],
)
def test_only_what_the_provider_has_to_bring_stops_the_clock(
    desk, insured, installation, clock, awaiting, is_paused
):
    taken = desk.create(a_claim())

    answered(installation, deferred(awaiting))

    assert desk.submission(taken).awaiting is awaiting
    assert clocks(desk, taken) == [RUNNING.paused(NOW) if is_paused else RUNNING]


def test_what_then_waits_for_a_person_runs_again(desk, insured, installation, clock):
    taken = desk.create(a_claim())
    answered(installation, deferred(Awaiting.OTHER_PAYER, NOW + timedelta(days=5)))
    clock.forward(days=5)

    answered(installation, deferred(Awaiting.OPERATOR))

    assert desk.submission(taken).awaiting is Awaiting.OPERATOR
    assert clocks(desk, taken) == [RUNNING.paused(NOW).resumed(clock.now)]


# --- how it ends


@pytest.mark.parametrize(("member", "ending"), [("M1", Ending.APPROVED), ("nobody", Ending.DENIED)])
def test_a_decision_ends_the_clock_with_what_it_says(desk, insured, worker, clock, member, ending):
    other = {"identifier": {"system": "http://payer.test/member", "value": member}}
    taken = desk.create(a_claim(coverage=other))
    worker.drain()
    if desk.submission(taken).awaiting is Awaiting.COVERAGE:
        clock.forward(days=30)
        worker.drain()

    assert clocks(desk, taken) == [RUNNING.ended(clock.now, ending)]


def test_a_cancel_ends_the_clock_of_what_is_undecided_and_no_other(desk, insured, worker, clock):
    decided, undecided = desk.create(a_claim()), None
    worker.drain()
    undecided = desk.create(a_claim())
    clock.forward(hours=1)

    for taken in (decided, undecided):
        desk.task(a_task("cancel", focus=taken.stored.reference))

    assert clocks(desk, decided) == [RUNNING.ended(NOW, Ending.APPROVED)]
    assert clocks(desk, undecided) == [RUNNING.ended(clock.now, Ending.CANCELLED)]


def test_a_reprocess_has_a_clock_of_its_own_and_knows_what_was_decided(
    desk, insured, worker, clock
):
    taken = desk.create(a_claim())
    worker.drain()
    clock.forward(days=1)
    again_at = clock.now

    reprocess(desk, taken, priority="stat")
    [first, again] = timed(desk, taken)

    assert first.clock == RUNNING.ended(NOW, Ending.APPROVED)
    assert (first.is_reissue, first.before, first.epoch) == (False, None, 1)
    assert (again.is_reissue, again.before, again.epoch) == (True, Ending.APPROVED, 2)
    kind = Kind(ClaimUse.CLAIM, Priority.STAT)
    running = Clock(kind, again_at, again_at + MONTH)
    assert again.clock in (running, running.ended(again_at, Ending.APPROVED))


def test_a_reprocess_that_is_overtaken_ends_undecided(desk, insured, worker, clock):
    taken = desk.create(a_claim())
    worker.drain()
    reprocess(desk, taken)
    clock.forward(hours=1)

    reprocess(desk, taken, inputs=[an_input("item", valuePositiveInt=1)])
    worker.drain()

    endings = [(one.clock.ending, one.before) for one in timed(desk, taken)]
    assert endings == [
        (Ending.APPROVED, None),
        (Ending.OVERTAKEN, Ending.APPROVED),
        (Ending.APPROVED, Ending.APPROVED),
    ]


def test_what_is_nullified_has_no_clock_any_more(desk, insured, installation):
    taken, other = desk.create(a_claim()), desk.create(a_claim())
    answered(installation, decide)

    nullifies(desk, on(taken))

    assert clocks(desk, taken) == []
    assert len(clocks(desk, other)) == 1
