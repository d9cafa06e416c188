"""Which counters a plan looks at: each term brings its own, and nothing else does."""

import pytest

from app.domain.adjudication import Counter
from app.domain.measures import is_measured, is_measuring
from tests.adjudicators.builders import a_benefit, a_plan

BARE = a_plan(a_benefit(coinsurance="20"))
LIMITED = {
    kind: a_plan(a_benefit(limits={kind: "3"}))
    for kind in ("visits-per-year", "amount-per-year", "amount-per-lifetime", "units-per-claim")
}

TERMS = {
    "deductible-individual": [a_plan(deductible_individual="0")],
    "deductible-family": [a_plan(deductible_family="9")],
    "out-of-pocket-individual": [a_plan(out_of_pocket_individual="9")],
    "out-of-pocket-family": [a_plan(out_of_pocket_family="9")],
    "copay": [a_plan(a_benefit(copay="5")), a_plan(a_benefit(), a_benefit("basic", copay="5"))],
    "visit": [LIMITED["visits-per-year"]],
    "benefit": [
        LIMITED["amount-per-year"],
        LIMITED["amount-per-lifetime"],
        a_plan(amount_per_year="9"),
    ],
}


@pytest.mark.parametrize(("kind", "plans"), TERMS.items(), ids=TERMS)
def test_a_counter_is_looked_at_by_the_terms_of_its_kind_alone(kind, plans):
    counter = Counter("member", kind, "", "2026")
    others = [plan for other, given in TERMS.items() if other != kind for plan in given]

    assert all(is_measured(counter, plan) for plan in plans)
    assert not any(
        is_measured(counter, plan) for plan in [BARE, LIMITED["units-per-claim"], *others]
    )


@pytest.mark.parametrize("kind", ["ours", "deductible-ours"])
def test_a_counter_of_an_adjudicator_s_own_may_always_matter(kind):
    assert is_measured(Counter("member", kind, "", "2026"), BARE)


def test_a_plan_measures_once_it_has_any_term_that_is_used_up():
    measuring = [plan for given in TERMS.values() for plan in given]

    assert all(is_measuring(plan) for plan in [*measuring, LIMITED["units-per-claim"]])
    assert not is_measuring(BARE)
