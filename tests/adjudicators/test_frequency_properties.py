"""Whatever comes in, in whatever order: no span of time holds more units than its frequency."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.adjudicators.standard import StandardAdjudicator
from tests.adjudicators.builders import DAY, a_benefit, a_frequency, a_line, a_plan, a_request

days = st.integers(0, 900).map(lambda after: DAY + timedelta(after))
spans = st.sampled_from([{"months": 1}, {"months": 6}, {"months": 12}, {"days": 30}, {"days": 1}])
claims = st.lists(
    st.lists(st.tuples(days, st.integers(1, 3)), min_size=1, max_size=3), min_size=1, max_size=5
)


@settings(max_examples=60, deadline=None, database=None)
@given(claims, spans, st.integers(0, 4))
def test_no_span_holds_more_units_than_its_frequency(claims, span, units):
    rule = a_frequency(units, "exam", **span)
    plan = a_plan(a_benefit(frequencies=(rule,)))
    counters, asked = defaultdict(Decimal), 0
    for lines in claims:
        request = a_request(
            *(
                a_line(sequence, str(10 * quantity), price="10", quantity=quantity, day=day)
                for sequence, (day, quantity) in enumerate(lines, 1)
            ),
            plan=plan,
            counters=dict(counters),
        )
        asked += sum(quantity for _, quantity in lines)
        for posting in StandardAdjudicator().adjudicate(request).postings:
            counters[posting.counter] += posting.amount

    used = {
        counter.period: amount
        for counter, amount in counters.items()
        if counter.kind == "frequency"
    }
    assert sum(used.values()) <= asked
    for after in range(-30, 901):
        first = DAY + timedelta(after)
        held = [n for day, n in used.items() if str(first) <= day <= str(rule.span.last_day(first))]
        assert sum(held) <= units


@settings(max_examples=60, deadline=None, database=None)
@given(days, days, spans)
def test_of_two_one_is_lost_whichever_comes_first(one, other, span):
    rule = a_frequency(1, "exam", **span)
    plan = a_plan(a_benefit(frequencies=(rule,)))

    def granted(*lines):
        counters, count = {}, 0
        for day in lines:
            request = a_request(a_line(1, "10", day=day), plan=plan, counters=dict(counters))
            posted = StandardAdjudicator().adjudicate(request).postings
            counters |= {each.counter: each.amount for each in posted}
            count += sum(each.counter.kind == "frequency" for each in posted)
        return count

    first, second = sorted([one, other])
    expected = 1 if second <= rule.span.last_day(first) else 2
    assert granted(one, other) == granted(other, one) == expected
