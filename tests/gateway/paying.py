"""Payment runs at the gateway, and what the ledger then comes to."""

from collections import defaultdict

from sqlalchemy import select

from app.gateway.jobs.reconcile_payments import reconciled, unsettled
from app.gateway.payments.plans import MOST_CLAIMS
from app.store import tables
from tests.builders import a_claim, money


def priced(amount, currency):
    """The elements of a Claim of one line in a currency."""
    item = a_claim()["item"][0] | {"unitPrice": money(amount, currency)}
    return {"item": [item | {"net": money(amount, currency)}], "total": money(amount, currency)}


def run(desk, most=MOST_CLAIMS):
    """Pay whatever is owed by the desk's payer; what was done with each ledger."""
    payer = desk.client.payer
    return [
        paid
        for ledger in unsettled(desk.installation, payer)
        for paid in reconciled(desk.installation, payer, ledger.submitter_id, ledger.id, most)
    ]


def entries(rows, claim=None):
    """The ledger: kind and amount of each entry, of one Claim or of all."""
    wanted = {} if claim is None else {"claim_id": claim.stored.id}
    return [(str(row["kind"]), row["amount"]) for row in rows.of(tables.payable_entry, **wanted)]


def payments(desk):
    """The PaymentReconciliations that were issued, the oldest first."""
    resource = tables.resource.c
    query = select(resource.id).where(resource.type == "PaymentReconciliation")
    ids = desk.installation.store.read(lambda c: list(c.execute(query.order_by(resource.id))))
    return [desk.document(f"PaymentReconciliation/{row.id}") for row in ids]


def detailed(payment):
    """Each detail: the Claim, the type, the amount as it is written, the predecessor's value."""
    return [
        (
            detail["request"]["reference"],
            detail["type"]["coding"][0]["code"],
            str(detail["amount"]["value"]),
            detail.get("predecessor", {}).get("value"),
        )
        for detail in payment["detail"]
    ]


def assert_balanced(rows):
    """The books agree: each payment is its details, its entries, and nothing is settled twice."""
    settled = {row["entry_seq"]: row["payment_id"] for row in rows.of(tables.payable_settled)}
    of_payment, void = defaultdict(int), defaultdict(int)
    for entry in rows.of(tables.payable_entry):
        if entry["seq"] in settled and settled[entry["seq"]] is None:
            void[entry["claim_id"]] += entry["amount"]
        elif entry["seq"] in settled:
            of_payment[settled[entry["seq"]]] += entry["amount"]
    assert set(void.values()) <= {0}
    details = defaultdict(int)
    for detail in rows.of(tables.payment_detail):
        details[detail["payment_id"]] += detail["amount"]
    issued = {row["id"]: row["amount"] for row in rows.of(tables.payment)}
    assert issued == dict(details) == dict(of_payment)
