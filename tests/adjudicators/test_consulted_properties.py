"""Whatever else stands in the counters: what a question leaves out of them changes no decision."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Counter
from app.domain.consulted import consulted_sums
from app.domain.decision_inputs import decision_text
from tests.adjudicators.builders import DAY, category
from tests.adjudicators.drawn import CATEGORIES, requests

days = st.integers(-600, 600).map(lambda after: str(DAY + timedelta(after)))
years = st.sampled_from(["2025", "2026", "2027"])
keys = st.sampled_from([*CATEGORIES, "odd"]).map(lambda code: category(code).key)


def member(kind, key, period):
    return st.builds(Counter, st.just("member"), st.just(kind), key, period)


counters = st.one_of(
    member("copay", keys, days | st.just(str(DAY))),
    member("visit", keys, days | years | st.just(str(DAY))),
    member("benefit", keys, years | st.just("lifetime")),
    member("benefit", st.just(""), years),
    member("deductible-individual", st.just(""), years),
    member("frequency", st.sampled_from(["a", "b"]), days),
)


@settings(max_examples=60, deadline=None, database=None)
@given(requests(), st.dictionaries(counters, st.integers(0, 40).map(Decimal), max_size=12))
def test_what_a_question_leaves_out_changes_no_decision(request, more):
    whole = replace(request, counters={**request.counters, **more})
    asked = replace(whole, counters=consulted_sums(whole))

    decisions = [StandardAdjudicator().adjudicate(each) for each in (whole, asked)]

    assert decision_text(decisions[0]) == decision_text(decisions[1])
