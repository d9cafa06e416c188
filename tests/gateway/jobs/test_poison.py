"""A job that its workers die of takes no other with it, and is given up in the end."""

import pytest

from app.domain.lifecycle import State
from app.gateway.jobs.worker import BATCH, LEASE, MOST_ATTEMPTS, Worker
from app.store.jobs.work_queue import WorkQueue
from app.store.tables import JobState
from tests.builders import a_claim
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide


@pytest.fixture
def died_with(installation, clock):
    """Leases jobs as a worker does, which then dies: what it had stays leased until it lapses."""

    def died(limit, *, tried):
        jobs = installation.store.write(
            lambda rows: WorkQueue(rows, clock()).lease("dead", limit, LEASE, tried=tried)
        )
        clock.forward(seconds=LEASE.total_seconds() + 1)
        return [job.submission_id for job in jobs]

    return died


def test_jobs_that_were_tried_are_leased_apart_from_the_others(desk, insured, died_with):
    tried = [desk.create(a_claim()).stored.id for _ in range(3)]
    assert died_with(BATCH, tried=False) == tried
    fresh = desk.create(a_claim()).stored.id

    assert died_with(BATCH, tried=False) == [fresh]
    assert died_with(1, tried=True) == tried[:1]


def test_the_others_of_its_batch_are_decided(desk, insured, installation, died_with):
    poison = desk.create(a_claim())
    others = [desk.create(a_claim()) for _ in range(3)]
    assert len(died_with(BATCH, tried=False)) == 4
    for _ in range(MOST_ATTEMPTS - 1):
        assert died_with(1, tried=True) == [poison.stored.id]

    Worker(installation, {"standard": ScriptedAdjudicator(decide)}).drain()

    assert {desk.submission(one).state for one in others} == {State.PAYABLE}
    ((job, state, _, fault),) = desk.jobs()
    assert (job, state, fault) == (poison.stored.id, JobState.ABANDONED, "NeverAnswered")
