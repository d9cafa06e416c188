"""What holds for every Claim that intake accepts, whatever its plan, prices and counters."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adjudicators.contract import AdjudicatorContract
from app.adjudicators.standard import StandardAdjudicator
from app.domain.arithmetic import gross_of
from app.domain.edits import edits
from app.domain.issues import ErrorCode
from app.domain.money import Money, minor_unit, rounded
from tests.adjudicators.builders import a_benefit, a_claim, a_line, a_plan, decide, worked
from tests.adjudicators.drawn import leaves, requests

# No deadline: a test is never timed. No database: the same examples wherever it runs.
drawn = settings(
    max_examples=200,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class DrawnContract(AdjudicatorContract):
    """The contract, tried on one drawn request."""

    def __init__(self, request):
        self.request = request

    def adjudicator(self):
        return StandardAdjudicator()

    def requests(self):
        return {"drawn": self.request}


CLAUSES = [name for name in dir(AdjudicatorContract) if name.startswith("test_")]


@drawn
@given(requests())
def test_the_contract_holds_for_whatever_is_drawn(request_drawn):
    contract = DrawnContract(request_drawn)
    assert edits(request_drawn.claim, request_drawn.received_on) == []
    assert CLAUSES
    for clause in CLAUSES:
        getattr(contract, clause)()


@pytest.mark.soak
@settings(drawn, max_examples=2000)
@given(requests())
def test_the_contract_holds_for_many_more(request_drawn):
    contract = DrawnContract(request_drawn)
    for clause in CLAUSES:
        getattr(contract, clause)()


CEILINGS = {
    "deductible-individual": "deductible_individual",
    "deductible-family": "deductible_family",
    "out-of-pocket-individual": "out_of_pocket_individual",
    "out-of-pocket-family": "out_of_pocket_family",
    "benefit": "amount_per_year",
}


@drawn
@given(requests())
def test_no_counter_passes_its_ceiling(request_drawn):
    decision = StandardAdjudicator().adjudicate(request_drawn)
    for posting in decision.postings:
        counter = posting.counter
        ceiling = getattr(request_drawn.plan, CEILINGS.get(counter.kind, ""), None)
        assert posting.amount > 0
        if ceiling is not None and not counter.category and counter.period == "2026":
            assert posting.amount <= ceiling - request_drawn.counters.get(counter, Decimal(0))


@drawn
@given(st.sampled_from(["USD", "JPY", "KWD"]).flatmap(lambda currency: leaves(currency, (1,))))
def test_a_net_that_is_off_by_one_unit_is_found(leaf):
    # Without a unit price any net could be right; a price of nothing leaves only the tax.
    currency = leaf.net.currency
    leaf = leaf if leaf.unit_price else replace(leaf, unit_price=Money(Decimal(0), currency))
    right = replace(leaf, net=Money(rounded(gross_of(leaf), currency), currency))
    today = leaf.serviced.first
    assert edits(a_claim(right), today) == []
    for off in (minor_unit(currency), -minor_unit(currency)):
        wrong = replace(right, net=Money(right.net.amount + off, currency))
        assert ErrorCode.CLAIM_NET in {issue.error for issue in edits(a_claim(wrong), today)}


def test_the_longest_amounts_are_shared_exactly():
    # 31 digits, more than Python's own context keeps; 10 % of them, half up to the cent.
    line = a_line(1, "98765432109876543210987654321.09")
    decision = decide(line, plan=a_plan(a_benefit(coinsurance="10")))

    assert worked(decision) == {
        "1": [
            "submitted 98765432109876543210987654321.09",
            "eligible 98765432109876543210987654321.09",
            "coinsurance 9876543210987654321098765432.11 (2)",
            "benefit 88888888898888888889888888888.98",
        ]
    }
