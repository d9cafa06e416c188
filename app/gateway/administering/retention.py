"""What need not be kept is taken away, so much in a transaction. Docs: docs/retention.md."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from app.domain.parties import Payer, Scope
from app.gateway.installation import Installation
from app.store.retention import Asked
from app.store.unit_of_work import UnitOfWork

AT_ONCE = 200
MOST_COUNTED = 1_000_000
# Both are longer than any two clocks differ, and slots than a night's jobs may be late.
KEEP_LAPSED_KEYS = timedelta(days=7)
KEEP_SLOTS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Expired:
    """How many polls and statuses, replay keys, slots of the calendar, and used assertions."""

    polls: int = 0
    replay_keys: int = 0
    calendar_slots: int = 0
    assertions: int = 0

    def __add__(self, other: "Expired") -> "Expired":
        return Expired(
            self.polls + other.polls,
            self.replay_keys + other.replay_keys,
            self.calendar_slots + other.calendar_slots,
            self.assertions + other.assertions,
        )


def expired(payer: Payer, work: UnitOfWork, at_most: int = MOST_COUNTED) -> Expired:
    """What a payer has that is old enough to go; what a hold or a client keeps is counted too.

    Of each kind no more than `at_most` are counted.
    """
    before = _polls_before(payer, work)
    counts = work.retention.counts(before, _keys_before(work), _slots_before(work), at_most)
    return Expired(*counts, work.used_assertions.count_lapsed(work.now, at_most))


def forget_expired(installation: Installation, payer: Payer) -> Expired:
    """Take away what a payer need not keep; what that was.

    May be broken off anywhere and run again, and by several at once.
    """
    scope, done = Scope(payer.id), Expired()
    at: Asked | None = None
    while True:
        gone, at = installation.write(scope, partial(_polls, payer, at))
        done += gone
        if at is None:
            break
    for step in (_keys, _slots, _assertions):
        while (gone := installation.write(scope, step)) != Expired():
            done += gone
    return done


def _polls_before(payer: Payer, work: UnitOfWork) -> datetime | None:
    return work.now - payer.settings.keep_polls if payer.settings.keep_polls else None


def _keys_before(work: UnitOfWork) -> datetime:
    return work.now - KEEP_LAPSED_KEYS


def _slots_before(work: UnitOfWork) -> datetime:
    return work.now - KEEP_SLOTS


def _polls(payer: Payer, after: Asked | None, work: UnitOfWork) -> tuple[Expired, Asked | None]:
    """The next Tasks: how many went, and the last that was looked at, None past the end."""
    before = _polls_before(payer, work)
    asked = [] if before is None else work.retention.asked(before, after, AT_ONCE)
    ids = work.retention.forgettable(asked) if asked else []
    if ids:
        work.retention.forget(ids)
    return Expired(polls=len(ids)), asked[-1] if len(asked) == AT_ONCE else None


def _keys(work: UnitOfWork) -> Expired:
    keys = work.retention.lapsed_keys(_keys_before(work), AT_ONCE)
    if keys:
        work.retention.forget_keys(_keys_before(work), keys)
    return Expired(replay_keys=len(keys))


def _slots(work: UnitOfWork) -> Expired:
    slots = work.retention.old_slots(_slots_before(work), AT_ONCE)
    if slots:
        work.retention.forget_slots(slots)
    return Expired(calendar_slots=len(slots))


def _assertions(work: UnitOfWork) -> Expired:
    # Their time tells already by how much clocks may differ.
    lapsed = work.used_assertions.lapsed(work.now, AT_ONCE)
    if lapsed:
        work.used_assertions.forget(lapsed)
    return Expired(assertions=len(lapsed))
