"""The statuses of an Invoice, and which follows which.

http://hl7.org/fhir/R4/valueset-invoice-status.html
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.money import Money, rounded


class InvoiceStatus(StrEnum):
    """How far an Invoice is."""

    DRAFT = "draft"
    ISSUED = "issued"
    BALANCED = "balanced"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"


_S = InvoiceStatus
_NEXT = {
    _S.DRAFT: frozenset({_S.ISSUED, _S.CANCELLED}),
    _S.ISSUED: frozenset({_S.BALANCED, _S.CANCELLED}),
}
# One that holds its charges: nothing else bills them.
LIVE = frozenset({_S.DRAFT, _S.ISSUED, _S.BALANCED})
BEGINNINGS = (_S.ISSUED, _S.DRAFT)


def require_next(before: InvoiceStatus, after: InvoiceStatus, reason: str | None) -> None:
    """Pass where an Invoice may go from one status to another; raises Unacceptable.

    Only a cancelled one has a reason, and it has to have one.
    """
    if after not in _NEXT.get(before, frozenset()):
        text = f"An Invoice that is {before} does not become {after}."
        raise Unacceptable(Issue(ErrorCode.INVOICE_STATUS, text, "Invoice.status"))
    if (after is _S.CANCELLED) != (reason is not None):
        text = "A cancelledReason goes with status 'cancelled', and only with that."
        raise Unacceptable(Issue(ErrorCode.INVOICE_STATUS, text, "Invoice.cancelledReason"))


@dataclass(frozen=True, slots=True)
class Balance:
    """An Invoice with tax, and what was paid of it: in one currency, never more than it comes to.

    It may be `balanced` with something left where its owner says that it is.
    """

    status: InvoiceStatus
    total: Money
    received: Money

    @property
    def left(self) -> Money:
        """What is not paid yet."""
        return self.total - self.received

    def refusal(self, payment: Money) -> str | None:
        """Why a payment is not taken; None where it is.

        More than what is left is refused: an Invoice has no place for a credit.
        """
        if self.status is not InvoiceStatus.ISSUED:
            return f"An Invoice that is {self.status} takes no payment."
        if payment.currency != self.total.currency:
            return f"The Invoice is in {self.total.currency}."
        if payment.amount <= 0 or payment.amount != rounded(payment.amount, payment.currency):
            return "A payment is above zero, in whole units of the currency."
        if payment.amount > self.left.amount:
            return f"Of the Invoice {self.left.amount:f} {self.left.currency} is left to be paid."
        return None

    def with_payment(self, payment: Money) -> "Balance":
        """After a payment that is taken: balanced once nothing is left."""
        paid = replace(self, received=(self.received + payment).rounded())
        return replace(paid, status=_S.ISSUED if paid.left.amount else _S.BALANCED)

    def reopened(self) -> "Balance":
        """After a payment was taken back: something is left, so it is issued."""
        is_open = self.status is _S.BALANCED and self.left.amount
        return replace(self, status=_S.ISSUED) if is_open else self
