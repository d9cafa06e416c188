"""What an adjudicator is asked, and the closed set of its answers.

A request holds everything that may be known, so the same request gives the same decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from app.domain.authorizations import Authorization, Use
from app.domain.claims import Claim, Days
from app.domain.codes import Cause, Coding
from app.domain.money import Money
from app.domain.persons import NOBODY_KNOWN, Person
from app.domain.plan import Plan, Price

if TYPE_CHECKING:
    from app.domain.reissue import Reissue


@dataclass(frozen=True, slots=True)
class Coverage:
    """The payer's own Coverage that a Claim's focal insurance was matched to.

    `member` and `family` are the keys under which counters are kept. Both days are inclusive.
    """

    member: str
    family: str
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True, order=True)
class Counter:
    """Names one running sum: whose, of what, in which benefit category, over which period."""

    holder: str
    kind: str
    category: str
    period: str


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount, or a number of units, that a decision adds to a counter.

    `path` is the line it is for, so that it can be carried over with that line; () for the Claim.
    """

    counter: Counter
    amount: Decimal
    path: tuple[int, ...] = ()


class Category(StrEnum):
    """The rows of an adjudication, in the order they are shown."""

    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    CONTRACTUAL = "contractual"
    NONCOVERED = "noncovered"
    DEDUCTIBLE = "deductible"
    COPAY = "copay"
    COINSURANCE = "coinsurance"
    COB_PAID = "cob-paid"
    TAX = "tax"
    BENEFIT = "benefit"
    PATIENT_SHARE = "patient-share"


@dataclass(frozen=True, slots=True)
class Amount:
    """One row: its category, the money, and why where it reduces (CARC codes)."""

    category: Category
    money: Money
    reasons: tuple[Coding, ...] = ()


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """The decision on one line, its rows in the order of `Category`; groups carry the sums."""

    path: tuple[int, ...]
    amounts: tuple[Amount, ...]
    notes: tuple[int, ...] = ()
    lines: tuple["DecidedLine", ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A process note; lines refer to it by `number`. `causes`: of a note that tells a change."""

    number: int
    text: str
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class EarlierClaim:
    """Another live Claim of the same type, patient and provider, and the paths that were denied.

    It was received before; of one that is not decided yet nothing is denied. `id` is what the
    gateway knows it by. `is_later`: received after, and decided, of a Claim that is decided again:
    it may have been paid for what the other was not.
    """

    claim: Claim
    received_on: date
    denied: frozenset[tuple[int, ...]] = frozenset()
    id: str | None = None
    is_later: bool = False


class Review(StrEnum):
    """What a person of the payer said of lines that are near duplicates of an earlier Claim's."""

    DISTINCT = "distinct"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """What an earlier payer paid: by line where it told so, else in total."""

    lines: Mapping[tuple[int, ...], Money]
    total: Money | None = None


@dataclass(frozen=True, slots=True)
class EarlierPayer:
    """An insurance before the focal one in the order of coordination.

    `answer` None: its response is not here. A subrogated coverage gives none.
    """

    answer: EarlierAnswer | None
    is_subrogated: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether it has to answer and has not."""
        return self.answer is None and not self.is_subrogated


@dataclass(frozen=True, slots=True)
class AdjudicationRequest:
    """Everything an adjudicator may know.

    `coverage` None: the payer has no such member. `is_last_call`: what was waited for did not come,
    decide with what is here. `counters` holds the sums before this Claim; a missing one is zero.
    `is_beneficiary` False: the coverage is somebody else's than the patient's.
    `affiliations` are the days on which the provider is in a network of the plan.
    `earlier` are other Claims that may ask for the same services; `review` is what a person said
    of those that nearly do. `has_more_earlier`: there are more than could be looked at.
    `authorizations` are the live preauthorizations that the Claim quotes.
    `patient` is what is known of whom the coverage insures.
    `attachments` counts the Communications about the Claim that carry something. `reissue` is the
    earlier decision where the Claim is decided again: the lines that it carries over come back as
    they are, with their notes, and their share of what is posted.
    """

    claim: Claim
    received_on: date
    coverage: Coverage | None = None
    plan: Plan | None = None
    prices: tuple[Price, ...] = ()
    is_beneficiary: bool = True
    patient: Person = NOBODY_KNOWN
    affiliations: tuple[Days, ...] = ()
    earlier: tuple[EarlierClaim, ...] = ()
    review: Review | None = None
    authorizations: tuple[Authorization, ...] = ()
    earlier_payers: tuple[EarlierPayer, ...] = ()
    counters: Mapping[Counter, Decimal] | None = None
    is_last_call: bool = False
    attachments: int = 0
    reissue: "Reissue | None" = None
    has_more_earlier: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision: lines one to one with the Claim's, totals, a sentence, and what it posts.

    `uses` is what it takes of the preauthorizations of the request; the gateway posts exactly that.
    """

    lines: tuple[DecidedLine, ...]
    totals: tuple[Amount, ...]
    disposition: str
    notes: tuple[Note, ...] = ()
    postings: tuple[Posting, ...] = ()
    uses: tuple[Use, ...] = ()

    def total(self, category: Category) -> Money | None:
        """The total of one category; None where the decision has no such row."""
        for amount in self.totals:
            if amount.category is category:
                return amount.money
        return None


class Awaiting(StrEnum):
    """What a Claim waits for."""

    COVERAGE = "coverage"
    PLAN = "plan"
    OPERATOR = "operator"
    INFORMATION = "information"
    OTHER_PAYER = "other-payer"


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not decidable yet: what is awaited, in words, and until when (None: the payer's setting)."""

    awaiting: Awaiting
    text: str
    until: datetime | None = None


Answer = Decided | Deferred


class Adjudicator(Protocol):
    """Decides Claims. A payer brings its own as an entry point in group `eclaims.adjudicators`.

    `rules` names the rule set and its version; it is kept with every decision.
    """

    rules: str

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """Answer one request: pure, no I/O, the same answer for the same request."""
        ...
