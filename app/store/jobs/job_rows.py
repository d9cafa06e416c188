"""A job as it is leased, and what the queue of jobs tells of itself."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.parties import Scope


@dataclass(frozen=True, slots=True)
class Job:
    """One leased job."""

    id: int
    payer_id: str
    kind: str
    type: str
    submission_id: str
    submitter_id: str
    epoch: int
    attempts: int
    token: str

    @property
    def scope(self) -> Scope:
        """Whose work it is."""
        return Scope(self.payer_id, self.submitter_id)

    @property
    def submission(self) -> tuple[str, str]:
        """Type and id of what it works on."""
        return (self.type, self.submission_id)


@dataclass(frozen=True, slots=True)
class Requeued:
    """A job that was abandoned and is due again."""

    kind: str
    type: str
    submission_id: str
    submitter_id: str


@dataclass(frozen=True, slots=True)
class Depth:
    """How one kind of job stands: how many in each state, and since when the oldest waits."""

    kind: str
    waiting: int
    leased: int
    abandoned: int
    oldest_due_at: datetime | None
