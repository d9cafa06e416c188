"""Account/{id}/$invoice: what is refused, what is billed, what happens twice."""

from decimal import Decimal

import pytest

from app.fhir.validation import check
from tests.builders import money
from tests.conformance.accounts import Billing, billed


@pytest.fixture
def billing(wire, core) -> Billing:
    """An account-keeping submitter whose payer keeps one price: 50.00 EUR and 19 % tax."""
    billing = Billing(wire, core)
    billing.price("1200", "50.00", {"type": "tax", "factor": Decimal("0.19")})
    return billing


def test_what_is_billable_becomes_an_invoice(billing):
    account = billing.account(owner={"reference": "Organization/clinic"})
    charges = sorted([billing.charge(account), billing.charge(account, quantity={"value": 2})])

    made = billing.invoice(account)

    assert made.status == 201
    assert made.headers["Location"].endswith(f"{made.reference}/_history/1")
    assert check(made.document) == []
    assert sorted(billed(made)) == charges
    told = {name: made.document[name] for name in ("status", "totalNet", "totalGross", "account")}
    assert told == {
        "status": "issued",
        "totalNet": money("150.00"),
        "totalGross": money("178.50"),
        "account": {"reference": account, "type": "Account"},
    }
    assert made.document["subject"] == {"reference": "Patient/p1"}
    assert made.document["issuer"] == {"reference": "Organization/clinic"}
    assert [billing.wire.get(each).document["status"] for each in charges] == ["billed"] * 2
    assert [billing.wire.get(each).document["meta"]["versionId"] for each in charges] == ["2"] * 2
    assert billing.wire.get(made.reference).text == made.text
