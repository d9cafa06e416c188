"""The worker: lease, ask, settle; what an adjudicator does wrong stays its own job's trouble."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.adjudication import Awaiting, Counter, Posting
from app.domain.codes import TaskCode
from app.domain.lifecycle import State
from app.gateway.handlers.cancel import Cancel, cancel
from app.gateway.jobs.worker import LEASE, LONGEST_PAUSE, MOST_ATTEMPTS, Worker
from app.store import tables
from app.store.tables import JobState
from tests.builders import NOW, a_claim, a_coverage
from tests.gateway.desk import on
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide, deferred

WAIT_SECONDS = 60


@pytest.fixture
def working(installation, insured):
    """Builds a worker of one script, which every payer's settings mean."""

    def built(*steps, **options):
        adjudicator = ScriptedAdjudicator(*steps)
        worker = Worker(installation, {"standard": adjudicator}, **options)
        return worker, adjudicator

    return built


def cancelled_during(desk, taken):
    """A step in which the submitter cancels while the adjudicator thinks."""

    def step(request):
        outcome = desk.do(
            lambda work: cancel(desk.request(TaskCode.CANCEL, Cancel(), on(taken)), work)
        )
        assert outcome.status == "completed"
        return decide(request)

    return step


def test_what_is_due_is_decided_once(desk, working):
    taken = [desk.create(a_claim()) for _ in range(3)]
    worker, adjudicator = working(decide)

    assert worker.drain() == 3
    assert worker.drain() == 0
    assert {desk.submission(one).state for one in taken} == {State.PAYABLE}
    assert len(adjudicator.asked) == 3
    assert desk.jobs() == []


def test_while_an_adjudicator_thinks_the_claim_is_adjudicating(desk, working):
    taken = desk.create(a_claim())
    seen = []

    def look(request):
        seen.append(desk.submission(taken).state)
        return decide(request)

    working(look)[0].drain()

    assert seen == [State.ADJUDICATING]


def test_a_limit_leaves_the_rest_for_later(desk, working):
    for _ in range(5):
        desk.create(a_claim())
    worker, _ = working(decide, batch=3)

    assert worker.drain(limit=1) == 3
    assert worker.drain() == 2


def test_an_adjudicator_that_raises_is_asked_again_later(desk, working, clock):
    taken = desk.create(a_claim())
    worker, adjudicator = working(ZeroDivisionError("secret"), decide)

    assert worker.drain() == 1
    assert desk.jobs() == [(taken.stored.id, JobState.WAITING, 1, "AdjudicatorFailed")]
    clock.forward(seconds=0.9)
    assert worker.drain() == 0
    clock.forward(seconds=1.2)
    assert worker.drain() == 1
    assert desk.submission(taken).state is State.PAYABLE
    assert len(adjudicator.asked) == 2


def test_an_adjudicator_that_is_too_slow_is_asked_again_later(desk, working, clock):
    taken = desk.create(a_claim())
    released = threading.Event()

    def hang(request):
        released.wait(WAIT_SECONDS)
        return decide(request)

    worker, _ = working(hang, decide, timeout=timedelta(milliseconds=50))
    patient, _ = working(decide)

    worker.drain()
    released.set()

    assert desk.jobs() == [(taken.stored.id, JobState.WAITING, 1, "TooSlow")]
    clock.forward(seconds=2)
    patient.drain()
    assert desk.submission(taken).state is State.PAYABLE


def test_after_ten_failures_a_job_is_abandoned_and_the_next_is_still_done(desk, working, clock):
    poison = desk.create(a_claim("preauthorization"))
    fault = RuntimeError("poison")

    def answer(request):
        if request.claim.use == "preauthorization":
            raise fault
        return decide(request)

    worker, adjudicator = working(answer)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        healthy = desk.create(a_claim())
        assert worker.drain() == 2
        assert desk.submission(healthy).state is State.PAYABLE
        state = JobState.ABANDONED if attempt == MOST_ATTEMPTS else JobState.WAITING
        assert desk.jobs() == [(poison.stored.id, state, attempt, "AdjudicatorFailed")]
        clock.forward(seconds=LONGEST_PAUSE.total_seconds())

    assert worker.drain() == 0
    assert desk.submission(poison).state is State.ADJUDICATING
    assert len(adjudicator.asked) == 2 * MOST_ATTEMPTS


