"""How much of the payer's budget a Bundle has, and what waits for the commit."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from app.gateway.real_time import AfterCommit, WithinOneBudget
from app.store.database.engine import Busy


@dataclass
class Deciding:
    """Takes some seconds for each submission."""

    seconds: float = 0
    is_busy: bool = False
    now: float = 100
    tried: list = field(default_factory=list)

    def decide_now(self, submission, payer, *, is_handed_over=False):
        self.tried.append((submission, is_handed_over))
        self.now += self.seconds
        if self.is_busy:
            raise Busy


@pytest.fixture
def patient_payer(payer):
    return replace(payer, settings=replace(payer.settings, real_time_budget=timedelta(seconds=5)))


@pytest.mark.parametrize(("seconds", "tried"), [(0, 4), (2, 3), (5, 1), (60, 1)])
def test_a_bundle_spends_the_budget_once(patient_payer, seconds, tried):
    deciding = Deciding(seconds)
    within = WithinOneBudget(deciding, lambda: deciding.now)

    for each in "1234":
        within.decide_now(("Claim", each), patient_payer, is_handed_over=True)

    assert deciding.tried == [(("Claim", each), True) for each in "1234"[:tried]]


def test_what_waits_for_the_commit_is_tried_then(patient_payer):
    waiting, deciding = AfterCommit(), Deciding()
    for each in "12":
        waiting.decide_now(("Claim", each), patient_payer)
    assert deciding.tried == []

    waiting.tried(deciding, patient_payer)

    assert deciding.tried == [(("Claim", "1"), False), (("Claim", "2"), False)]


def test_a_store_that_is_busy_then_takes_nothing_from_the_answer(patient_payer):
    waiting, deciding = AfterCommit(), Deciding(is_busy=True)
    waiting.decide_now(("Claim", "1"), patient_payer)

    waiting.tried(deciding, patient_payer)

    assert len(deciding.tried) == 1
