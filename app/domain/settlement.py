"""What a payee is paid: the entries that decisions left, as the details of one payment.

http://hl7.org/fhir/R4/paymentreconciliation.html, docs/payments.md. Amounts are counted in the
currency's minor unit.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class EntryKind(StrEnum):
    """What an entry in the ledger of payables is: what became owed, more or less."""

    PAYMENT = "payment"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"


class DetailType(StrEnum):
    """What a detail of a payment is, by HL7's codes."""

    PAYMENT = "payment"
    ADJUSTMENT = "adjustment"


class Fault(StrEnum):
    """Why a Claim is kept out of a payment until someone has looked at it."""

    PAYEE = "payee"
    SUM = "sum"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Owed:
    """One entry that was not settled yet: of which Claim, by which response, since when."""

    seq: int
    claim_id: str
    response_id: str
    units: int
    entered_on: date


@dataclass(frozen=True, slots=True)
class Detail:
    """What one Claim takes part with; `predecessor` is the detail of it in an earlier payment."""

    claim_id: str
    response_id: str
    type: DetailType
    units: int
    dated: date
    predecessor: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The details of one payment, and the entries that it settles.

    `void` holds those that came to nothing before they were ever paid: they are in no detail.
    """

    details: tuple[Detail, ...]
    settled: tuple[Owed, ...]
    void: tuple[Owed, ...]

    def __post_init__(self) -> None:
        if self.units != sum(entry.units for entry in (*self.settled, *self.void)):
            raise Unbalanced("the details are not what was entered")

    @property
    def units(self) -> int:
        """The amount of the payment: the sum of its details, below zero where it is carried."""
        return sum(detail.units for detail in self.details)

    @property
    def is_issued(self) -> bool:
        """Whether there is a payment; what comes to less than nothing is carried forward."""
        return bool(self.details) and self.units >= 0

    @property
    def is_carried(self) -> bool:
        """Whether the payee has had more than it is owed, so that the next run begins with it."""
        return self.units < 0

    @property
    def first_day(self) -> date:
        """The day of the oldest entry; raises ValueError without any."""
        return min(entry.entered_on for entry in self.settled)


class Unbalanced(Exception):
    """A sum of the ledger is not what it must be; nothing is paid on it."""


def portion(owed: Sequence[tuple[str, int]], most: int) -> list[str]:
    """The Claims of the next payment: about `most` of those that there are, the oldest first.

    `owed` is each Claim with what it stands for, the oldest first; the sum is not below zero. The
    payment of a portion is not below zero, nor is what is left without it: what was taken back is
    set against what is owed as soon as that covers it, and a payment that would leave less than
    nothing behind takes in more Claims than `most`.
    """
    taken_back = deque(each for each in owed if each[1] < 0)
    others = deque(each for each in owed if each[1] >= 0)
    left, paid, chosen = sum(units for _, units in owed), 0, list[str]()
    while taken_back or others:
        if len(chosen) >= most and left >= 0:
            break
        covers = bool(taken_back) and (paid + taken_back[0][1] >= 0 or not others)
        claim_id, units = taken_back.popleft() if covers else others.popleft()
        chosen.append(claim_id)
        paid, left = paid + units, left - units
    return chosen


def settlement(entries: Iterable[Owed], paid: Mapping[str, str]) -> Settlement:
    """The payment that settles these entries of one payee and currency.

    `paid` names the newest detail of each Claim that was paid before. There is one detail for each
    Claim: a payment the first time, from then on an adjustment that names its predecessor.
    """
    by_claim: dict[str, list[Owed]] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq):
        by_claim.setdefault(entry.claim_id, []).append(entry)
    details, settled, void = [], [], []
    for claim_id, owed in by_claim.items():
        units = sum(entry.units for entry in owed)
        if units == 0:
            void += owed
            continue
        details.append(_detail(claim_id, owed, units, paid.get(claim_id)))
        settled += owed
    return Settlement(tuple(details), tuple(settled), tuple(void))


def _detail(claim_id: str, owed: list[Owed], units: int, predecessor: str | None) -> Detail:
    type = DetailType.ADJUSTMENT if predecessor else DetailType.PAYMENT
    newest = owed[-1]
    return Detail(claim_id, newest.response_id, type, units, newest.entered_on, predecessor)
