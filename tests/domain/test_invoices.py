"""Which status of an Invoice follows which."""

from itertools import product

import pytest

from app.domain.invoices import InvoiceStatus, require_next
from app.domain.issues import ErrorCode, Unacceptable

LAWFUL = {
    ("draft", "issued"),
    ("draft", "cancelled"),
    ("issued", "balanced"),
    ("issued", "cancelled"),
}


def errors_of(before, after, reason):
    try:
        require_next(InvoiceStatus(before), InvoiceStatus(after), reason)
    except Unacceptable as no:
        return [issue.error for issue in no.issues]
    return []


def test_of_all_pairs_four_are_lawful():
    told = {
        (before, after): errors_of(before, after, "by mistake" if after == "cancelled" else None)
        for before, after in product(map(str, InvoiceStatus), repeat=2)
    }

    assert {pair for pair, errors in told.items() if not errors} == LAWFUL
    assert {tuple(errors) for errors in told.values()} == {(), (ErrorCode.INVOICE_STATUS,)}


@pytest.mark.parametrize(
    ("after", "reason", "passes"),
    [
        ("cancelled", None, False),
        ("cancelled", "by mistake", True),
        ("balanced", "by mistake", False),
        ("balanced", None, True),
    ],
)
def test_a_cancelled_one_and_no_other_has_a_reason(after, reason, passes):
    assert errors_of("issued", after, reason) == ([] if passes else [ErrorCode.INVOICE_STATUS])
