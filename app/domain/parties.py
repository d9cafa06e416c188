"""Who speaks: payers, their registered clients, and what a client's credential entitles it to."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.domain.clocks import TimeLimit
from app.domain.codes import HandOver
from app.domain.permissions import EVERYTHING, Permissions
from app.domain.references import Identifier

ANYBODY = "*"


class DuplicateClaims(StrEnum):
    """What happens to a Claim of other content under an identifier that a live Claim holds."""

    REFUSE = "refuse"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class PayerSettings:
    """A payer's own rules; `zone` decides which day an instant is on.

    `decide_within` are the time limits that differ from the defaults.
    `authorization_url` is where a provider reads what a preauthorization needs.
    `preauthorization_run_out` is how long after its last day Claims may still quote one.
    `keep_polls` is how long polls and statuses are kept; zero is for ever.
    """

    duplicate_claim_identifier: DuplicateClaims = DuplicateClaims.REFUSE
    default_plan: str | None = None
    adjudicator: str = "standard"
    zone: tzinfo = field(default_factory=lambda: ZoneInfo("UTC"))
    await_coverage: timedelta = timedelta(days=30)
    preauthorization_valid: timedelta = timedelta(days=90)
    await_information: timedelta = timedelta(days=30)
    real_time_budget: timedelta = timedelta(seconds=5)
    nullify_paid: bool = False
    nullify_needs_approval: bool = False
    pays_daily: bool = True
    decide_within: tuple[TimeLimit, ...] = ()
    authorization_url: str | None = None
    preauthorization_run_out: timedelta = timedelta(days=90)
    keep_polls: timedelta = timedelta(days=400)

    def over_before(self, now: datetime) -> date:
        """The day before which a preauthorization must have ended for its run-out to be over."""
        return now.astimezone(self.zone).date() - self.preauthorization_run_out

    def head_start(self, *, is_urgent: bool) -> timedelta:
        """For how long the clock leaves a job to whoever asked for it and tries it at once."""
        return self.real_time_budget if is_urgent else timedelta(0)


@dataclass(frozen=True, slots=True)
class Payer:
    """The tenant. Without identifiers, any owner and any insurer is taken to mean it.

    `reference_epoch` counts the changes of its reference data up to when this was read.
    """

    id: str
    name: str
    identifiers: tuple[Identifier, ...] = ()
    settings: PayerSettings = field(default_factory=PayerSettings)
    reference_epoch: int = 0

    def is_meant_by(self, named: tuple[Identifier, ...]) -> bool:
        """Whether an owner or insurer that carries these identifiers may mean this payer."""
        return not self.identifiers or not named or any(one in self.identifiers for one in named)


class ClientKind(StrEnum):
    """A submitter sends requests; a payer client keeps the payer's reference data."""

    SUBMITTER = "submitter"
    PAYER_CLIENT = "payer-client"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered program of one payer; `acts_for` is identifiers, or anybody.

    `may_enroll`: what it enrolls becomes the payer's own Coverage, on which money is decided.
    `permissions`: what its credential may do of what its kind may do.
    """

    id: str
    payer: Payer
    kind: ClientKind
    name: str
    identifiers: tuple[Identifier, ...] = ()
    acts_for: tuple[Identifier, ...] = ()
    acts_for_anybody: bool = False
    hand_over: HandOver = HandOver.ON_HANDOVER
    may_enroll: bool = False
    permissions: Permissions = EVERYTHING

    @property
    def scope(self) -> "Scope":
        """What this client's reads and writes are confined to."""
        is_submitter = self.kind is ClientKind.SUBMITTER
        return Scope(self.payer.id, self.id if is_submitter else None, self.id, self.permissions)

    def may_send_for(self, named: tuple[Identifier, ...]) -> bool:
        """Whether a sender with these identifiers is this submitter or one it acts for."""
        if self.acts_for_anybody or self.kind is ClientKind.PAYER_CLIENT:
            return True
        return any(one in self.identifiers or one in self.acts_for for one in named)


@dataclass(frozen=True, slots=True)
class Scope:
    """A payer, and one submitter of it; `submitter_id` None is the payer's own side.

    `client_id` tells the payer's own programs apart where they repeat themselves. `permissions`
    limit what is shown to who asks; what the gateway itself reads to carry out is not limited.
    """

    payer_id: str
    submitter_id: str | None = None
    client_id: str = ""
    permissions: Permissions = EVERYTHING

    @property
    def unlimited(self) -> "Scope":
        """The same rows for the gateway's own reading, which no permissions limit."""
        return replace(self, permissions=EVERYTHING)

    def sees(self, type: str, label: str | None) -> bool:
        """Whether whoever names a resource with this label may know that it is there."""
        return label is None or self.permissions.allows("r", type, labels=(label,))
