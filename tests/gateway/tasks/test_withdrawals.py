"""What a list names is withdrawn again in a database that does not know of it yet."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.gateway.tasks.withdrawals import Applied, apply, withdrawn
from app.store import tables
from app.store.backups.withdrawn import Hold, Nullified, Withdrawn
from tests.builders import a_claim, a_task

TASK = "a-task-of-later"


@pytest.fixture
def claim(wire, worker):
    """The id of a decided Claim."""
    taken = wire.post("Claim", a_claim())
    worker.drain()
    return taken.document["id"]


@pytest.fixture
def at(clock):
    """When it was nullified in the database that is lost: later than anything here."""
    return clock.now + timedelta(hours=1)


@pytest.fixture
def stone(payer, at, claim):
    """What tells that it was."""
    return Nullified(at, payer.id, TASK, "Claim", claim)


# --- what is left alone


def test_what_no_list_names_stays(installation, wire, claim):
    assert apply(installation, Withdrawn()) == Applied(0, 0, 0, 0, 0)
    assert wire.get(f"Claim/{claim}").status == 200


def test_a_payer_that_is_not_here_is_passed_over(installation, wire, claim, stone):
    strange = Nullified(stone.nullified_at, "nobody", TASK, "Claim", claim)
    hold = Hold("nobody", "Claim", claim)

    assert apply(installation, Withdrawn((strange,), (), (hold,))) == Applied(0, 0, 0, 0, 0)
    assert apply(installation, Withdrawn((stone,))).purged > 0
    assert wire.get(f"Claim/{claim}").status == 410


# --- what is done


def test_it_goes_as_it_went_and_is_told_with_its_own_time_and_task(
    installation, rows, wire, claim, stone, at
):
    applied = apply(installation, Withdrawn((stone,)))

    assert applied == Applied(purged=1, remembered=0, tokens=0, holds=0, rights=0)
    assert wire.get(f"Claim/{claim}").status == 410
    [kept] = rows.of(tables.tombstone, type="Claim")
    assert (kept["id"], kept["task_id"], kept["nullified_at"]) == (claim, TASK, at)
    assert rows.of(tables.resource_version, type="ClaimResponse") == []
    assert rows.of(tables.live_identifier) == []


def test_what_was_under_legal_hold_as_the_backup_was_made_goes_where_it_went_later(
    installation, rows, wire, claim, stone
):
    rows.change(tables.submission, {"id": claim}, is_held=True)

    apply(installation, Withdrawn((stone,)))

    assert wire.get(f"Claim/{claim}").status == 410


def test_a_nullify_that_waited_for_approval_then_is_answered(
    installation, registry, wire, worker, claim, at
):
    registry.settle_rules(nullify_needs_approval=True)
    task = wire.task(a_task("nullify", focus=f"Claim/{claim}"))
    assert task.document["status"] == "in-progress"
    stone = Nullified(at, registry.payer.id, task.document["id"], "Claim", claim)

    apply(installation, Withdrawn((stone,)))
    worker.drain()

    assert wire.get(task.reference).document["status"] == "completed"
    assert wire.get(f"Claim/{claim}").status == 410


def test_what_came_and_went_later_is_remembered_for_the_next_list(installation, payer, at):
    later = Nullified(at, payer.id, TASK, "Claim", "never-here")

    assert apply(installation, Withdrawn((later,))) == Applied(0, 1, 0, 0, 0)
    assert withdrawn(installation).nullified == (later,)


def test_a_late_duplicate_of_what_went_is_refused_and_another_is_welcome(
    installation, payer, wire, worker, at
):
    document = a_claim()
    id = wire.post("Claim", document).document["id"]
    worker.drain()

    apply(installation, Withdrawn((Nullified(at, payer.id, TASK, "Claim", id),)))

    assert wire.post("Claim", document).status == 410
    assert wire.post("Claim", a_claim()).status == 201


def test_a_disabled_client_is_not_let_in_again_by_an_older_list(installation, payer, submitter, at):
    [active] = withdrawn(installation).tokens
    disabled = replace(active, disabled_at=at, changed_at=at)
    older, newer = Withdrawn(tokens=(active,)), Withdrawn(tokens=(disabled,))
    assert older.with_others(newer) == newer.with_others(older)

    assert apply(installation, older.with_others(newer)).tokens == 1

    assert withdrawn(installation).tokens == (disabled,)
    assert apply(installation, older).tokens == 0
    assert withdrawn(installation).tokens == (disabled,)


def test_of_two_tokens_the_newer_counts_and_the_database_goes_on_telling_so(
    installation, administration, submitter, at
):
    [first] = withdrawn(installation).tokens
    administration.rotate(submitter)
    [second] = withdrawn(installation).tokens
    third = replace(second, token_hash="3" * 64, changed_at=at)

    assert apply(installation, Withdrawn(tokens=(first,))).tokens == 0
    assert withdrawn(installation).tokens == (second,)
    assert apply(installation, Withdrawn(tokens=(third, first))).tokens == 1
    assert withdrawn(installation).tokens == (third,)


# --- what happens twice


def test_what_is_withdrawn_already_is_no_news(installation, rows, claim, stone):
    given = Withdrawn((stone,))
    apply(installation, given)
    counts = rows.counts()

    assert apply(installation, given) == Applied(0, 0, 0, 0, 0)
    assert rows.counts() == counts
