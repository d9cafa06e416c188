"""What a person of the payer says about a Claim that awaits an operator; it is then asked anew.

Docs: docs/adjudication.md, "Review by an operator".
"""

from app.domain.adjudication import Awaiting, Review
from app.domain.lifecycle import State
from app.domain.parties import Payer, Scope
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import ADJUDICATE
from app.store.audit import Event
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

OPERATOR = "operator"
ACTION = "review"
# More than a person looks at in one sitting.
MOST_LISTED = 500


class NotAwaited(Exception):
    """No such Claim of the payer awaits an operator."""


class Reviews:
    """The Claims that await a person, and that person's word."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def waiting(self, payer: Payer) -> list[Submission]:
        """The Claims that await an operator, the oldest first, at most MOST_LISTED."""
        return self._installation.read(
            Scope(payer.id),
            lambda work: work.submissions.waiting_for(Awaiting.OPERATOR, MOST_LISTED),
        )

    def say(self, payer: Payer, claim_id: str, review: Review | None) -> None:
        """Keep what was said (None: nothing new) and queue the Claim; raises NotAwaited.

        What was said holds for the Claim from now on, also where it is decided again.
        """
        self._installation.write(Scope(payer.id), lambda work: _said(claim_id, review, payer, work))


def _said(claim_id: str, review: Review | None, payer: Payer, work: UnitOfWork) -> None:
    claim = work.submissions.find("Claim", claim_id, lock=True)
    if claim is None or claim.state is not State.AWAITING:
        raise NotAwaited(claim_id)
    if claim.awaiting is not Awaiting.OPERATOR:
        raise NotAwaited(claim_id)
    moved = work.submissions.move(
        claim,
        state=State.QUEUED,
        epoch=claim.epoch + 1,
        awaiting=None,
        awaiting_text=None,
        due_at=None,
        review=review or claim.review,
    )
    if moved is None:
        raise NotAwaited(claim_id)
    owner = Scope(payer.id, claim.submitter_id)
    work.jobs.add(owner, ADJUDICATE, moved.key, moved.epoch, work.now)
    work.audit.add(Event(OPERATOR, ACTION, str(review or "again"), *moved.key))
