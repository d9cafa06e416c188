"""The calendar: one row for each job and slot, and the jobs that are enqueued with it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.domain.codes import ClaimUse
from app.domain.lifecycle import State
from app.store import tables
from app.store.jobs.calendar import Calendar
from app.store.submissions import Submission
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, THEIRS
from tests.store.terms import TERMS, granted

KIND = "expire"
LAST_DAY = TERMS.ends_on
DAY_AFTER = LAST_DAY + timedelta(days=1)


@pytest.fixture
def calendar(connection):
    return Calendar(connection, NOW)


def reserved(work, id, *, ends_on=LAST_DAY, state=State.DECIDED):
    """A preauthorization with a reservation that ends on a day."""
    work.submissions.add(
        Submission(
            type="Claim",
            id=id,
            submitter_id=work.scope.submitter_id,
            state=state,
            epoch=3,
            created_at=NOW,
            use=ClaimUse.PREAUTHORIZATION,
        )
    )
    work.reservations.reserve(id, granted(100), replace(TERMS, ends_on=ends_on))


def enqueued(connection):
    job = tables.job.c
    query = select(job.payer_id, job.submission_id, job.submitter_id, job.kind, job.epoch)
    return [tuple(row) for row in connection.execute(query.order_by(job.submission_id))]


def test_a_slot_is_taken_once(calendar):
    assert calendar.take(KIND, "P1 2026-03-02") is True

    assert calendar.take(KIND, "P1 2026-03-02") is False
    assert calendar.take(KIND, "P1 2026-03-03") is True
    assert calendar.take("other", "P1 2026-03-02") is True


def test_what_ended_before_today_is_enqueued_for_its_submitter(calendar, view, connection):
    reserved(view(MINE), "C1")
    reserved(view(THEIRS), "C2")

    assert calendar.enqueue_ended_reservations(KIND, MINE.payer_id, LAST_DAY) == 0
    assert calendar.enqueue_ended_reservations(KIND, MINE.payer_id, DAY_AFTER) == 2

    assert enqueued(connection) == [
        (MINE.payer_id, "C1", MINE.submitter_id, KIND, 3),
        (MINE.payer_id, "C2", THEIRS.submitter_id, KIND, 3),
    ]
    [due] = set(connection.scalars(select(tables.job.c.due_at)))
    assert due == NOW


def test_what_is_enqueued_can_be_leased(calendar, work):
    reserved(work, "C1")
    calendar.enqueue_ended_reservations(KIND, MINE.payer_id, DAY_AFTER)

    [job] = work.jobs.lease("token", 10, timedelta(minutes=1))

    assert (job.kind, job.submission, job.scope) == (KIND, ("Claim", "C1"), MINE)


@pytest.mark.parametrize("state", [state for state in State if state is not State.DECIDED])
def test_only_what_is_decided_is_enqueued(calendar, work, connection, state):
    reserved(work, "C1", state=state)
    reserved(work, "C2")

    assert calendar.enqueue_ended_reservations(KIND, MINE.payer_id, DAY_AFTER) == 1
    assert [row[1] for row in enqueued(connection)] == ["C2"]


def test_what_has_no_end_or_is_closed_is_not_enqueued(calendar, work):
    reserved(work, "C1", ends_on=None)
    reserved(work, "C2", ends_on=date(2026, 12, 31))
    for id, close in (("C3", "expire"), ("C4", "cancel")):
        reserved(work, id)
        getattr(work.reservations, close)(id)

    assert calendar.enqueue_ended_reservations(KIND, MINE.payer_id, DAY_AFTER) == 0


def test_each_payer_has_its_own(calendar, view, connection):
    reserved(view(MINE), "C1")
    reserved(view(FOREIGN), "C1")

    assert calendar.enqueue_ended_reservations(KIND, FOREIGN.payer_id, DAY_AFTER) == 1
    assert [row[0] for row in enqueued(connection)] == [FOREIGN.payer_id]
