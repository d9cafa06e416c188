"""Payers take turns: the adjudicator of one that is slow or hangs costs no other its time."""

import threading

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.lifecycle import State
from app.gateway.administering.new_payer import new_payer
from app.gateway.jobs.worker import Worker
from tests.builders import COVERAGE_SYSTEM, a_claim, identifier
from tests.gateway.desk import Desk
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide

BATCH = 6
BACKLOG = 2 * BATCH


class Timed:
    """Decides as the standard rules, each answer after so many seconds of the test's clock."""

    rules = "timed-1"

    def __init__(self, clock, seconds=0):
        self._clock, self._seconds, self._began = clock, seconds, clock()
        self.asked_at = []

    def adjudicate(self, request):
        """The decision of the standard rules, late."""
        self.asked_at.append((self._clock() - self._began).total_seconds())
        self._clock.forward(seconds=self._seconds)
        return StandardAdjudicator().adjudicate(request)


@pytest.fixture
def quick(installation, registry):
    """A submitter of another payer, whose rules answer at once; `desk` is of the slow one."""
    registry.settle_rules(adjudicator="slow")
    other = new_payer(installation, "Second")
    return Desk(installation, registry.submitter("Other", payer=other).client)


def of_member(nth):
    return a_claim(coverage={"identifier": identifier(COVERAGE_SYSTEM, f"M{nth}")})


@pytest.mark.parametrize("seconds", [10, 31], ids=["slow", "hanging"])
def test_a_payer_does_not_wait_for_the_backlog_of_a_slow_one(
    desk, quick, installation, clock, seconds
):
    slowly = [desk.create(of_member(nth)) for nth in range(BACKLOG)]
    quickly = [quick.create(of_member(nth)) for nth in range(BATCH // 2)]
    slow, at_once = Timed(clock, seconds), Timed(clock)
    worker = Worker(installation, {"slow": slow, "standard": at_once}, batch=BATCH)

    worker.drain(limit=3 * BATCH)

    assert {quick.submission(one).state for one in quickly} == {State.DECIDED}
    # Two batches, in each of which the slow one had its share.
    assert max(at_once.asked_at) <= 2 * 31
    # Nor does the slow one wait: its oldest are decided first.
    count = len(slow.asked_at)
    assert count >= 3
    assert {desk.submission(one).state for one in slowly[:count]} == {State.DECIDED}


def test_a_first_answer_does_not_wait_for_the_last_of_a_slow_adjudicator(desk, installation, clock):
    taken = [desk.create(of_member(nth)) for nth in range(4)]
    seen = []

    def slow(request):
        clock.forward(seconds=2)
        return decide(request)

    def waits_for_the_first(request):
        pause = threading.Event()
        for _ in range(200):
            if desk.submission(taken[0]).state == State.DECIDED:
                break
            pause.wait(0.01)
        seen.append(desk.submission(taken[0]).state)
        return decide(request)

    adjudicator = ScriptedAdjudicator(slow, slow, slow, waits_for_the_first)
    assert Worker(installation, {"standard": adjudicator}).drain() == 4

    assert seen == [State.DECIDED]
    assert {desk.submission(one).state for one in taken} == {State.DECIDED}
