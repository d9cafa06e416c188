"""The whole way of the money: submitted, decided, paid, acknowledged, cancelled, paid again.

Thousands of generated Claims under the shipped plans, in two currencies. In the end every book is
held against another: payments against their details, the ledger against the decisions, counters
against a recount.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from app.domain.money import Money
from app.fhir import json_text
from app.gateway.gateway import Gateway
from app.store import tables
from tests.builders import a_delivery, a_payment_notice, a_task, money
from tests.gateway.desk import Desk, received
from tests.gateway.paying import assert_balanced, payments, run
from tests.reliability.bills import CLOSING, Bills
from tests.reliability.market import Insured, insured, opened
from tests.reliability.recount import Decision, Recount
from tests.rows import Rows

_AGREED = ("major", "orthodontic", "inpatient")


@dataclass
class Cycle:
    """One submitter's Claims on their way, and what the test knows of them by itself."""

    desk: Desk
    gateway: Gateway
    worker: Any
    rows: Rows
    bills: Bills
    recount: Recount = field(default_factory=Recount)
    decisions: dict[str, Decision] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)

    def submit(self, claims: list[dict[str, Any]]) -> list[str]:
        """Send Claims, have them decided, and count what was decided; their ids."""
        ids = [self._created(claim) for claim in claims]
        self.worker.drain()
        in_order = [
            row["resource_id"] for row in self.rows.of(tables.audit, type="Claim", action="decide")
        ]
        wanted = set(ids)
        for id in (each for each in in_order if each in wanted):
            decision = self._decision(id)
            self.decisions[id] = decision
            if decision.claim["use"] == "claim":
                self.recount.decide(id, decision)
        return ids

    def cancel(self, ids: list[str]) -> None:
        """Take Claims back."""
        for id in ids:
            task = self.gateway.submit(
                self.desk.client, received(a_task("cancel", focus=f"Claim/{id}"))
            )
            assert json_text.parsed(task.stored.text)["status"] == "completed"
            self.recount.cancel(id)
        self.cancelled |= set(ids)

    def pay(self) -> list[Any]:
        """A payment run; each payment is what its details come to, and is acknowledged."""
        known = {one["id"] for one in payments(self.desk)}
        done = run(self.desk)
        assert [each.faults for each in done if each.faults] == []
        for payment in payments(self.desk):
            amounts = [Decimal(detail["amount"]["value"]) for detail in payment["detail"]]
            assert sum(amounts) == Decimal(payment["paymentAmount"]["value"])
            if payment["id"] not in known:
                self._acknowledge(payment)
        assert_balanced(self.rows)
        return done

    def in_force(self) -> dict[str, Decision]:
        """The decisions on Claims that were not cancelled."""
        return {
            id: one
            for id, one in self.decisions.items()
            if id not in self.cancelled and one.claim["use"] == "claim"
        }

    def _created(self, claim: dict[str, Any]) -> str:
        taken = self.gateway.create(self.desk.client, received(claim))
        return str(taken.stored.id)

    def _decision(self, id: str) -> Decision:
        claim = self.desk.document(f"Claim/{id}")
        [submission] = self.rows.of(tables.submission, type="Claim", id=id)
        response = self.desk.document(f"ClaimResponse/{submission['response_id']}")
        assert (response["outcome"], response["status"]) == ("complete", "active")
        member = self.bills.by_number[claim["identifier"][0]["value"]]
        return Decision(claim, response, member)

    def _acknowledge(self, payment: dict[str, Any]) -> None:
        paid = payment["paymentAmount"]
        notice = a_payment_notice(
            f"PaymentReconciliation/{payment['id']}",
            amount=str(paid["value"]),
            created="2026-03-02",
        )
        notice["amount"] = money(str(paid["value"]), paid["currency"])
        assert self.desk.task(a_delivery(notice))["status"] == "completed"


@pytest.fixture
def cycle(installation, payer, submitter, worker, rows):
    def begun(families):
        members = insured(opened(installation, payer), families, installation, payer)
        desk, bills = Desk(installation, submitter), Bills(members, Random(5))
        return Cycle(desk, desk.gateway, worker, rows, bills)

    return begun


def as_agreed(cycle: Cycle, count: int) -> list[dict[str, Any]]:
    """Claims of what was agreed on before, by the preauthorizations that they quote."""
    bills, random = cycle.bills, cycle.bills.random
    members = [one for one in bills.members if one.market.of(*_AGREED)]
    asked = []
    for _ in range(count):
        member: Insured = random.choice(members)
        codes = tuple(random.choice(member.market.of(*_AGREED)) for _ in range(2))
        asked.append(bills.claim(member, codes=codes) | {"use": "preauthorization"})
    agreed = cycle.submit(asked)
    claims = []
    for document, id in zip(asked, agreed, strict=True):
        [own] = document["insurance"]
        quoting = [own | {"preAuthRef": [f"PA-{id}"]}]
        number = {**document["identifier"][0], "value": f"{document['identifier'][0]['value']}-C"}
        bills.by_number[number["value"]] = bills.by_number[document["identifier"][0]["value"]]
        claims.append(document | {"use": "claim", "insurance": quoting, "identifier": [number]})
    return claims


