"""Which other Claims are looked at for the same services: of whom, by whom, in which state."""

import pytest

from app.domain.lifecycle import State
from app.domain.parties import Payer
from app.domain.references import Identifier
from app.gateway.administration import Administration
from app.gateway.jobs.worker import Worker
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, a_task, identifier
from tests.gateway.desk import Desk
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide

DAY = "2026-03-01"
OTHER_TYPE = {"coding": [{"system": "http://codes.test/type", "code": "vision"}]}
OTHER_SERVICE = {"coding": [{"system": "http://codes.test", "code": "1300"}]}


def one_service(**elements):
    return a_claim(serviced=DAY, **elements)


@pytest.fixture
def looked_at(installation):
    """Decides what waits; the paths that were denied, of each Claim the last question tells of."""

    def asked():
        adjudicator = ScriptedAdjudicator(decide)
        Worker(installation, {"standard": adjudicator}).drain()
        return [sorted(earlier.denied) for earlier in adjudicator.asked[-1].earlier]

    return asked


@pytest.fixture
def insured_twice(core, insured):
    """Members M1 and M2."""
    core.create(a_coverage("M2"))


ELSEWHERE = {
    "another type": {"type": OTHER_TYPE},
    "another provider": {"provider": {"identifier": identifier("sid", "Sunny Hill")}},
    "another member": {"coverage": {"identifier": identifier(COVERAGE_SYSTEM, "M2")}},
    "another use": {"use": "preauthorization"},
    "another day": {"serviced": "2026-02-28"},
}


@pytest.mark.parametrize("elements", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_claim_of_something_else_is_not_looked_at(desk, insured_twice, looked_at, elements):
    desk.create(a_claim(**{"serviced": DAY, **elements}))
    desk.create(one_service())
    assert looked_at() == []

    desk.create(one_service())
    assert len(looked_at()) == 1


def test_another_service_is_not_looked_at(desk, insured, looked_at):
    other = one_service()
    other["item"][0]["productOrService"] = OTHER_SERVICE
    desk.create(other)
    desk.create(one_service())

    assert looked_at() == []


def test_a_cancelled_claim_is_not_looked_at(desk, insured, looked_at):
    taken = desk.create(one_service())
    looked_at()
    desk.task(a_task("cancel", focus=taken.stored.reference))
    desk.create(one_service())

    assert looked_at() == []


def test_a_nullified_claim_is_not_looked_at(desk, insured, looked_at):
    taken = desk.create(one_service())
    looked_at()
    desk.task(a_task("nullify", focus=taken.stored.reference))
    desk.create(one_service())

    assert looked_at() == []


def test_another_payers_claim_is_not_looked_at(desk, insured, registry, installation, looked_at):
    other = Payer("other", "Other payer")
    Administration(installation).add_payer(other)
    Desk(installation, registry.submitter("Elsewhere", payer=other).client).create(one_service())
    desk.create(one_service())

    assert looked_at() == []


def test_the_second_of_two_is_denied_and_the_first_is_paid(desk, insured, looked_at):
    first, second = desk.create(one_service()), desk.create(one_service())

    looked_at()

    assert (desk.submission(first).state, desk.submission(first).total) == (State.PAYABLE, 80)
    assert (desk.submission(second).state, desk.submission(second).total) == (State.DECIDED, 0)


def test_it_is_found_through_another_submitter_of_the_same_provider(
    desk, stranger, insured, looked_at
):
    stranger.create(one_service())
    taken = desk.create(one_service())

    assert looked_at() == [[]]
    assert desk.submission(taken).total == 0


def test_it_is_found_by_another_name_of_the_same_coverage(desk, insured, looked_at):
    (coverage,) = desk.installation.read(
        insured.client.scope,
        lambda work: [
            id
            for _, id in work.reference_data.identified(
                ("Coverage",), Identifier(COVERAGE_SYSTEM, "M1")
            )
        ],
    )
    desk.create(one_service(coverage={"reference": f"Coverage/{coverage}"}))
    desk.create(one_service())

    assert looked_at() == [[]]


def test_lines_that_were_denied_are_told(desk, core, looked_at):
    core.create(a_coverage(period={"start": "2026-03-02"}))
    desk.create(one_service(prices=["100.00", "30.00"]))
    desk.create(one_service(prices=["100.00", "30.00"]))

    assert looked_at() == [[(1,), (2,)]]


def test_a_claim_received_later_is_not_looked_at(desk, insured, looked_at):
    first = desk.create(one_service())
    desk.create(one_service())
    looked_at()

    desk.task(a_task("reprocess", focus=first.stored.reference))

    assert looked_at() == []
