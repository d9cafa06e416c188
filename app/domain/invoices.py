"""The statuses of an Invoice, and which follows which.

http://hl7.org/fhir/R4/valueset-invoice-status.html
"""

from enum import StrEnum

from app.domain.issues import ErrorCode, Issue, Unacceptable


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
