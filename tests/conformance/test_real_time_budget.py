"""Priority `stat` at the lower end of the payer's budget: nothing is tried without any time."""

from datetime import timedelta

import pytest

from tests.builders import a_claim, a_coverage
from tests.conformance.standings import related

STAT = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/processpriority", "code": "stat"}]
}


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(0, "queued"), (30, "complete")], ids=["no-time", "time"]
)
def test_an_urgent_claim_is_decided_at_once_unless_the_payer_gives_it_no_time(
    registry, wire, core, worker, seconds, outcome
):
    registry.settle_rules(real_time_budget=timedelta(seconds=seconds))
    core.post("Coverage", a_coverage())

    # Several, because an adjudicator may happen to answer before anybody waits for it.
    taken = [wire.post("Claim", a_claim(priority=STAT)) for _ in range(10)]

    responses = [related(one) for one in taken]
    assert [wire.get(one).document["outcome"] for one in responses] == [outcome] * 10
    worker.drain()
    assert [wire.get(one).document["outcome"] for one in responses] == ["complete"] * 10
