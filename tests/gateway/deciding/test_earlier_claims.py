"""Which other Claims are looked at for the same services: of whom, by whom, in which state."""

import pytest

from app.domain.lifecycle import State
from app.domain.parties import Payer
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.business.claims import read_claim
from app.gateway.administering.administration import Administration
from app.gateway.deciding.earlier_claims import earlier_claims
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


def test_decided_again_a_claim_stays_paid_beside_a_later_one_that_was_denied_for_it(
    desk, insured, looked_at
):
    first = desk.create(one_service())
    desk.create(one_service())
    looked_at()

    desk.task(a_task("reprocess", focus=first.stored.reference))

    assert looked_at() == [[(1,)]]
    assert desk.submission(first).total == 80


@pytest.fixture
def among(desk, payer):
    """Which Claims are looked at for one where only so many are, and whether there are more."""

    def looked(taken, most):
        base = desk.installation.base_url
        claim = read_claim(json_text.parsed(taken.stored.text), base)

        def others(work):
            submission = work.submissions.find("Claim", taken.stored.id)
            return earlier_claims(submission, claim, None, payer, base, work, most)

        found = desk.see(others)
        return [each.id for each in found.claims], found.has_more

    return looked


def test_claims_that_are_not_live_or_came_later_are_in_nobodys_place(desk, insured, among, clock):
    for _ in range(2):
        desk.task(a_task("cancel", focus=desk.create(one_service()).stored.reference))
    live, asking = desk.create(one_service()), desk.create(one_service())
    clock.forward(minutes=1)
    desk.create(one_service())

    assert among(asking, 1) == ([live.stored.id], False)


def test_where_there_are_more_than_are_looked_at_it_is_told(desk, insured, among):
    first, second, asking = (desk.create(one_service()) for _ in range(3))

    assert among(asking, 1) == ([first.stored.id], True)
    assert among(asking, 2) == ([first.stored.id, second.stored.id], False)


def test_a_claim_that_tells_the_end_of_its_bill_alone_is_found_by_the_day_it_is_decided_on(
    desk, insured, looked_at
):
    # Of the bill only the start says when a service was; without it, the Claim's own day does.
    first = a_claim(billablePeriod={"end": DAY}, created="2026-02-20", serviced=DAY)
    del first["item"][0]["servicedDate"]
    desk.create(first)
    second = desk.create(a_claim(serviced="2026-02-20"))

    assert looked_at() == [[]]
    assert desk.submission(second).total == 0


def test_decided_again_a_claim_is_not_paid_beside_a_later_one_until_that_is_cancelled(
    desk, core, looked_at
):
    first = desk.create(one_service())
    looked_at()
    core.create(a_coverage())
    second = desk.create(one_service())
    looked_at()

    desk.task(a_task("reprocess", focus=first.stored.reference))
    assert looked_at() == [[]]
    assert [desk.submission(each).total for each in (first, second)] == [0, 80]

    desk.task(a_task("cancel", focus=second.stored.reference))
    desk.task(a_task("reprocess", focus=first.stored.reference))
    assert looked_at() == []
    assert desk.submission(first).total == 80
