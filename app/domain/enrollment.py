"""What a request to enroll asks of the payer's Coverage: the rules, as one function.

http://hl7.org/fhir/R4/enrollmentrequest.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.claims import Days
from app.domain.codes import FinancialStatus, Outcome
from app.domain.period import last_day


class Action(StrEnum):
    """What enrolling did to a Coverage of the payer's."""

    CREATED = "created"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Asked:
    """The Coverage as its sender tells it; `end` is the end of its period as it is written.

    `is_findable`: it has an identifier or a subscriberId, so that a Claim can be matched to it.
    """

    status: FinancialStatus | None
    days: Days
    end: str | None = None
    is_findable: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the request is answered, and what then happens; `end` is the end that is written."""

    outcome: Outcome
    disposition: str
    action: Action | None = None
    end: str | None = None


def verdict(asked: Asked | None, kept: Sequence[Days], today: date, created: str) -> Verdict:
    """What becomes of a Coverage that the payer keeps in these periods, if at all.

    `asked` None: nobody knows what the sender's Coverage says. `created` is the day of the request.
    """
    if len(kept) > 1:
        return refused("Several of the payer's Coverages match; none of them is guessed.")
    if asked is not None and asked.status not in _UNDERSTOOD:
        return refused("The Coverage is neither active nor cancelled.")
    if asked is not None and _is_inverted(asked.days):
        return refused("The Coverage ends before it starts.")
    if not kept:
        return _taken_in(asked, today)
    if asked is None or (asked.status is FinancialStatus.ACTIVE and asked.end is None):
        return _unchanged(kept[0], today)
    return _ended(asked, kept[0], asked.end or created)


_UNDERSTOOD = {FinancialStatus.ACTIVE, FinancialStatus.CANCELLED}


def refused(disposition: str) -> Verdict:
    """Nothing changes, and why."""
    return Verdict(Outcome.ERROR, disposition)


def _is_inverted(days: Days) -> bool:
    return days.first is not None and days.last is not None and days.last < days.first


def _taken_in(asked: Asked | None, today: date) -> Verdict:
    if asked is None:
        return refused(
            "The payer keeps no such Coverage, and what it says is not known: contain it in the"
            " request, or submit it and refer to it."
        )
    if asked.status is not FinancialStatus.ACTIVE:
        return refused("The payer keeps no such Coverage: there is nothing to end.")
    if asked.days.last is not None and asked.days.last < today:
        return refused("The Coverage has ended: there is nothing to enroll in.")
    if not asked.is_findable:
        return refused("The Coverage has neither an identifier nor a subscriberId to find it by.")
    return Verdict(Outcome.COMPLETE, "The Coverage is enrolled.", Action.CREATED)


def _unchanged(kept: Days, today: date) -> Verdict:
    if kept.last is None:
        return _complete("The Coverage is enrolled already; nothing is changed.")
    if kept.last < today:
        # To answer `complete` would let the sender believe that the member is insured again.
        return refused(f"The payer's Coverage ended on {kept.last}; nothing is changed.")
    return _complete(f"The Coverage is enrolled already, until {kept.last}; nothing is changed.")


def _ended(asked: Asked, kept: Days, end: str) -> Verdict:
    last = last_day(end)
    if kept.first is not None and last < kept.first:
        return refused(
            f"The payer's Coverage starts on {kept.first} and cannot end on {last}, before that."
        )
    is_earlier = kept.last is not None and kept.last <= last
    # Whoever cancels never means to be insured for longer.
    if kept.last == last or (is_earlier and asked.status is FinancialStatus.CANCELLED):
        return _complete(f"The payer's Coverage ends on {kept.last} already; nothing is changed.")
    return Verdict(Outcome.COMPLETE, f"The Coverage ends on {last}.", Action.ENDED, end)


def _complete(disposition: str) -> Verdict:
    return Verdict(Outcome.COMPLETE, disposition)
