"""Jobs: leased oldest first, one lease each, and finished only by whoever holds it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.domain.adjudication import Awaiting
from app.domain.lifecycle import State
from app.store import tables
from app.store.database.walls import EVERYBODY, behind
from app.store.jobs.work_queue import Depth
from app.store.submissions import Submission
from app.store.tables import JobState
from app.store.unit_of_work import UnitOfWork
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE

MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
ENDS = [
    pytest.param(lambda work, job: work.jobs.finish(job), id="finish"),
    pytest.param(lambda work, job: work.jobs.put_back(job, NOW), id="put_back"),
    pytest.param(lambda work, job: work.jobs.abandon(job, "Fault"), id="abandon"),
]


def enqueue(work, id, due_at=NOW, kind="adjudicate"):
    work.jobs.add(work.scope, kind, ("Claim", id), 1, due_at)


def leased(work, token="one", limit=100):  # noqa: S107  a lease's token opens nothing
    return work.jobs.lease(token, limit, MINUTE)


def rows(work, connection):
    job = tables.job.c
    query = select(job.submission_id, job.state, job.attempts, job.fault).order_by(job.id)
    return [tuple(row) for row in connection.execute(query)]


def test_a_job_is_not_leased_before_it_is_due(view):
    enqueue(view(MINE), "1", NOW + MINUTE)

    assert leased(view(MINE, NOW + MINUTE - TICK)) == []
    assert [job.submission_id for job in leased(view(MINE, NOW + MINUTE))] == ["1"]


def test_a_lease_names_the_job_and_whose_it_is(work):
    enqueue(work, "1")

    (job,) = leased(work, "one")

    assert (job.scope, job.submission) == (MINE, ("Claim", "1"))
    assert (job.kind, job.epoch, job.attempts, job.token) == ("adjudicate", 1, 1, "one")


def test_the_oldest_due_are_leased_first(work):
    for number, minutes in enumerate([3, 1, 2, 1]):
        enqueue(work, str(number), NOW - minutes * MINUTE)

    taken = [sorted(job.submission_id for job in leased(work, limit=2)) for _ in range(3)]

    assert taken == [["0", "2"], ["1", "3"], []]


@pytest.mark.parametrize("tried", [True, False], ids=["tried", "not tried"])
def test_whether_any_job_is_due_is_known_without_a_lease(view, connection, tried):
    """The other one is due too, and is not what is asked for."""
    for id in ("fresh", "again"):
        enqueue(view(MINE), id)
    (job,) = [job for job in leased(view(MINE)) if job.submission_id == "again"]
    view(MINE).jobs.return_leases()
    connection.execute(update(tables.job).where(tables.job.c.id != job.id).values(attempts=0))
    before = rows(view(MINE), connection)

    assert view(MINE).jobs.is_any_due(tried=tried)
    assert not view(MINE, NOW - TICK).jobs.is_any_due(tried=tried)
    assert rows(view(MINE), connection) == before
    (taken,) = view(MINE).jobs.lease("two", 5, MINUTE, tried=tried)
    assert taken.submission_id == ("again" if tried else "fresh")
    assert not view(MINE).jobs.is_any_due(tried=tried)


def test_a_lease_that_lives_is_not_taken(view):
    enqueue(view(MINE), "1")
    leased(view(MINE), "first")

    assert leased(view(MINE, NOW + MINUTE), "second") == []
    assert len(leased(view(MINE, NOW + MINUTE + TICK), "second")) == 1


@pytest.mark.parametrize("end", ENDS)
def test_a_lapsed_lease_that_was_taken_ends_nothing(view, connection, end):
    enqueue(view(MINE), "1")
    (first,) = leased(view(MINE), "first")
    then = view(MINE, NOW + MINUTE + TICK)
    (second,) = leased(then, "second")

    assert second.attempts == 2
    assert end(then, first) is False
    assert rows(then, connection) == [("1", JobState.LEASED, 2, None)]
    assert end(then, second) is True


@pytest.mark.parametrize("end", ENDS)
def test_a_lapsed_lease_that_nobody_took_still_counts(view, end):
    enqueue(view(MINE), "1")
    (job,) = leased(view(MINE))

    assert end(view(MINE, NOW + 2 * MINUTE), job) is True


@pytest.mark.parametrize("end", ENDS)
def test_a_job_ends_once(work, end):
    enqueue(work, "1")
    (job,) = leased(work)

    assert end(work, job) is True
    assert end(work, job) is False


def test_a_finished_job_is_gone(work, connection):
    enqueue(work, "1")
    enqueue(work, "2")
    first, _ = leased(work)

    work.jobs.finish(first)

    assert rows(work, connection) == [("2", JobState.LEASED, 1, None)]


@pytest.mark.parametrize(("counts", "attempts"), [(True, 1), (False, 0)])
def test_a_job_that_is_put_back_waits_until_it_is_due(view, connection, counts, attempts):
    enqueue(view(MINE), "1")
    (job,) = leased(view(MINE))

    view(MINE).jobs.put_back(job, NOW + MINUTE, counts=counts, fault="TooSlow")

    assert rows(view(MINE), connection) == [("1", JobState.WAITING, attempts, "TooSlow")]
    assert leased(view(MINE, NOW + MINUTE - TICK)) == []
    assert [job.attempts for job in leased(view(MINE, NOW + MINUTE))] == [attempts + 1]


def test_an_abandoned_job_is_kept_and_never_leased(view, connection):
    enqueue(view(MINE), "1")
    (job,) = leased(view(MINE))

    view(MINE).jobs.abandon(job, "ZeroDivisionError")

    assert rows(view(MINE), connection) == [("1", JobState.ABANDONED, 1, "ZeroDivisionError")]
    assert leased(view(MINE, NOW + timedelta(days=400))) == []


def test_every_job_of_a_submission_is_withdrawn_leased_or_not(view, connection):
    work = view(MINE)
    enqueue(work, "1")
    leased(work)
    enqueue(work, "1")
    enqueue(work, "2")
    enqueue(view(FOREIGN), "1")

    assert work.jobs.withdraw(MINE.payer_id, ("Claim", "1")) == 2
    assert work.jobs.withdraw(MINE.payer_id, ("Communication", "2")) == 0
    assert [row[0] for row in rows(work, connection)] == ["2", "1"]


def awaits(work, id, awaiting, state=State.AWAITING):
    submission = Submission("Claim", id, work.scope.submitter_id, state, 1, NOW, awaiting=awaiting)
    work.submissions.add(submission)
    enqueue(work, id, NOW + timedelta(days=30))


def test_only_what_awaits_this_is_woken(view):
    work = view(MINE)
    awaits(work, "coverage", Awaiting.COVERAGE)
    awaits(work, "plan", Awaiting.PLAN)
    awaits(work, "cancelled", Awaiting.COVERAGE, State.CANCELLED)
    awaits(view(FOREIGN), "foreign", Awaiting.COVERAGE)

    assert work.jobs.wake(MINE.payer_id, [Awaiting.COVERAGE]) == 1
    assert [job.submission_id for job in leased(work)] == ["coverage"]


def test_what_is_leased_is_not_woken(view):
    awaits(view(MINE), "1", Awaiting.COVERAGE)
    then = view(MINE, NOW + timedelta(days=30))
    leased(then)

    assert then.jobs.wake(MINE.payer_id, [Awaiting.COVERAGE]) == 0


def test_after_a_crash_every_lease_is_returned(view, connection):
    for id in ("1", "2", "3"):
        enqueue(view(MINE), id)
    first, second, _ = leased(view(MINE), limit=3)
    view(MINE).jobs.abandon(first, "Fault")
    view(MINE).jobs.put_back(second, NOW + MINUTE)

    assert view(MINE).jobs.return_leases() == 1
    assert [row[1] for row in rows(view(MINE), connection)] == [
        JobState.ABANDONED,
        JobState.WAITING,
        JobState.WAITING,
    ]
    assert [job.submission_id for job in leased(view(MINE))] == ["3"]


def test_depths_tell_each_kind_by_state_and_its_oldest(work):
    enqueue(work, "1", NOW - 2 * MINUTE)
    enqueue(work, "2", NOW - 3 * MINUTE)
    enqueue(work, "3", NOW - MINUTE)
    first, second = leased(work, limit=2)
    work.jobs.abandon(first, "Fault")
    work.jobs.put_back(second, NOW + MINUTE)
    enqueue(work, "4", NOW + MINUTE, kind="sweep")

    assert work.jobs.depths() == [
        Depth("adjudicate", waiting=2, leased=0, abandoned=1, oldest_due_at=NOW - MINUTE),
        Depth("sweep", waiting=1, leased=0, abandoned=0, oldest_due_at=None),
    ]


def test_an_empty_queue_has_no_depths(work):
    assert work.jobs.depths() == []


def test_two_workers_at_once_lease_different_jobs(installation, store):
    """On SQLite the writers follow each other, on PostgreSQL the second skips what is locked."""

    def seen_through(connection):
        return UnitOfWork(
            connection, MINE, NOW, installation.hasher, installation.new_id, installation.indexer
        )

    with store.engine.connect() as connection, behind(connection, EVERYBODY).begin():
        for number in range(4):
            enqueue(seen_through(connection), str(number))
    with store.engine.connect() as one:
        transaction = behind(one, EVERYBODY).begin()
        first = leased(seen_through(one), "one", limit=2)
        if store.is_sqlite:
            transaction.commit()
            one.close()
        with store.engine.connect() as other, behind(other, EVERYBODY).begin():
            second = leased(seen_through(other), "two", limit=4)
        if not store.is_sqlite:
            transaction.commit()

    ids = [{job.submission_id for job in found} for found in (first, second)]
    assert ids == [{"0", "1"}, {"2", "3"}]


def of_families(work, *families):
    for number, family in enumerate(families):
        work.jobs.add(work.scope, "adjudicate", ("Claim", str(number)), 1, NOW, family)


FAMILIES = {
    "of each family the first": (("A", "A", "B", "C"), 3, ["0", "2", "3"]),
    "the others where there is room": (("A", "A", "B"), 3, ["0", "1", "2"]),
    "the others before one of no family": (("A", "A", None, "B"), 3, ["0", "1", "2"]),
    "none of no family before the others": (("A", "A", None, "B"), 2, ["0", "1"]),
    "no family is as any other": ((None, None, "A", "B"), 3, ["0", "1", "2"]),
    "one family is leased as it comes": (("A", "A", "A"), 2, ["0", "1"]),
}


@pytest.mark.parametrize(("families", "limit", "taken"), FAMILIES.values(), ids=FAMILIES)
def test_jobs_of_different_families_are_leased_together(work, families, limit, taken):
    of_families(work, *families)

    assert [job.submission_id for job in leased(work, limit=limit)] == taken


def test_what_was_passed_over_is_leased_next(work):
    of_families(work, "A", "A", "B", "C")
    first = leased(work, "first", limit=2)
    for job in first:
        work.jobs.finish(job)

    assert [job.submission_id for job in first] == ["0", "2"]
    assert [job.submission_id for job in leased(work, "second", limit=2)] == ["1", "3"]


def test_a_family_that_another_worker_holds_is_left_to_it_while_there_are_others(view):
    of_families(view(MINE), "A", "A", "B", "C")
    leased(view(MINE), "first", limit=1)

    assert [job.submission_id for job in leased(view(MINE), "second", limit=2)] == ["2", "3"]
    # Nobody waits for it where there is nothing else to do.
    assert [job.submission_id for job in leased(view(MINE), "third", limit=2)] == ["1"]


def test_a_family_whose_lease_has_lapsed_is_held_by_nobody(view):
    of_families(view(MINE), "A", "B", "B", "C")
    leased(view(MINE), "first", limit=1)

    then = leased(view(MINE, NOW + MINUTE + TICK), "second", limit=3)

    assert [job.submission_id for job in then] == ["0", "1", "3"]