def test_a_poison_job_does_not_hold_up_the_others_of_its_batch(desk, working):
    taken = [desk.create(a_claim()) for _ in range(3)]
    worker, _ = working(decide, ValueError("poison"), decide)

    assert worker.drain() == 3

    states = [desk.submission(one).state for one in taken]
    assert states == [State.PAYABLE, State.ADJUDICATING, State.PAYABLE]


def test_an_adjudicator_that_is_not_installed_fails_its_own_payers_jobs_only(
    desk, working, registry, clock
):
    taken = desk.create(a_claim())
    registry.settle_rules(adjudicator="gone")
    worker, _ = working(decide)

    assert worker.drain() == 1
    assert desk.jobs() == [(taken.stored.id, JobState.WAITING, 1, "KeyError")]

    registry.settle_rules(adjudicator="standard")
    clock.forward(minutes=1)
    assert worker.drain() == 1
    assert desk.submission(taken).state is State.PAYABLE


@pytest.mark.parametrize("fault", [SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_an_adjudicator_does_not_end_the_process(desk, working, fault):
    taken = desk.create(a_claim())

    def ends(_request):
        raise fault

    worker, _ = working(ends)

    assert worker.drain() == 1
    assert desk.jobs() == [(taken.stored.id, JobState.WAITING, 1, "AdjudicatorFailed")]


def test_a_job_whose_workers_die_over_it_is_abandoned_unasked(desk, working):
    taken = desk.create(a_claim())
    desk.change(tables.job, attempts=MOST_ATTEMPTS)
    worker, adjudicator = working(decide)

    assert worker.drain() == 1

    attempts = MOST_ATTEMPTS + 1
    assert desk.jobs() == [(taken.stored.id, JobState.ABANDONED, attempts, "NeverAnswered")]
    assert adjudicator.asked == []


def test_an_answer_that_is_no_answer_fails_the_job(desk, working):
    taken = desk.create(a_claim())
    worker, _ = working(lambda _request: None)

    assert worker.drain() == 1

    ((_, state, attempts, _),) = desk.jobs()
    assert (state, attempts) == (JobState.WAITING, 1)
    assert desk.submission(taken).state is State.ADJUDICATING


def test_a_decision_that_comes_after_a_cancel_is_dropped(desk, working):
    taken = desk.create(a_claim())
    worker, _ = working(cancelled_during(desk, taken))

    assert worker.drain() == 1

    submission = desk.submission(taken)
    assert (submission.state, submission.decided_at) == (State.CANCELLED, None)
    assert desk.document(taken.related)["status"] == "cancelled"
    assert (desk.jobs(), desk.pended()) == ([], [])


def test_a_deferral_that_comes_after_a_cancel_is_dropped(desk, working):
    taken = desk.create(a_claim())
    step = cancelled_during(desk, taken)
    worker, _ = working(lambda request: step(request) and deferred(Awaiting.COVERAGE))

    worker.drain()

    assert desk.submission(taken).state is State.CANCELLED
    assert desk.jobs() == []


def test_a_lease_that_was_lost_writes_nothing(desk, working, clock):
    taken = desk.create(a_claim())
    other, _ = working(decide)

    def outlasts_its_lease(request):
        clock.forward(seconds=LEASE.total_seconds() + 1)
        assert other.drain() == 1
        return decide(request)

    slow, _ = working(outlasts_its_lease)
    slow.drain()

    assert desk.submission(taken).state is State.PAYABLE
    assert desk.pended() == [
        ("ClaimResponse", "undelivered"),
        ("ExplanationOfBenefit", "undelivered"),
    ]


def test_a_lease_that_lapsed_and_nobody_took_still_counts(desk, working, clock):
    taken = desk.create(a_claim())

    def outlasts_its_lease(request):
        clock.forward(seconds=LEASE.total_seconds() + 1)
        return decide(request)

    working(outlasts_its_lease)[0].drain()

    assert desk.submission(taken).state is State.PAYABLE


def test_where_the_counters_moved_meanwhile_the_question_is_asked_anew(desk, working):
    first, second = desk.create(a_claim()), desk.create(a_claim())
    desk.do(lambda work: _only_first_is_due(work, second))
    other, _ = working(decide)

    def overtaken(request):
        desk.do(lambda work: work.jobs.wake(work.scope.payer_id, [Awaiting.COVERAGE]))
        assert other.drain() == 1
        return decide(request)

    worker, adjudicator = working(overtaken, decide)
    worker.drain()

    assert {desk.submission(one).state for one in (first, second)} == {State.PAYABLE}
    assert len(adjudicator.asked) == 2
    before, after = (set(request.counters.values()) for request in adjudicator.asked)
    assert before == set()
    assert Decimal("80.00") in after


def test_a_claim_that_is_overtaken_for_ever_is_put_back_and_not_counted(desk, working):
    """Its family decides without a pause: five rounds, then others have their turn."""
    taken = desk.create(a_claim())

    def overtaken(request):
        counter = Counter(request.coverage.member, "benefit", "", "2026")
        desk.do(lambda work: _post(counter, work))
        return decide(request)

    worker, adjudicator = working(*[overtaken] * 5, decide)
    worker.drain(limit=1)

    assert len(adjudicator.asked) == 5
    assert desk.jobs() == [(taken.stored.id, JobState.WAITING, 0, "CountersMoved")]
    assert worker.drain() == 1
    assert desk.submission(taken).state is State.PAYABLE


def _post(counter, work):
    """Move a counter, as deciding another Claim of the family does."""
    versions = work.counters.read([counter.holder]).versions
    assert work.counters.post("another", [Posting(counter, Decimal(1))], versions)


def _only_first_is_due(work, second):
    """Let the second wait for a coverage, so that the test says when it is decided."""
    jobs = {job.submission_id: job for job in work.jobs.lease("test", 10, LEASE)}
    submission = work.submissions.find("Claim", second.stored.id)
    later = NOW + timedelta(days=1)
    work.submissions.move(
        submission, state=State.AWAITING, awaiting=Awaiting.COVERAGE, due_at=later
    )
    for id, job in jobs.items():
        work.jobs.put_back(job, later if id == second.stored.id else NOW, counts=False)


def test_after_a_crash_leased_jobs_are_due_again(desk, working):
    taken = desk.create(a_claim())
    desk.do(lambda work: work.jobs.lease("of a process that died", 1, LEASE))
    worker, _ = working(decide)

    assert worker.drain() == 0
    assert worker.return_leases() == 1
    assert worker.drain() == 1
    assert desk.submission(taken).state is State.PAYABLE


def test_two_workers_at_once_decide_each_claim_once(desk, working, core):
    core.create(a_coverage("M2"))
    taken = [desk.create(a_claim()) for _ in range(30)]
    workers = [working(decide) for _ in range(2)]

    threads = [threading.Thread(target=worker.drain) for worker, _ in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    while workers[0][0].drain():
        pass

    assert {desk.submission(one).state for one in taken} == {State.PAYABLE}
    assert len(desk.pended()) == 60
    assert desk.jobs() == []


# --- told to end


def test_what_a_worker_that_ends_has_not_asked_is_due_for_another_at_once(desk, working):
    taken = [desk.create(a_claim()) for _ in range(5)]

    def end(request):
        ending.end()
        return decide(request)

    ending, first = working(end)
    other, second = working(decide)

    ending.drain()
    left = [(state, attempts) for _, state, attempts, _ in desk.jobs()]

    assert len(first.asked) == 1
    assert left == [(JobState.WAITING, 0)] * 4
    assert other.drain() == 4
    assert len(second.asked) == 4
    assert {desk.submission(one).state for one in taken} == {State.PAYABLE}
    assert ending.drain() == 0


def test_what_is_given_back_is_decided_by_another_and_never_twice(desk, working, rows):
    taken = [desk.create(a_claim()) for _ in range(3)]
    asked, go_on = threading.Event(), threading.Event()

    def hang(request):
        asked.set()
        assert go_on.wait(WAIT_SECONDS)
        return decide(request)

    hanging, _ = working(hang, hang, hang)
    thread = threading.Thread(target=hanging.drain)
    thread.start()
    assert asked.wait(WAIT_SECONDS)
    hanging.end()
    returned = hanging.give_back()
    decided = working(decide)[0].drain()
    go_on.set()
    thread.join(WAIT_SECONDS)

    assert (returned, decided) == (3, 3)
    assert desk.jobs() == []
    assert {desk.submission(one).state for one in taken} == {State.PAYABLE}
    assert len(rows.of(tables.audit, action="decide")) == 3
    assert hanging.give_back() == 0
