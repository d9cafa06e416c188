"""The ledger of payables under decisions, cancels and runs in any order: the books balance."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.domain.codes import ClaimUse
from app.domain.lifecycle import State
from app.domain.money import Money
from app.fhir import json_text
from app.gateway.payments import payables
from app.gateway.payments.runs import pay
from app.store import tables
from app.store.database.walls import EVERYBODY, behind
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork
from tests.builders import NOW, a_claim, identifier, money

PROVIDERS = ("Happy Valley", "Sister Clinic")
CURRENCIES = ("EUR", "JPY", "KWD")
CLAIMS = 5

sequences = pytest.mark.parametrize(
    "sequences", [60, pytest.param(2_000, marks=pytest.mark.soak)], ids="{} sequences".format
)
_claims = st.integers(0, CLAIMS - 1)
STEPS = st.one_of(
    st.tuples(st.just("decide"), _claims, st.integers(0, 30), st.sampled_from(CURRENCIES)),
    st.tuples(st.just("reopen"), _claims),
    st.tuples(st.just("cancel"), _claims),
    st.tuples(st.just("run")),
)


@dataclass
class Books:
    """One ledger, beside what each Claim ought to have been paid by now."""

    work: UnitOfWork
    payer: object
    owed: dict[int, Money] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for at in range(CLAIMS):
            submission = Submission(
                type="Claim",
                id=f"C{at}",
                submitter_id=self.work.scope.submitter_id,
                state=State.QUEUED,
                epoch=1,
                created_at=NOW,
                use=ClaimUse.CLAIM,
                response_type="ClaimResponse",
                response_id=f"R{at}",
            )
            self.work.submissions.add(submission)

    def decide(self, at: int, units: int, currency: str) -> None:
        claim = self._claim(at)
        if claim.state is not State.QUEUED:
            return
        benefit = Money.of_minor_units(units, currency)
        response = f"R{at}-{claim.epoch}"
        promise = {"payment": {"amount": money(str(benefit.amount), currency)}}
        text = json_text.write({"resourceType": "ClaimResponse", "id": response} | promise)
        self.work.resources.add("ClaimResponse", response, text, [], claim.submitter_id)
        is_paid = units > 0 and payables.is_paid(claim.id, benefit, self.work)
        state = State.PAID if is_paid else State.PAYABLE if units else State.DECIDED
        changes = {"total": benefit.amount, "currency": currency, "response_id": response}
        moved = self.work.submissions.move(claim, state=state, **changes)
        provider = {"identifier": identifier("sid", PROVIDERS[at % 2])}
        payables.owe(moved, benefit, a_claim(provider=provider), self.work)
        self.owed[at] = benefit

    def reopen(self, at: int) -> None:
        claim = self._claim(at)
        if claim.state in {State.DECIDED, State.PAYABLE, State.PAID}:
            self.work.submissions.move(claim, state=State.QUEUED, epoch=claim.epoch + 1)

    def cancel(self, at: int) -> None:
        claim = self._claim(at)
        if claim.state is not State.CANCELLED:
            self.work.submissions.move(claim, state=State.CANCELLED, epoch=claim.epoch + 1)
            payables.take_back(claim, self.work)
            self.owed[at] = Money.zero("EUR")

    def run(self) -> None:
        for ledger in self.work.payables.unsettled_ledgers():
            paid = pay(ledger.id, self.payer, self.work)
            assert paid.faults == {}
            assert (paid.payment_id is None) == (not paid.settlement.is_issued)

    def check(self, connection) -> None:
        """Every sum, from the rows alone."""
        entry, settled = tables.payable_entry.c, tables.payable_settled.c
        entries = connection.execute(select(tables.payable_entry)).all()
        by_seq = {row.entry_seq: row.payment_id for row in connection.execute(select(settled))}
        assert by_seq.keys() <= {row.seq for row in entries}, entry.seq
        currencies = dict(
            connection.execute(
                select(tables.payee_ledger.c.id, tables.payee_ledger.c.currency)
            ).all()
        )
        sums, paid, void = Counter(), Counter(), Counter()
        for row in entries:
            sums[row.claim_id, currencies[row.ledger_id]] += row.amount
            if by_seq.get(row.seq) is not None:
                paid[by_seq[row.seq]] += row.amount
            elif row.seq in by_seq:
                void[row.claim_id, row.ledger_id] += row.amount
        assert {key: units for key, units in sums.items() if units} == {
            (f"C{at}", benefit.currency): benefit.minor_units
            for at, benefit in self.owed.items()
            if benefit.amount
        }
        assert set(void.values()) <= {0}
        issued = {row.id: row.amount for row in connection.execute(select(tables.payment))}
        details = Counter()
        for row in connection.execute(select(tables.payment_detail)):
            details[row.payment_id] += row.amount
        assert issued == dict(details) == dict(paid)
        assert all(amount >= 0 for amount in issued.values())

    def _claim(self, at: int) -> Submission:
        return self.work.submissions.find("Claim", f"C{at}", lock=True)


@sequences
def test_the_ledger_balances_after_every_step(installation, payer, submitter, sequences):
    engine = installation.store.engine

    @settings(
        max_examples=sequences,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(st.lists(STEPS, max_size=25))
    def play(steps):
        with engine.connect() as connection:
            transaction = behind(connection, EVERYBODY).begin()
            work = UnitOfWork(
                connection,
                submitter.scope,
                NOW,
                installation.hasher,
                installation.new_id,
                installation.indexer,
            )
            books = Books(work, payer)
            for name, *arguments in steps:
                getattr(books, name)(*arguments)
                books.check(connection)
            transaction.rollback()

    play()


def test_a_benefit_is_kept_to_the_last_unit_of_its_currency():
    units = {currency: Money(Decimal(8), currency).minor_units for currency in CURRENCIES}

    assert units == {"EUR": 800, "JPY": 8, "KWD": 8000}
