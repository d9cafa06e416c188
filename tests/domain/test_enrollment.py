"""The rules of enrolment, as a table: one row, one id."""

from datetime import date

import pytest

from app.domain.claims import Days
from app.domain.codes import FinancialStatus, Outcome
from app.domain.enrollment import Action, Asked, verdict

TODAY = date(2026, 3, 2)
CREATED = "2026-03-01"
OPEN = Days(date(2026, 1, 1), None)
UNTIL_JUNE = Days(date(2026, 1, 1), date(2026, 6, 30))
ENDED = Days(date(2025, 1, 1), date(2026, 3, 1))


def an_asked(status="active", first="2026-01-01", end=None, *, is_findable=True):
    last = date.fromisoformat(end) if end else None
    days = Days(date.fromisoformat(first) if first else None, last)
    return Asked(FinancialStatus(status) if status else None, days, end, is_findable)


REFUSED = {
    "several-match": (an_asked(), [OPEN, OPEN], "Several of the payer's Coverages match"),
    "draft": (an_asked("draft"), [], "neither active nor cancelled"),
    "entered-in-error": (an_asked("entered-in-error"), [OPEN], "neither active nor cancelled"),
    "without-a-status": (an_asked(None), [], "neither active nor cancelled"),
    "inverted": (an_asked(end="2025-12-31"), [], "ends before it starts"),
    "inverted-and-kept": (an_asked(end="2025-12-31"), [OPEN], "ends before it starts"),
    "unknown": (None, [], "what it says is not known"),
    "nothing-to-end": (an_asked("cancelled"), [], "there is nothing to end"),
    "ended-yesterday": (an_asked(end="2026-03-01"), [], "there is nothing to enroll in"),
    "unfindable": (an_asked(is_findable=False), [], "neither an identifier nor a subscriberId"),
    "kept-and-ended": (an_asked(), [ENDED], "ended on 2026-03-01"),
    "ends-before-the-payers-starts": (
        an_asked(first=None, end="2025-12-31"),
        [OPEN],
        "starts on 2026-01-01 and cannot end on 2025-12-31",
    ),
    "cancelled-before-the-payers-starts": (
        an_asked("cancelled", first=None),
        [Days(date(2026, 3, 2), None)],
        "cannot end on 2026-03-01",
    ),
}
CHANGED = {
    "active": (an_asked(), [], (Action.CREATED, None)),
    "from-tomorrow": (an_asked(first="2026-03-03"), [], (Action.CREATED, None)),
    "without-days": (an_asked(first=None), [], (Action.CREATED, None)),
    "ends-today": (an_asked(end="2026-03-02"), [], (Action.CREATED, None)),
    "an-end": (an_asked(end="2026-06-30"), [OPEN], (Action.ENDED, "2026-06-30")),
    "an-end-on-the-payers-first-day": (
        an_asked(end="2026-01-01"),
        [OPEN],
        (Action.ENDED, "2026-01-01"),
    ),
    "an-earlier-end": (an_asked(end="2026-03-31"), [UNTIL_JUNE], (Action.ENDED, "2026-03-31")),
    "a-later-end": (an_asked(end="2026-12-31"), [UNTIL_JUNE], (Action.ENDED, "2026-12-31")),
    "cancelled": (an_asked("cancelled"), [OPEN], (Action.ENDED, CREATED)),
    "cancelled-from": (
        an_asked("cancelled", end="2026-03-31"),
        [UNTIL_JUNE],
        (Action.ENDED, "2026-03-31"),
    ),
}
UNCHANGED = {
    "kept": (an_asked(), [OPEN], "enrolled already"),
    "kept-until": (an_asked(), [UNTIL_JUNE], "enrolled already, until 2026-06-30"),
    "kept-and-named-alone": (None, [OPEN], "enrolled already"),
    "kept-and-not-to-be-found-by-it": (an_asked(is_findable=False), [OPEN], "enrolled already"),
    "the-same-end": (an_asked(end="2026-06-30"), [UNTIL_JUNE], "ends on 2026-06-30 already"),
    "cancelled-after-its-end": (an_asked("cancelled"), [ENDED], "ends on 2026-03-01 already"),
    "cancelled-from-later-on": (
        an_asked("cancelled", end="2026-12-31"),
        [UNTIL_JUNE],
        "ends on 2026-06-30 already",
    ),
}


@pytest.mark.parametrize(("asked", "kept", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_carried_out_changes_nothing_and_is_an_error(asked, kept, told):
    found = verdict(asked, kept, TODAY, CREATED)

    assert (found.outcome, found.action, found.end) == (Outcome.ERROR, None, None)
    assert told in found.disposition


@pytest.mark.parametrize(("asked", "kept", "change"), CHANGED.values(), ids=CHANGED)
def test_what_is_asked_for_is_done(asked, kept, change):
    found = verdict(asked, kept, TODAY, CREATED)

    assert (found.outcome, (found.action, found.end)) == (Outcome.COMPLETE, change)


@pytest.mark.parametrize(("asked", "kept", "told"), UNCHANGED.values(), ids=UNCHANGED)
def test_what_is_so_already_is_complete(asked, kept, told):
    found = verdict(asked, kept, TODAY, CREATED)

    assert (found.outcome, found.action, found.end) == (Outcome.COMPLETE, None, None)
    assert told in found.disposition
