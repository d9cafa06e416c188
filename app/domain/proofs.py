"""The proof of a payment, for people: what was carried, what came to it, what was paid.

Amounts are counted in the currency's minor unit. Docs: docs/payments.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.money import Money
from app.domain.settlement import DetailType, Fault, Unbalanced


@dataclass(frozen=True, slots=True)
class Line:
    """One detail of a payment; `brought` is what of it had been carried forward until then."""

    position: int
    claim_id: str
    type: DetailType
    units: int
    brought: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A Claim that the payment does not hold, why, and what it stands for."""

    claim_id: str
    fault: Fault
    units: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What one PaymentReconciliation is made of; raises Unbalanced where it is not.

    `carried` is what the run before left, zero or less; `withdrawn` the opposite of what of it is
    not in this payment: cancelled before it was paid, decided again, left out.
    """

    payment_id: str
    payee: str
    issued_on: date
    currency: str
    units: int
    carried: int
    withdrawn: int
    lines: Sequence[Line]
    left_out: Sequence[LeftOut] = ()

    def __post_init__(self) -> None:
        brought = sum(line.brought for line in self.lines)
        details = sum(line.units for line in self.lines)
        if self.carried + self.withdrawn != brought or details != self.units:
            raise Unbalanced(f"payment {self.payment_id} is not what it is made of")

    @property
    def payments(self) -> int:
        """What Claims were paid for the first time, without what had been carried."""
        return self._new(DetailType.PAYMENT)

    @property
    def adjustments(self) -> int:
        """What was changed or taken back of what had been paid, without what had been carried."""
        return self._new(DetailType.ADJUSTMENT)

    @property
    def carried_on(self) -> int:
        """What is left for the next run: nothing, for a payment is not issued below zero."""
        before = self.carried + self.withdrawn + self.payments + self.adjustments
        return before - self.units

    @property
    def equation(self) -> tuple[tuple[str, Money], ...]:
        """The terms of the equation, in its order; the last two are what the others come to."""
        return (
            ("Carried forward before", self.money(self.carried)),
            ("Of that withdrawn", self.money(self.withdrawn)),
            ("Payments", self.money(self.payments)),
            ("Adjustments", self.money(self.adjustments)),
            ("Paid", self.money(self.units)),
            ("Carried on", self.money(self.carried_on)),
        )

    def money(self, units: int) -> Money:
        """So many of the currency's minor unit."""
        return Money.of_minor_units(units, self.currency)

    def _new(self, type: DetailType) -> int:
        return sum(line.units - line.brought for line in self.lines if line.type is type)
