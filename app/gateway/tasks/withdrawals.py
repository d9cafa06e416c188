"""What was withdrawn after a backup was made stays withdrawn in what is restored from it.

Docs: docs/backup.md, "What was nullified stays gone".
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from app.domain.codes import TaskStatus
from app.domain.issues import Refused
from app.domain.lifecycle import State
from app.domain.parties import Payer, Scope
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from app.gateway.purging.nullification import nullified
from app.gateway.purging.purges import purged
from app.gateway.tasks import versions as task_versions
from app.store import rights, tokens
from app.store.audit import Event
from app.store.backups import withdrawn as lists
from app.store.backups.withdrawn import Hold, Nullified, Withdrawn
from app.store.database.walls import EVERYBODY
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

ACTOR = "restore"


class StillThere(Exception):
    """Something that was nullified cannot be purged again; the message names it."""


@dataclass(frozen=True, slots=True)
class Applied:
    """How many were purged again, remembered as gone, locked out or given another token, held.

    `rights` are the clients whose scopes are others again, or whose keys were taken away.
    """

    purged: int
    remembered: int
    tokens: int
    holds: int
    rights: int


def withdrawn(installation: Installation) -> Withdrawn:
    """What was withdrawn until now."""
    return installation.store.read(lists.of, EVERYBODY)


def apply(installation: Installation, given: Withdrawn) -> Applied:
    """Withdraw again what a list names; what is withdrawn already stays so, so it may be repeated.

    Holds come last, or they would be in the way. Raises StillThere.
    """
    payers = {payer.id: payer for payer in Administration(installation).payers()}
    purges = remembered = 0
    for (payer_id, task_id), group in groupby(
        sorted(given.nullified, key=lambda one: (one.payer_id, one.nullified_at, one.task_id)),
        lambda one: (one.payer_id, one.task_id),
    ):
        if payer_id in payers:
            once_more = _Purge(installation, payers[payer_id], task_id, tuple(group))
            some, others = once_more.carried_out()
            purges, remembered = purges + some, remembered + others
    now, hasher = installation.clock(), installation.hasher
    changed = installation.store.write(
        lambda rows: tokens.let_count(rows, given.tokens, hasher, now), EVERYBODY
    )
    rights_changed = installation.store.write(
        lambda rows: rights.let_count(rows, given.rights, hasher), EVERYBODY
    )
    holds = sum(_held(installation, hold) for hold in given.holds if hold.payer_id in payers)
    return Applied(purges, remembered, changed, holds, rights_changed)


def _held(installation: Installation, hold: Hold) -> bool:
    def effect(work: UnitOfWork) -> bool:
        found = work.submissions.find(hold.type, hold.id, lock=True)
        if found is None or found.is_held or found.state is State.NULLIFIED:
            return False
        work.audit.add(Event(ACTOR, "hold", "repeated", hold.type, hold.id))
        return work.submissions.move(found, is_held=True) is not None

    return installation.write(Scope(hold.payer_id), effect)


@dataclass(frozen=True, slots=True)
class _Purge:
    """What one Task nullified, to be nullified once more."""

    installation: Installation
    payer: Payer
    task_id: str
    stones: tuple[Nullified, ...]

    def carried_out(self) -> tuple[int, int]:
        """How many resources were purged, and how many are only remembered as gone."""
        # As if it were then, so that tombstones and answers tell when it was.
        then = replace(self.installation, clock=lambda: self.stones[0].nullified_at)
        return then.write(Scope(self.payer.id), self._effect)

    def _effect(self, work: UnitOfWork) -> tuple[int, int]:
        missing = [one for one in self.stones if work.tombstones.find(one.type, one.id) is None]
        found = [work.submissions.find(one.type, one.id, lock=True) for one in missing]
        living = [one for one in found if one is not None and one.state is not State.NULLIFIED]
        for submission in living:
            if submission.is_held:
                work.submissions.move(submission, is_held=False)
        # What is attached to a Claim goes with it.
        for submission in sorted(living, key=lambda one: one.type != "Claim"):
            self._nullify(submission, work)
        return self._leftovers(missing, work)

    def _nullify(self, submission: Submission, work: UnitOfWork) -> None:
        current = work.submissions.find(*submission.key, lock=True)
        if current is None or current.state is State.NULLIFIED:
            return
        own = work.within(Scope(self.payer.id, current.submitter_id, ACTOR))
        try:
            receipt = nullified(current, self.task_id, self.payer, own)
        except Refused as refusal:
            why = refusal.issues[0].text
            raise StillThere(f"{current.type}/{current.id}: {why}") from None
        row = own.tasks.find(self.task_id)
        if row is not None and row.status is TaskStatus.IN_PROGRESS:
            outcome = purged(receipt, current)
            task_versions.ended(self.task_id, outcome, current, self.payer, own)
        own.audit.add(Event(ACTOR, "nullify", "repeated", *current.key, self.task_id))

    def _leftovers(self, missing: Iterable[Nullified], work: UnitOfWork) -> tuple[int, int]:
        """Purge what nothing led to; remember what is not here, for it came after the backup."""
        purges = remembered = 0
        for one in missing:
            is_marked = work.tombstones.find(one.type, one.id) is not None
            versions = work.resources.purge(one.type, one.id)
            if not is_marked:
                work.tombstones.add(one.type, one.id, one.task_id)
            work.replay_keys.forget_conditions(one.type, one.id)
            purges += is_marked or versions > 0
            remembered += not is_marked and versions == 0
        return purges, remembered