def units(decision: Decision) -> int:
    return Money(decision.benefit, decision.member.market.currency).minor_units


def assert_owed_as_decided(cycle: Cycle) -> None:
    """Of each Claim the ledger has what its decision pays, and of a cancelled one nothing."""
    entered: Counter[str] = Counter()
    for entry in cycle.rows.of(tables.payable_entry):
        entered[entry["claim_id"]] += entry["amount"]
    owed = {id: units(one) for id, one in cycle.in_force().items()}
    assert {id: sum_ for id, sum_ in entered.items() if sum_} == {
        id: sum_ for id, sum_ in owed.items() if sum_
    }


def counted(rows: Rows) -> dict[tuple[str, ...], Decimal]:
    """Every counter that is not at zero."""
    sums: Counter[tuple[str, ...]] = Counter()
    for row in rows.of(tables.counter_entry):
        sums[(row["holder"], row["kind"], row["category"], row["period"])] += row["amount"]
    return {key: amount for key, amount in sums.items() if amount}


def by_currency(cycle: Cycle) -> dict[str, Counter[str]]:
    """What was submitted, and what is paid and still open of the benefits in force."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for one in cycle.in_force().values():
        sums = told[one.member.market.currency]
        sums["submitted"] += one.total("submitted")
        sums["benefit"] += one.benefit
    settled = {row["entry_seq"] for row in cycle.rows.of(tables.payable_settled)}
    for row in cycle.rows.of(tables.payment):
        paid = Money.of_minor_units(row["amount"], row["currency"]).amount
        told[row["currency"]]["paid"] += paid
    for row in cycle.rows.of(tables.payable_entry):
        if row["seq"] not in settled:
            currency = cycle.decisions[row["claim_id"]].member.market.currency
            told[currency]["open"] += Money.of_minor_units(row["amount"], currency).amount
    return told


def played(books: Cycle, count: int) -> list[list[Any]]:
    """Three payment runs: after the first a tenth is cancelled, more Claims come in before each."""
    bills = books.bills
    agreed = as_agreed(books, count // 20)
    usual = bills.claims(count - len(agreed) - count // 40)
    # An office whose Claims are all taken back once they were paid.
    closing = bills.claims(count // 40, CLOSING)
    ids = books.submit([*agreed, *usual, *closing])
    runs = [books.pay()]
    gone = ids[-len(closing) :]
    others = bills.random.sample(ids[: -len(closing)], count // 10 - len(gone))
    books.cancel([*gone, *others])
    books.submit(bills.claims(count // 20))
    runs.append(books.pay())
    # What the office was paid too much is set against what it is owed now.
    books.submit(bills.claims(count // 10, CLOSING))
    return [*runs, books.pay()]


def taken_off(books: Cycle) -> list[Decimal]:
    """What payments took back; each such detail names the one by which it was paid."""
    details = [detail for payment in payments(books.desk) for detail in payment["detail"]]
    below_zero = [detail for detail in details if detail["amount"]["value"] < 0]
    known = {detail["identifier"]["value"] for detail in details}
    assert {detail["predecessor"]["value"] for detail in below_zero} <= known
    return [detail["amount"]["value"] for detail in below_zero]


@pytest.mark.parametrize(
    ("count", "families"),
    [(60, 6), pytest.param(10_000, 150, marks=pytest.mark.soak)],
    ids=["60 claims", "10,000 claims"],
)
def test_every_book_agrees_after_payments_cancels_and_payments(cycle, figures, count, families):
    books = cycle(families)

    runs = played(books, count)

    claims = [one for one in books.decisions.values() if one.claim["use"] == "claim"]
    carried = [each for each in runs[1] if each.settlement.is_carried]
    told = by_currency(books)
    figures |= {
        "claims": len(claims),
        "reduced": sum(one.is_reduced for one in claims),
        "coordinated": sum(one.total("cob-paid") > 0 for one in claims),
        "cancelled": len(books.cancelled),
        "payments": [sum(each.payment_id is not None for each in run) for run in runs],
        "carried": [f"{each.amount.amount} {each.amount.currency}" for each in carried],
        "taken off": len(taken_off(books)),
        "counters": len(books.recount.standing()),
        **{currency: dict(sums) for currency, sums in told.items()},
    }
    assert len(claims) == count + count // 20 + count // 10
    assert len(books.cancelled) == count // 10
    assert figures["reduced"] >= Decimal("0.3") * len(claims)
    assert figures["coordinated"] >= Decimal("0.05") * len(claims)
    assert told.keys() == {"USD", "KWD"}
    assert carried != []
    assert taken_off(books) != []
    assert_owed_as_decided(books)
    for sums in told.values():
        assert sums["paid"] + sums["open"] == sums["benefit"]
    assert counted(books.rows) == books.recount.standing()
