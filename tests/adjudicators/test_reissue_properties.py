"""Deciding again, whatever the Claim: what is carried over, and what stays the same by itself."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import DecidedLine
from app.domain.plan import LimitKind
from app.domain.reissue import Reissue, told
from tests.adjudicators.drawn import requests
from tests.adjudicators.test_properties import DrawnContract

AMOUNTS = {LimitKind.AMOUNT_PER_YEAR, LimitKind.AMOUNT_PER_LIFETIME}

drawn = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def every(lines: tuple[DecidedLine, ...]) -> Iterator[DecidedLine]:
    for line in lines:
        yield line
        yield from every(line.lines)


@st.composite
def reissues(draw):
    """A request, its decision, and some of its lines to decide again."""
    request = draw(requests())
    if request.plan.amount_per_year is not None or any(
        limit.kind in AMOUNTS for benefit in request.plan.benefits for limit in benefit.limits
    ):
        # An earlier payer's money makes room under an amount limit for the lines that come later;
        # decided after them, a line has less of that room than it had before them.
        request = replace(request, earlier_payers=())
    decided = StandardAdjudicator().adjudicate(request)
    paths = sorted(line.path for line in every(decided.lines))
    named = draw(st.lists(st.sampled_from(paths), unique=True, max_size=3))
    return request, decided, tuple(named)


@drawn
@given(reissues())
def test_where_nothing_changed_the_same_is_decided_and_counted_whatever_is_named(case):
    request, decided, named = case

    again = StandardAdjudicator().adjudicate(replace(request, reissue=Reissue(decided, named)))

    assert [line.amounts for line in every(again.lines)] == [
        line.amounts for line in every(decided.lines)
    ]
    assert again.totals == decided.totals
    assert again.postings == decided.postings
    assert told(Reissue(decided, named), again).notes[-1].text == (
        "Decided again, and nothing changed."
    )


@drawn
@given(reissues(), requests())
def test_the_contract_holds_for_whatever_is_decided_again(case, other):
    request, decided, named = case
    changed = replace(
        request,
        plan=replace(other.plan, currency=request.plan.currency),
        counters=other.counters,
        reissue=Reissue(decided, named),
    )
    contract = DrawnContract(changed)

    contract.test_what_is_not_decided_again_is_carried_over()
    contract.test_lines_are_one_to_one_with_the_claims()
    contract.test_lines_refer_to_notes_that_exist()
    contract.test_groups_and_totals_are_sums()
    contract.test_the_shares_sum_to_the_net()
