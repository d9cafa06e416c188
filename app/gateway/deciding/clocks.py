"""Starts, pauses and ends the clock of a Claim with what happens to the Claim.

Each in the transaction that moves the Claim, whose row is held. Docs: docs/clocks.md.
"""

from datetime import datetime

from app.domain.adjudication import Decided
from app.domain.claims import Claim
from app.domain.clocks import PAUSING, Clock, Kind, Priority, limit_for
from app.domain.decisions import Ending, verdict
from app.domain.parties import Payer
from app.store.clocks import Timed
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# http://terminology.hl7.org/CodeSystem/claim-type
_DRUGS = "pharmacy"


def received(submission: Submission, claim: Claim, payer: Payer, work: UnitOfWork) -> None:
    """The clock of a Claim that came in starts."""
    clock = _clock(claim, Priority(claim.priority), payer, work.now)
    key = (submission.id, submission.epoch, submission.submitter_id)
    work.clocks.start(Timed(*key, clock, _is_of_drugs(claim)))


def reopened(
    submission: Submission, claim: Claim, payer: Payer, work: UnitOfWork, *, is_urgent: bool
) -> None:
    """The clock of a reprocess starts; one that ran before must have ended."""
    priority = Priority.STAT if is_urgent else Priority(claim.priority)
    clock = _clock(claim, priority, payer, work.now)
    before = work.clocks.last_verdict(submission.id)
    key = (submission.id, submission.epoch, submission.submitter_id)
    work.clocks.start(Timed(*key, clock, _is_of_drugs(claim), is_reissue=True, before=before))


def awaited(before: Submission, after: Submission, work: UnitOfWork) -> None:
    """A Claim waits: its clock stands still while that is for the provider."""
    if after.awaiting in PAUSING:
        if before.awaiting not in PAUSING:
            work.clocks.pause(after.id, work.now)
    elif before.awaiting in PAUSING:
        work.clocks.resume(after.id, _waited_until(before, work.now))


def answered(before: Submission, work: UnitOfWork) -> None:
    """What a Claim waited for has come: its clock runs again."""
    work.clocks.resume(before.id, _waited_until(before, work.now))


def decided(before: Submission, decision: Decided, work: UnitOfWork) -> None:
    """A Claim is decided: its clock ends."""
    _end(before, verdict(decision), work)


def taken_away(before: Submission, ending: Ending, work: UnitOfWork) -> None:
    """A Claim is not to be decided any more, or not by the reprocess that ran."""
    _end(before, ending, work)


def _end(before: Submission, ending: Ending, work: UnitOfWork) -> None:
    work.clocks.end(before.id, work.now, ending, _waited_until(before, work.now))


def _waited_until(before: Submission, now: datetime) -> datetime:
    """Up to when a wait counts: one that nobody ended in time was over when it was due."""
    return now if before.due_at is None else min(before.due_at, now)


def _clock(claim: Claim, priority: Priority, payer: Payer, now: datetime) -> Clock:
    limit = limit_for(payer.settings.decide_within, claim.use, priority, claim.type)
    return Clock(Kind(claim.use, priority, limit.kind.type), now, now + limit.within)


def _is_of_drugs(claim: Claim) -> bool:
    return claim.type is not None and claim.type.code == _DRUGS
