"""The properties of decisions on 2,000 examples each; a sample of them runs with every `make test`.

The contract's own 2,000 are in test_properties.py.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adjudicators import test_properties
from tests.adjudicators import test_reissue_properties as reissuing
from tests.adjudicators.drawn import leaves, requests
from tests.adjudicators.test_reissue_properties import reissues

many = settings(test_properties.drawn, max_examples=2000)


def example(test):
    """What a property asserts of one example."""
    return test.hypothesis.inner_test


@pytest.mark.soak
@many
@given(requests())
def test_no_counter_passes_its_ceiling(drawn):
    example(test_properties.test_no_counter_passes_its_ceiling)(drawn)


@pytest.mark.soak
@many
@given(st.sampled_from(["USD", "JPY", "KWD"]).flatmap(lambda currency: leaves(currency, (1,))))
def test_a_net_that_is_off_by_one_unit_is_found(drawn):
    example(test_properties.test_a_net_that_is_off_by_one_unit_is_found)(drawn)


@pytest.mark.soak
@many
@given(reissues())
def test_where_nothing_changed_the_same_is_decided(drawn):
    example(reissuing.test_where_nothing_changed_the_same_is_decided_and_counted_whatever_is_named)(
        drawn
    )


@pytest.mark.soak
@many
@given(reissues(), requests())
def test_the_contract_holds_for_whatever_is_decided_again(drawn, other):
    example(reissuing.test_the_contract_holds_for_whatever_is_decided_again)(drawn, other)
