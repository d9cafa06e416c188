"""The books of payments, read from the rows alone and held against the model: nothing twice."""

from collections import Counter
from typing import Any

from app.fhir import json_text
from app.store.bodies import decoded
from tests.reliability.model.model import Model
from tests.reliability.model.table import FINISHED, UNDECIDED
from tests.reliability.model.world import Rows


def books_balance(rows: Rows, model: Model, clients: dict[str, str]) -> None:
    """Every sum of money that is owed, carried or paid."""
    settled = {row["entry_seq"]: row["payment_id"] for row in rows["payable_settled"]}
    _each_claim_is_owed_its_benefit(rows, model)
    _each_claim_was_paid_once(rows, model, settled)
    _payments_are_their_details_and_their_entries(rows, settled)
    _all_that_is_owed_is_paid_or_open(rows, model, settled)
    _what_is_carried_is_the_sum_of_its_entries(rows, model, clients)


def _each_claim_is_owed_its_benefit(rows: Rows, model: Model) -> None:
    """Its entries come to the benefit of its decision in force, or to nothing once it ended."""
    entered: Counter[str] = Counter()
    for row in rows["payable_entry"]:
        entered[row["claim_id"]] += row["amount"]
    assert _owing(entered) == _owing(model.payables.entered)
    assert _owing(entered) == {
        claim["id"]: benefit
        for claim in model.claims.values()
        if claim["use"] == "claim" and claim["state"] in FINISHED | UNDECIDED
        if claim["is_decided"] and (benefit := claim["benefit"])
    }


def _each_claim_was_paid_once(rows: Rows, model: Model, settled: dict[int, str | None]) -> None:
    paid: Counter[str] = Counter()
    for row in rows["payment_detail"]:
        paid[row["claim_id"]] += row["amount"]
    by_entry: Counter[str] = Counter()
    for row in rows["payable_entry"]:
        if settled.get(row["seq"]) is not None:
            by_entry[row["claim_id"]] += row["amount"]
    assert _owing(paid) == _owing(by_entry) == _owing(model.payables.settled)


def _payments_are_their_details_and_their_entries(
    rows: Rows, settled: dict[int, str | None]
) -> None:
    details: Counter[str] = Counter()
    for row in rows["payment_detail"]:
        details[row["payment_id"]] += row["amount"]
    entries: Counter[str] = Counter()
    for row in rows["payable_entry"]:
        if (payment := settled.get(row["seq"])) is not None:
            entries[payment] += row["amount"]
    issued = {row["id"]: row["amount"] for row in rows["payment"]}
    assert issued == dict(details) == dict(entries) == _told(rows)
    assert all(amount >= 0 for amount in issued.values())


def _told(rows: Rows) -> dict[str, int]:
    """What the PaymentReconciliations say, of which each is the sum of its details."""
    told = {}
    for row in rows["resource_version"]:
        if row["type"] == "PaymentReconciliation":
            text = decoded(row["body_format"], row["key_id"], row["body"])
            document: dict[str, Any] = json_text.parsed(text)
            amounts = [detail["amount"]["value"] for detail in document["detail"]]
            assert sum(amounts) == document["paymentAmount"]["value"]
            told[row["id"]] = int(document["paymentAmount"]["value"] * 100)
    return told


def _all_that_is_owed_is_paid_or_open(
    rows: Rows, model: Model, settled: dict[int, str | None]
) -> None:
    """All reconciliations and what is open come to the benefits of the live Claims."""
    issued = sum(row["amount"] for row in rows["payment"])
    is_open = [row["amount"] for row in rows["payable_entry"] if row["seq"] not in settled]
    assert issued + sum(is_open) == sum(model.payables.entered.values())


def _what_is_carried_is_the_sum_of_its_entries(
    rows: Rows, model: Model, clients: dict[str, str]
) -> None:
    amounts = {row["seq"]: row["amount"] for row in rows["payable_entry"]}
    marked: Counter[str] = Counter()
    for row in rows["payable_carried"]:
        marked[row["ledger_id"]] += amounts[row["entry_seq"]]
    ledgers = {row["id"]: row for row in rows["payee_ledger"]}
    assert _owing(marked) == _owing({id: row["carried"] for id, row in ledgers.items()})
    of_sender = {row["submitter_id"]: row["carried"] for row in ledgers.values()}
    carried = {clients[sender]: units for sender, units in model.payables.carried.items()}
    assert _owing(of_sender) == _owing(carried)


def _owing(amounts: dict[str, int]) -> dict[str, int]:
    return {id: units for id, units in amounts.items() if units}
