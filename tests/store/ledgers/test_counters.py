"""Counters: sums to the last digit, behind a fence per holder."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.domain.adjudication import Counter, Posting
from app.store import tables
from app.store.ledgers.counters import Standings
from tests.store.scopes import FOREIGN, MINE, THEIRS

BENEFIT = Counter("member", "benefit", "", "2026")
VISITS = Counter("member", "visit", "general", "2026")
FAMILY = Counter("family", "deductible-family", "", "2026")


def post(work, submission, *postings, versions=None):
    held = [Posting(counter, Decimal(amount)) for counter, amount in postings]
    holders = {posting.counter.holder for posting in held}
    known = work.counters.read(holders).versions if versions is None else versions
    return work.counters.post(submission, held, known)


def entries(connection):
    return connection.scalar(select(func.count()).select_from(tables.counter_entry))


def test_a_holder_that_moved_since_is_refused_and_nothing_is_written(work, connection):
    stale = work.counters.read(["member", "family"]).versions
    assert post(work, "C1", (FAMILY, "1.00"))

    assert post(work, "C2", (BENEFIT, "2.00"), (FAMILY, "2.00"), versions=stale) is False
    assert entries(connection) == 1


def test_a_holder_that_did_not_move_is_posted_to(work):
    current = work.counters.read(["member"]).versions
    assert post(work, "C1", (FAMILY, "1.00"))

    assert post(work, "C2", (BENEFIT, "2.00"), versions=current) is True
    assert work.counters.read(["member", "family"]) == Standings(
        {"member": 1, "family": 1}, {BENEFIT: Decimal("2.00"), FAMILY: Decimal("1.00")}
    )


def test_a_version_counts_every_posting_of_a_holder(work):
    for number in range(3):
        assert post(work, f"C{number}", (BENEFIT, "1"), (VISITS, "1"))

    assert work.counters.read(["member"]).versions == {"member": 3}


def test_the_same_version_is_used_once(work):
    versions = {"member": 0}

    assert post(work, "C1", (BENEFIT, "1"), versions=versions) is True
    assert post(work, "C2", (BENEFIT, "1"), versions=versions) is False


def test_a_holder_that_was_never_moved_has_version_zero(work):
    assert work.counters.read(["member", "member"]) == Standings({"member": 0}, {})
    assert work.counters.read([]) == Standings({}, {})


def test_nothing_to_post_moves_nothing(work):
    assert work.counters.post("C1", [], {}) is True
    assert work.counters.read(["member"]).versions == {"member": 0}


def test_sums_are_exact(work):
    for number in range(10):
        post(work, f"C{number}", (BENEFIT, "0.10"))
    post(work, "C10", (BENEFIT, "123456789012345678.01"))

    total = work.counters.read(["member"]).sums[BENEFIT]

    assert str(total) == "123456789012345679.01"


def test_counters_are_told_apart_by_every_part_of_their_name(work):
    names = [
        BENEFIT,
        Counter("member", "copay", "", "2026"),
        Counter("member", "benefit", "general", "2026"),
        Counter("member", "benefit", "", "2027"),
    ]
    post(work, "C1", *((counter, str(number)) for number, counter in enumerate(names, 1)))

    assert work.counters.read(["member"]).sums == {
        counter: Decimal(number) for number, counter in enumerate(names, 1)
    }


def test_counters_are_the_payers_whichever_submitter_posts(view):
    post(view(MINE), "C1", (BENEFIT, "1.00"))

    assert view(THEIRS).counters.read(["member"]).sums == {BENEFIT: Decimal("1.00")}
    assert view(FOREIGN).counters.read(["member"]) == Standings({"member": 0}, {})


def test_what_a_submission_holds_is_given_back_and_nothing_else(view):
    work = view(MINE)
    post(work, "C1", (BENEFIT, "10.10"), (FAMILY, "5.00"))
    post(work, "C2", (BENEFIT, "1.01"))
    before = work.counters.read(["member", "family"]).versions

    work.counters.give_back("C1")

    after = work.counters.read(["member", "family"])
    assert after.sums == {BENEFIT: Decimal("1.01"), FAMILY: Decimal("0.00")}
    assert after.versions == {holder: version + 1 for holder, version in before.items()}


def test_giving_back_twice_gives_back_once(work, connection):
    post(work, "C1", (BENEFIT, "10.10"))

    work.counters.give_back("C1")
    standings = work.counters.read(["member"])
    work.counters.give_back("C1")

    assert work.counters.read(["member"]) == standings
    assert entries(connection) == 2


def test_giving_back_refuses_a_decision_that_read_the_sums_before(work):
    post(work, "C1", (BENEFIT, "10.00"))
    stale = work.counters.read(["member"]).versions

    work.counters.give_back("C1")

    assert post(work, "C2", (BENEFIT, "1.00"), versions=stale) is False
    assert post(work, "C2", (BENEFIT, "1.00")) is True


def test_nothing_of_another_payer_is_given_back(view):
    post(view(MINE), "C1", (BENEFIT, "1.00"))

    view(FOREIGN).counters.give_back("C1")

    assert view(MINE).counters.read(["member"]).sums == {BENEFIT: Decimal("1.00")}


@pytest.mark.parametrize("amount", ["0.01", "1e-6", "99999999999999.999999"])
def test_an_amount_and_its_opposite_are_nothing(work, amount):
    post(work, "C1", (BENEFIT, amount))

    work.counters.give_back("C1")

    assert work.counters.read(["member"]).sums == {BENEFIT: Decimal(0)}
